/* drive NETNS UPLINK AGENT: isolate_nft driven by lines on stdin, for isolation.test.sh. Each
 * command is answered by one line, "ok" or an error's name; events are lines that begin "!".
 *	vlan VID any|listed [prefix A/B | gateway A | wired MAC]...	vlans
 *	join MAC BSS VLAN GROUP SLOT PORT		leave MAC BSS
 *	session AGENT MAC BSS VLAN GROUP		sessions	each */
#include "ap-agent/isolate.h"
#include "common/text.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define VLANS 8
#define SESSIONS 20000
#define WORDS 32

struct drive {
	void *ctx;
	struct feed_vlan vlan[VLANS];
	struct feed_session *ses;
	size_t vlans, sess;
};

static void
on_event(void *arg, const struct isolate_event *ev)
{
	static const char *const kind[] = {"forged", "conflict", "stuck"};
	char mac[18];

	(void)arg;
	kf_mac_str(ev->mac, mac);
	printf("! %s %s %s %s\n", kind[ev->kind], mac, ev->port, ev->why);
}

static uint64_t
num(const char *s)
{
	uint64_t v = 0;

	if (kf_parse_u64(kf_span_str(s), 0, UINT32_MAX, &v) != KF_OK)
		exit(2);
	return v;
}

static void
mac(const char *s, uint8_t out[6])
{
	if (kf_parse_mac(kf_span_str(s), out) != KF_OK)
		exit(2);
}

static void
addr(char *s, struct feed_addr *a)
{
	char *bits = strchr(s, '/');

	if (bits != NULL)
		*bits++ = '\0';
	a->family = strchr(s, ':') != NULL ? 6 : 4;
	if (inet_pton(a->family == 4 ? AF_INET : AF_INET6, s, a->b) != 1)
		exit(2);
	a->bits = (uint8_t)(bits != NULL ? num(bits) : a->family == 4 ? 32 : 128);
}

static void
add_vlan(struct drive *d, char **w, size_t n)
{
	struct feed_vlan *v = &d->vlan[d->vlans++];

	*v = (struct feed_vlan){.vid = (uint16_t)num(w[1]), .wired_any = strcmp(w[2], "any") == 0};
	for (size_t i = 3; i + 1 < n; i += 2)
		if (strcmp(w[i], "prefix") == 0)
			addr(w[i + 1], &v->prefix[v->prefixes++]);
		else if (strcmp(w[i], "gateway") == 0)
			addr(w[i + 1], &v->gateway[v->gateways++]);
		else
			mac(w[i + 1], v->wired[v->wireds++]);
}

static void
add_session(struct drive *d, char **w)
{
	struct feed_session *s = &d->ses[d->sess++];

	*s = (struct feed_session){.vlan = (uint16_t)num(w[4]), .group = (uint32_t)num(w[5])};
	memset(s->agent, (int)num(w[1]), sizeof(s->agent));
	mac(w[2], s->mac);
	mac(w[3], s->bss);
}

static void
print_station(void *arg, const struct station *sta, const struct place *at)
{
	char text[18];

	(void)arg;
	kf_mac_str(sta->mac, text);
	printf("= %s vlan %u group %u slot %u port %s\n", text, at->vlan, at->group, at->slot,
	    at->port);
}

static enum kf_err
join(struct drive *d, char **w)
{
	struct place at = {
	    .vlan = (uint16_t)num(w[3]), .group = (uint32_t)num(w[4]), .slot = (uint16_t)num(w[5])};
	struct station sta;

	mac(w[1], sta.mac);
	mac(w[2], sta.bss);
	memcpy(at.port, w[6], strnlen(w[6], sizeof(at.port) - 1));
	return isolate_nft.join(d->ctx, &sta, &at);
}

static enum kf_err
run(struct drive *d, char **w, size_t n)
{
	struct station sta;
	size_t count;

	if (strcmp(w[0], "vlan") == 0 && n >= 3 && d->vlans < VLANS) {
		add_vlan(d, w, n);
		return KF_OK;
	}
	if (strcmp(w[0], "session") == 0 && n == 6 && d->sess < SESSIONS) {
		add_session(d, w);
		return KF_OK;
	}
	if (strcmp(w[0], "vlans") == 0) {
		count = d->vlans;
		d->vlans = 0;
		return isolate_nft.vlans(d->ctx, d->vlan, count);
	}
	if (strcmp(w[0], "sessions") == 0) {
		count = d->sess;
		d->sess = 0;
		return isolate_nft.sessions(d->ctx, d->ses, count);
	}
	if (strcmp(w[0], "join") == 0 && n == 7)
		return join(d, w);
	if (strcmp(w[0], "leave") == 0 && n == 3) {
		mac(w[1], sta.mac);
		mac(w[2], sta.bss);
		return isolate_nft.leave(d->ctx, &sta);
	}
	if (strcmp(w[0], "each") == 0) {
		isolate_nft.each(d->ctx, print_station, NULL);
		return KF_OK;
	}
	return KF_EINVAL;
}

static void
command(struct drive *d, char *line)
{
	char *w[WORDS], *save = NULL;
	struct timespec a, b;
	size_t n = 0;
	enum kf_err r;

	for (char *p = strtok_r(line, " \n", &save); p != NULL && n < WORDS;
	     p = strtok_r(NULL, " \n", &save))
		w[n++] = p;
	if (n == 0)
		return;
	clock_gettime(CLOCK_MONOTONIC, &a);
	r = run(d, w, n);
	clock_gettime(CLOCK_MONOTONIC, &b);
	printf("%s %s %.1f ms\n", kf_err_str(r), w[0],
	    (double)(b.tv_sec - a.tv_sec) * 1e3 + (double)(b.tv_nsec - a.tv_nsec) / 1e6);
}

static int
loop(struct drive *d)
{
	struct pollfd p[8] = {{.fd = STDIN_FILENO, .events = POLLIN}};
	char line[1024];
	int fd[7];
	size_t n = isolate_nft.fds(d->ctx, fd, 7);

	for (size_t i = 0; i < n; i++)
		p[i + 1] = (struct pollfd){.fd = fd[i], .events = POLLIN};
	for (;;) {
		enum kf_err r = KF_OK;

		if (poll(p, n + 1, -1) < 0)
			return 1;
		if (p[0].revents != 0) { /* stdin is unbuffered: poll sees what is left */
			if (fgets(line, sizeof(line), stdin) == NULL)
				return 0;
			command(d, line);
		}
		for (size_t i = 1; i <= n; i++)
			if (p[i].revents != 0) {
				r = isolate_nft.ready(d->ctx);
				break;
			}
		if (r != KF_OK)
			printf("! ready %s\n", kf_err_str(r));
	}
}

int
main(int argc, char **argv)
{
	struct drive d = {.ses = calloc(SESSIONS, sizeof(*d.ses))};
	uint8_t agent[16];
	struct isolate_conf conf = {.nft = "/usr/sbin/nft", .agent_id = agent, .event = on_event};
	enum kf_err r;
	int rc;

	if (argc != 4 || d.ses == NULL)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	setvbuf(stdin, NULL, _IONBF, 0);
	conf.netns = argv[1];
	conf.uplink = argv[2];
	memset(agent, (int)num(argv[3]), sizeof(agent));
	r = isolate_nft.open(&conf, &d.ctx);
	printf("%s open\n", kf_err_str(r));
	if (r != KF_OK)
		return 1;
	rc = loop(&d);
	isolate_nft.close(&d.ctx);
	free(d.ses);
	return rc;
}
