/* A RADIUS server and the match sub-command without the rest of the agent, for tests.
 *	drive match ARGUMENTS...	what keyfob-agent match does
 *	drive serve PORT [vlan|slot]	answers on 127.0.0.1 and ::1, PORT and PORT + 1
 * serve reads commands on stdin, one a line, and prints what happens on stdout:
 *	client ADDR/BITS SECRET NAME ma|noma	  before "go"
 *	wlan SSID	key ID SSID GROUP VLAN NOT_BEFORE NOT_AFTER PMK	  into the next ring
 *	swap	the next ring is the ring; the following lines fill a new one
 *	go	starts; prints "ready"
 *	count	prints the counters		quit */
#include "ap-agent/match_cmd.h"
#include "ap-agent/radius/server.h"
#include "common/text.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLIENTS 8
#define RING 20000

struct drive {
	struct radius_client client[CLIENTS];
	size_t clients;
	struct keyring *ring, *next;
	struct radius_server *srv;
	struct station_cache *stations;
	enum radius_vlan_attr attr;
	uint16_t port;
	uint16_t slots;
};

static void
must(enum kf_err r, const char *what)
{
	if (r == KF_OK)
		return;
	fprintf(stderr, "drive: %s: %s\n", what, kf_err_str(r));
	exit(2);
}

static void
on_match(void *arg, const struct radius_match *m)
{
	char id[37], mac[18], bss[18];

	(void)arg;
	kf_uuid_str(m->key->id, id);
	kf_mac_str(m->mac, mac);
	kf_mac_str(m->bss, bss);
	printf("match key=%s mac=%s bss=%s akm=%d candidates=%u slot=%u client=%s\n", id, mac, bss,
	    (int)m->akm, m->candidates, m->slot, m->client);
}

static void
on_miss(void *arg, const struct radius_miss *m)
{
	char mac[18];

	(void)arg;
	kf_mac_str(m->mac, mac);
	printf("miss mac=%s why=%s candidates=%u client=%s\n", mac, eapol_why_str(m->why),
	    m->candidates, m->client);
}

static enum kf_err
on_acct(void *arg, const struct radius_acct *a)
{
	char id[37] = "-", mac[18] = "-", bss[18] = "-";

	(void)arg;
	if (a->has_key)
		kf_uuid_str(a->key_id, id);
	if (a->has_mac)
		kf_mac_str(a->mac, mac);
	if (a->has_bss)
		kf_mac_str(a->bss, bss);
	printf("acct kind=%d key=%s mac=%s bss=%s session=%s in=%" PRIu64 " out=%" PRIu64 "\n",
	    (int)a->kind, id, mac, bss, a->session, a->in_bytes, a->out_bytes);
	return strcmp(a->session, "refuse-me") == 0 ? KF_EIO : KF_OK;
}

static uint16_t
slot(void *arg, uint32_t group, uint16_t vlan, const uint8_t bss[6])
{
	struct drive *d = arg;

	(void)group;
	(void)vlan;
	(void)bss;
	return ++d->slots;
}

static void
cmd_client(struct drive *d, char *rest)
{
	struct radius_client *c = &d->client[d->clients];
	char addr[64], secret[128], name[64], ma[8];
	unsigned bits;

	if (d->clients == CLIENTS ||
	    sscanf(rest, "%63[^/]/%u %127s %63s %7s", addr, &bits, secret, name, ma) != 5)
		must(KF_EINVAL, "client");
	c->net.family = strchr(addr, ':') == NULL ? 4 : 6;
	c->net.bits = (uint8_t)bits;
	if (inet_pton(c->net.family == 4 ? AF_INET : AF_INET6, addr, c->net.b) != 1)
		must(KF_EINVAL, addr);
	c->secret_len = strlen(secret);
	memcpy(c->secret, secret, c->secret_len);
	memcpy(c->name, name, strlen(name) + 1);
	c->require_message_authenticator = strcmp(ma, "ma") == 0;
	d->clients++;
}

static void
ssid_of(const char *text, struct feed_ssid *out)
{
	out->n = (uint8_t)strlen(text);
	memcpy(out->b, text, out->n);
}

static void
cmd_key(struct drive *d, char *rest)
{
	char id[40], ssid[33], pmk[65];
	struct feed_key k = {0};

	if (sscanf(rest, "%39s %32s %u %hu %" SCNd64 " %" SCNd64 " %64s", id, ssid, &k.group,
		&k.vlan, &k.not_before, &k.not_after, pmk) != 7)
		must(KF_EINVAL, "key");
	must(kf_parse_uuid(kf_span_str(id), k.id), "key id");
	must(kf_unhex(kf_span_str(pmk), k.pmk.b, 32), "pmk");
	ssid_of(ssid, &k.ssid);
	must(keyring_add(d->next, &k), "keyring_add");
}

static void
cmd_go(struct drive *d)
{
	const struct radius_conf conf = {.client = d->client,
	    .clients = d->clients,
	    .vlan_attr = d->attr,
	    .env = &kf_env_real,
	    .stations = d->stations,
	    .events = {on_match, on_miss, on_acct, slot, d}};
	const struct feed_addr v4 = {4, {127, 0, 0, 1}, 32};
	const struct feed_addr v6 = {6, {[15] = 1}, 128};

	must(radius_server_new(&conf, &d->srv), "radius_server_new");
	radius_server_keys(d->srv, d->ring);
	must(radius_server_listen(d->srv, &v4, d->port), "listen 127.0.0.1");
	if (radius_server_listen(d->srv, &v6, d->port) != KF_OK)
		printf("no-ipv6\n");
	printf("ready\n");
}

static void
cmd_swap(struct drive *d)
{
	struct keyring *old = d->ring;

	d->ring = d->next;
	must(keyring_new(RING, &d->next), "keyring_new");
	if (d->srv != NULL)
		radius_server_keys(d->srv, d->ring);
	keyring_free(&old);
	printf("swapped %zu\n", keyring_count(d->ring));
}

static void
cmd_count(const struct drive *d)
{
	const struct radius_counters *c = radius_server_counters(d->srv);

	printf("count requests=%" PRIu64 " accepts=%" PRIu64 " rejects=%" PRIu64 " acct=%" PRIu64
	       " status=%" PRIu64 " duplicates=%" PRIu64 " unknown_client=%" PRIu64
	       " malformed=%" PRIu64 " no_authenticator=%" PRIu64 " bad_authenticator=%" PRIu64
	       " unexpected=%" PRIu64 " limited=%" PRIu64 " failed=%" PRIu64 "\n",
	    c->requests, c->accepts, c->rejects, c->acct, c->status, c->duplicates,
	    c->unknown_client, c->malformed, c->no_authenticator, c->bad_authenticator,
	    c->unexpected, c->limited, c->failed);
}

/* False: quit. */
static bool
command(struct drive *d, char *line)
{
	struct feed_wlan wlan = {.security = FEED_WPA2, .key_form = FEED_FORM_PMK};
	char *rest = strchr(line, ' ');

	if (rest != NULL)
		*rest++ = '\0';
	else
		rest = line + strlen(line);
	if (strcmp(line, "client") == 0)
		cmd_client(d, rest);
	else if (strcmp(line, "wlan") == 0) {
		ssid_of(rest, &wlan.ssid);
		must(keyring_add_wlan(d->next, &wlan), "keyring_add_wlan");
	} else if (strcmp(line, "key") == 0)
		cmd_key(d, rest);
	else if (strcmp(line, "swap") == 0)
		cmd_swap(d);
	else if (strcmp(line, "go") == 0)
		cmd_go(d);
	else if (strcmp(line, "count") == 0)
		cmd_count(d);
	return strcmp(line, "quit") != 0;
}

static void
serve(struct drive *d)
{
	struct pollfd p[1 + RADIUS_SOCKETS_MAX];
	int fd[RADIUS_SOCKETS_MAX];
	char line[512];
	size_t n;

	for (;;) {
		n = d->srv == NULL ? 0 : radius_server_fds(d->srv, fd, RADIUS_SOCKETS_MAX);
		p[0] = (struct pollfd){.fd = 0, .events = POLLIN};
		for (size_t i = 0; i < n; i++)
			p[1 + i] = (struct pollfd){.fd = fd[i], .events = POLLIN};
		if (poll(p, 1 + n, -1) < 0)
			return;
		for (size_t i = 0; i < n; i++)
			if (p[1 + i].revents != 0)
				radius_server_ready(d->srv, p[1 + i].fd);
		if (p[0].revents == 0)
			continue;
		if (fgets(line, sizeof(line), stdin) == NULL)
			return;
		line[strcspn(line, "\n")] = '\0';
		if (!command(d, line))
			return;
	}
}

int
main(int argc, char **argv)
{
	struct drive d = {0};
	uint64_t port;

	if (argc >= 2 && strcmp(argv[1], "match") == 0)
		return match_cmd_run(argc - 1, argv + 1);
	if (argc < 3 || strcmp(argv[1], "serve") != 0)
		return 2;
	must(kf_parse_u64(kf_span_str(argv[2]), 1, 65534, &port), "port");
	d.port = (uint16_t)port;
	d.attr = argc > 3 && strcmp(argv[3], "slot") == 0 ? RADIUS_VLAN_ATTR_SLOT
							  : RADIUS_VLAN_ATTR_VLAN;
	setvbuf(stdin, NULL, _IONBF, 0); /* or poll would not see a line that stdio has */
	setvbuf(stdout, NULL, _IOLBF, 0);
	must(keyring_new(RING, &d.next), "keyring_new");
	must(station_cache_new(1024, &kf_env_real, &d.stations), "station_cache_new");
	serve(&d);
	radius_server_free(&d.srv);
	keyring_free(&d.ring);
	keyring_free(&d.next);
	station_cache_free(&d.stations);
	return 0;
}
