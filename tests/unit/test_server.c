#include "ap-agent/radius/server.h"
#include "tests/unit/radius_req.h"
#include "tests/unit/tap.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define NOW 1700000000

/* A server on two loopback sockets, a peer for each, a clock that stands still, and what the
 * server told. */
struct bed {
	struct radius_server *srv;
	struct keyring *ring;
	struct station_cache *stations;
	struct kf_env env;
	int64_t ms;
	int auth, acct, peer[2];
	unsigned matches, misses, accts, slots;
	struct radius_match match;
	struct radius_miss miss;
	struct radius_acct last;
	enum kf_err acct_says;
	uint16_t slot;
	uint8_t got[RADIUS_LEN_MAX];
	size_t got_n;
};

static int64_t
bed_now(void *ctx)
{
	return ((struct bed *)ctx)->ms;
}

static enum kf_err
bed_random(void *ctx, void *out, size_t n)
{
	(void)ctx;
	memset(out, 0x11, n);
	return KF_OK;
}

static void
on_match(void *arg, const struct radius_match *m)
{
	struct bed *bed = arg;

	bed->matches++;
	bed->match = *m;
}

static void
on_miss(void *arg, const struct radius_miss *m)
{
	struct bed *bed = arg;

	bed->misses++;
	bed->miss = *m;
}

static enum kf_err
on_acct(void *arg, const struct radius_acct *a)
{
	struct bed *bed = arg;

	bed->accts++;
	bed->last = *a;
	return bed->acct_says;
}

static uint16_t
slot(void *arg, uint32_t group, uint16_t vlan, const uint8_t bss[6])
{
	struct bed *bed = arg;

	bed->slots++;
	return group == 7 && vlan == 20 && bss[4] == 1 ? bed->slot : 0;
}

static int
udp(struct sockaddr_in *at)
{
	socklen_t len = sizeof(*at);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	*at =
	    (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	OK(bind(fd, (struct sockaddr *)at, sizeof(*at)) == 0);
	OK(getsockname(fd, (struct sockaddr *)at, &len) == 0);
	return fd;
}

/* The ring: 20 keys that fit nothing, and the own key unless without is set. */
static struct keyring *
ring_of(bool with_own, int64_t not_after)
{
	struct feed_wlan wlan = {.ssid = {OWN_SSID, sizeof(OWN_SSID) - 1}, .security = FEED_WPA2};
	struct feed_key key = {.ssid = wlan.ssid, .group = 7, .vlan = 20, .not_after = not_after};
	struct keyring *ring;

	OK(keyring_new(100, &ring) == KF_OK && keyring_add_wlan(ring, &wlan) == KF_OK);
	for (uint8_t i = 1; i <= 20; i++) {
		key.id[0] = key.pmk.b[0] = i;
		OK(keyring_add(ring, &key) == KF_OK);
	}
	key.id[0] = 0xaa;
	unhex(OWN_PMK, key.pmk.b);
	if (with_own)
		OK(keyring_add(ring, &key) == KF_OK);
	return ring;
}

static void
bed_swap(struct bed *bed, struct keyring *ring)
{
	struct keyring *old = bed->ring;

	bed->ring = ring;
	radius_server_keys(bed->srv, ring);
	keyring_free(&old);
}

static void
bed_open(struct bed *bed, enum radius_vlan_attr attr, bool require, uint8_t net)
{
	struct radius_client client = {.net = {4, {net, 0, 0, 0}, 8},
	    .name = "ap",
	    .secret_len = strlen(SECRET),
	    .require_message_authenticator = require};
	struct radius_conf conf = {
	    &client, 1, attr, &bed->env, NULL, {on_match, on_miss, on_acct, slot, bed}};
	struct sockaddr_in at;

	*bed = (struct bed){.ms = NOW * INT64_C(1000), .slot = 3};
	bed->env = (struct kf_env){bed_now, bed_now, bed_random, bed};
	memcpy(client.secret, SECRET, strlen(SECRET));
	OK(station_cache_new(64, &bed->env, &bed->stations) == KF_OK);
	conf.stations = bed->stations;
	OK(radius_server_new(&conf, &bed->srv) == KF_OK);
	for (int i = 0; i < 2; i++) {
		int fd = udp(&at);

		*(i == 0 ? &bed->auth : &bed->acct) = fd;
		OK(radius_server_adopt(bed->srv, fd, i == 1) == KF_OK);
		bed->peer[i] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		OK(connect(bed->peer[i], (struct sockaddr *)&at, sizeof(at)) == 0);
	}
	bed_swap(bed, ring_of(true, NOW + 100));
}

static void
bed_close(struct bed *bed)
{
	radius_server_free(&bed->srv);
	station_cache_free(&bed->stations);
	keyring_free(&bed->ring);
	close(bed->peer[0]);
	close(bed->peer[1]);
}

static const struct radius_counters *
count(const struct bed *bed)
{
	return radius_server_counters(bed->srv);
}

/* The code of the next answer that waits, 0 when none does. */
static int
answer(struct bed *bed, bool acct)
{
	ssize_t n = recv(bed->peer[acct], bed->got, sizeof(bed->got), MSG_DONTWAIT);

	bed->got_n = n < 0 ? 0 : (size_t)n;
	return n < 20 ? 0 : bed->got[0];
}

/* Sends and lets the server work. */
static int
ask(struct bed *bed, const struct req *q, bool acct)
{
	OK(send(bed->peer[acct], q->b, q->n, 0) == (ssize_t)q->n);
	radius_server_ready(bed->srv, acct ? bed->acct : bed->auth);
	return answer(bed, acct);
}

static struct req
signed_ask(uint8_t id, const char *m2)
{
	struct req q = req_ask(id, m2);

	req_sign(&q, SECRET);
	return q;
}

/* A message 2 whose MIC no key of ours made. */
static struct req
wrong_ask(uint8_t id)
{
	struct req q = req_ask(id, OWN_AKM2_M2);

	q.b[q.n - 35] ^= 1;
	req_sign(&q, SECRET);
	return q;
}

static bool
got_text(const struct bed *bed, enum radius_type type, const char *text)
{
	struct radius_packet pkt;
	struct kf_span v;

	return radius_parse(kf_span_of(bed->got, bed->got_n), &pkt) == KF_OK &&
	    radius_find(&pkt, type, &v) && kf_span_eq(v, kf_span_str(text));
}

static uint32_t
got_u32(const struct bed *bed, enum radius_type type)
{
	struct radius_packet pkt;

	if (radius_parse(kf_span_of(bed->got, bed->got_n), &pkt) != KF_OK)
		return UINT32_MAX;
	return radius_find_u32(&pkt, type);
}

static void
test_accept(struct bed *bed)
{
	struct req q = signed_ask(1, OWN_AKM2_M2), again;
	uint8_t first[RADIUS_LEN_MAX];
	size_t n;

	bed_open(bed, RADIUS_VLAN_ATTR_VLAN, true, 127);
	IT("accepts a key that made the MIC, with its VLAN and not past its end");
	OK(ask(bed, &q, false) == RADIUS_ACCESS_ACCEPT);
	OK(reply_ok(bed->got, bed->got_n, &q, SECRET));
	OK(got_text(bed, RADIUS_TUNNEL_PRIVATE_GROUP_ID, "20"));
	OK(got_text(bed, RADIUS_CLASS, "aa000000-0000-0000-0000-000000000000"));
	OK(got_u32(bed, RADIUS_SESSION_TIMEOUT) == 100);
	OK(bed->matches == 1 && bed->match.candidates == 21 && bed->match.akm == WPA_AKM_PSK);
	OK(bed->match.mac[5] == 0x1c && bed->match.bss[4] == 1);
	memcpy(first, bed->got, n = bed->got_n);
	IT("answers a duplicate with the same bytes, without deciding anew");
	bed_swap(bed, ring_of(false, 0));
	OK(ask(bed, &q, false) == RADIUS_ACCESS_ACCEPT);
	OK(bed->got_n == n && memcmp(bed->got, first, n) == 0);
	OK(bed->matches == 1 && count(bed)->duplicates == 1);
	IT("decides anew after 30 seconds, or under another id");
	bed->ms += 30000;
	OK(ask(bed, &q, false) == RADIUS_ACCESS_REJECT);
	again = signed_ask(2, OWN_AKM2_M2);
	OK(ask(bed, &again, false) == RADIUS_ACCESS_REJECT);
	IT("tries the key that the station used last first");
	bed_swap(bed, ring_of(true, 0));
	again = signed_ask(3, OWN_AKM6_M2);
	OK(ask(bed, &again, false) == RADIUS_ACCESS_ACCEPT);
	OK(bed->match.candidates == 1 && bed->match.akm == WPA_AKM_PSK_SHA256);
	IT("sets no end for a key without one");
	OK(got_u32(bed, RADIUS_SESSION_TIMEOUT) == 0);
	bed_close(bed);
}

static void
test_reject(struct bed *bed)
{
	struct req q = wrong_ask(1);

	bed_open(bed, RADIUS_VLAN_ATTR_VLAN, true, 127);
	IT("rejects a key that nobody has, and tells of it");
	OK(ask(bed, &q, false) == RADIUS_ACCESS_REJECT);
	OK(reply_ok(bed->got, bed->got_n, &q, SECRET));
	OK(!got_text(bed, RADIUS_TUNNEL_PRIVATE_GROUP_ID, "20"));
	OK(bed->misses == 1 && bed->miss.candidates == 21 && bed->miss.why == EAPOL_FINE);
	IT("rejects the same question under another id without looking again");
	q = wrong_ask(2);
	OK(ask(bed, &q, false) == RADIUS_ACCESS_REJECT && bed->misses == 1);
	IT("looks again after a swap of the keys");
	bed_swap(bed, ring_of(true, 0));
	q = wrong_ask(3);
	OK(ask(bed, &q, false) == RADIUS_ACCESS_REJECT && bed->misses == 2);
	IT("rejects a key that is no longer valid");
	bed_swap(bed, ring_of(true, NOW + 5));
	bed->ms += 5000;
	q = signed_ask(4, OWN_AKM2_M2);
	OK(ask(bed, &q, false) == RADIUS_ACCESS_REJECT);
	IT("rejects everything without keys");
	radius_server_keys(bed->srv, NULL);
	q = signed_ask(5, OWN_AKM2_M2);
	OK(ask(bed, &q, false) == RADIUS_ACCESS_REJECT);
	IT("rejects what cannot be matched, and says why");
	q = req_ask(6, OWN_AKM2_M2), q.b[q.n - 3] = 8, req_sign(&q, SECRET);
	OK(ask(bed, &q, false) == RADIUS_ACCESS_REJECT && bed->miss.why == EAPOL_SAE);
	IT("rejects a question without a handshake");
	q = req_new(1, 7), req_text(&q, 1, "someone"), req_sign(&q, SECRET);
	OK(ask(bed, &q, false) == RADIUS_ACCESS_REJECT);
	bed_close(bed);
}

static void
test_dropped(struct bed *bed)
{
	struct req q = req_ask(1, OWN_AKM2_M2);

	bed_open(bed, RADIUS_VLAN_ATTR_VLAN, true, 127);
	IT("does not answer without Message-Authenticator");
	OK(ask(bed, &q, false) == 0 && count(bed)->no_authenticator == 1);
	IT("does not answer one made with another secret");
	req_sign(&q, "another");
	OK(ask(bed, &q, false) == 0 && count(bed)->bad_authenticator == 1);
	IT("does not answer a malformed packet or handshake");
	q = signed_ask(2, OWN_AKM2_M2), q.b[21] = 1;
	OK(ask(bed, &q, false) == 0 && count(bed)->malformed == 1);
	q = req_new(1, 3), req_evs5(&q, 1, (const uint8_t *)"x", 1, 251), req_sign(&q, SECRET);
	OK(ask(bed, &q, false) == 0 && count(bed)->malformed == 2);
	IT("does not answer a code that has no business on the port");
	q = req_new(4, 1), req_u32(&q, 40, 1), req_sign_acct(&q, SECRET);
	OK(ask(bed, &q, false) == 0 && count(bed)->unexpected == 1);
	q = signed_ask(5, OWN_AKM2_M2);
	OK(ask(bed, &q, true) == 0 && count(bed)->unexpected == 2);
	OK(bed->matches + bed->misses == 0);
	bed_close(bed);
	IT("does not answer a stranger");
	bed_open(bed, RADIUS_VLAN_ATTR_VLAN, true, 10);
	OK(ask(bed, &q, false) == 0 && count(bed)->unknown_client == 1);
	bed_close(bed);
	IT("answers without Message-Authenticator where the client is excepted");
	bed_open(bed, RADIUS_VLAN_ATTR_VLAN, false, 127);
	q = req_ask(1, OWN_AKM2_M2);
	OK(ask(bed, &q, false) == RADIUS_ACCESS_ACCEPT);
	OK(reply_ok(bed->got, bed->got_n, &q, SECRET));
	IT("but not where it is wrong");
	req_sign(&q, "another");
	OK(ask(bed, &q, false) == 0);
	bed_close(bed);
}

static void
test_order(struct bed *bed)
{
	struct req wrong = wrong_ask(2), known = signed_ask(3, OWN_AKM6_M2);
	struct req first = signed_ask(1, OWN_AKM2_M2);

	bed_open(bed, RADIUS_VLAN_ATTR_VLAN, true, 127);
	IT("answers a known station before it scans for others");
	OK(ask(bed, &first, false) == RADIUS_ACCESS_ACCEPT);
	OK(send(bed->peer[0], wrong.b, wrong.n, 0) > 0);
	OK(ask(bed, &known, false) == RADIUS_ACCESS_ACCEPT && bed->got[1] == 3);
	OK(answer(bed, false) == RADIUS_ACCESS_REJECT && bed->got[1] == 2);
	IT("scans once for the same question twice in a batch");
	bed->misses = 0;
	bed_swap(bed, ring_of(true, 0));
	wrong = wrong_ask(4);
	OK(send(bed->peer[0], wrong.b, wrong.n, 0) > 0);
	OK(ask(bed, &wrong, false) == RADIUS_ACCESS_REJECT);
	OK(answer(bed, false) == RADIUS_ACCESS_REJECT && bed->misses == 1);
	bed_close(bed);
}

static void
test_flood(struct bed *bed)
{
	unsigned answers = 0;
	struct req q;

	bed_open(bed, RADIUS_VLAN_ATTR_VLAN, true, 127);
	IT("lets no more than RADIUS_WAITING_MAX wait for a scan, and drops the rest unanswered");
	for (uint8_t i = 0; i < RADIUS_WAITING_MAX + 4; i++) {
		q = req_ask(i, OWN_AKM2_M2);
		q.b[q.n - 60] ^= (uint8_t)(i + 1); /* in the IV: another MIC is wanted each time */
		req_sign(&q, SECRET);
		OK(send(bed->peer[0], q.b, q.n, 0) > 0);
	}
	radius_server_ready(bed->srv, bed->auth);
	while (answer(bed, false) == RADIUS_ACCESS_REJECT)
		answers++;
	OK(answers == RADIUS_WAITING_MAX && count(bed)->limited == 4);
	bed_close(bed);
}

static void
test_slot(struct bed *bed)
{
	struct req q = signed_ask(1, OWN_AKM2_M2);

	bed_open(bed, RADIUS_VLAN_ATTR_SLOT, true, 127);
	IT("tells the slot instead of the VLAN where it is configured so");
	OK(ask(bed, &q, false) == RADIUS_ACCESS_ACCEPT);
	OK(got_text(bed, RADIUS_TUNNEL_PRIVATE_GROUP_ID, "3"));
	OK(bed->slots == 1 && bed->match.slot == 3);
	IT("rejects where no slot is free");
	bed->slot = 0;
	q = signed_ask(2, OWN_AKM2_M2);
	OK(ask(bed, &q, false) == RADIUS_ACCESS_REJECT);
	bed_close(bed);
}

static struct req
acct_start(uint8_t id)
{
	struct req q = req_new(RADIUS_ACCOUNTING_REQUEST, id);

	req_u32(&q, 40, RADIUS_ACCT_START);
	req_text(&q, 44, "6B0A\n17");
	req_text(&q, 25, "aa000000-0000-0000-0000-000000000000");
	req_text(&q, 30, OWN_CALLED), req_text(&q, 31, OWN_CALLING);
	req_u32(&q, 42, 5), req_u32(&q, 52, 1), req_u32(&q, 43, 6);
	req_sign_acct(&q, SECRET);
	return q;
}

static void
test_accounting(struct bed *bed)
{
	struct req q = acct_start(1);

	bed_open(bed, RADIUS_VLAN_ATTR_VLAN, true, 127);
	IT("records a start and answers");
	OK(ask(bed, &q, true) == RADIUS_ACCOUNTING_RESPONSE);
	OK(reply_ok(bed->got, bed->got_n, &q, SECRET));
	OK(bed->accts == 1 && bed->last.kind == RADIUS_ACCT_START && bed->last.has_key);
	OK(bed->last.key_id[0] == 0xaa && bed->last.mac[5] == 0x1c && bed->last.bss[4] == 1);
	OK(strcmp(bed->last.session, "6B0A?17") == 0 && bed->last.ssid.n == strlen(OWN_SSID));
	OK(bed->last.in_bytes == 0x100000005 && bed->last.out_bytes == 6);
	IT("answers a duplicate without recording it again");
	OK(ask(bed, &q, true) == RADIUS_ACCOUNTING_RESPONSE && bed->accts == 1);
	IT("does not answer what could not be recorded");
	bed->acct_says = KF_EIO;
	q = acct_start(2);
	OK(ask(bed, &q, true) == 0 && bed->accts == 2 && count(bed)->failed == 1);
	bed->acct_says = KF_OK;
	OK(ask(bed, &q, true) == RADIUS_ACCOUNTING_RESPONSE && bed->accts == 3);
	IT("does not answer a wrong Request Authenticator");
	q.b[5] ^= 1;
	OK(ask(bed, &q, true) == 0 && count(bed)->bad_authenticator == 1);
	IT("takes On and Off without a station, and answers what it does not record");
	q = req_new(4, 9), req_u32(&q, 40, RADIUS_ACCT_ON), req_sign_acct(&q, SECRET);
	OK(ask(bed, &q, true) == RADIUS_ACCOUNTING_RESPONSE && !bed->last.has_mac);
	q = req_new(4, 10), req_u32(&q, 40, 15), req_sign_acct(&q, SECRET);
	OK(ask(bed, &q, true) == RADIUS_ACCOUNTING_RESPONSE && bed->accts == 4);
	IT("drops accounting without a status, or with a station that is none");
	q = req_new(4, 11), req_sign_acct(&q, SECRET);
	OK(ask(bed, &q, true) == 0);
	q = req_new(4, 12), req_u32(&q, 40, 1), req_text(&q, 31, "x"), req_sign_acct(&q, SECRET);
	OK(ask(bed, &q, true) == 0 && count(bed)->malformed == 2);
	bed_close(bed);
}

static void
test_status(struct bed *bed)
{
	struct req q = req_new(RADIUS_STATUS_SERVER, 1);

	bed_open(bed, RADIUS_VLAN_ATTR_VLAN, false, 127);
	IT("answers Status-Server on both ports, only with Message-Authenticator");
	OK(ask(bed, &q, false) == 0);
	req_sign(&q, SECRET);
	OK(ask(bed, &q, false) == RADIUS_ACCESS_ACCEPT);
	OK(reply_ok(bed->got, bed->got_n, &q, SECRET));
	OK(ask(bed, &q, true) == RADIUS_ACCOUNTING_RESPONSE);
	OK(count(bed)->status == 2 && count(bed)->accepts == 0);
	bed_close(bed);
}

static void
test_listen(struct bed *bed)
{
	const struct feed_addr lo = {4, {127, 0, 0, 1}, 32};
	struct sockaddr_in at;
	int fd[RADIUS_SOCKETS_MAX], held;

	bed_open(bed, RADIUS_VLAN_ATTR_VLAN, true, 127);
	IT("refuses a port that is taken");
	held = udp(&at);
	OK(radius_server_listen(bed->srv, &lo, ntohs(at.sin_port)) == KF_EIO);
	close(held);
	IT("opens two sockets, to poll");
	OK(radius_server_fds(bed->srv, fd, RADIUS_SOCKETS_MAX) == 2);
	OK(fd[0] == bed->auth && fd[1] == bed->acct);
	OK(radius_server_fds(bed->srv, fd, 1) == 1);
	IT("does not mind being called with nothing to read, or with a strange socket");
	radius_server_ready(bed->srv, bed->auth);
	radius_server_ready(bed->srv, -1);
	OK(count(bed)->requests == 0);
	bed_close(bed);
}

int
main(void)
{
	static struct bed bed;

	test_accept(&bed);
	test_reject(&bed);
	test_dropped(&bed);
	test_order(&bed);
	test_flood(&bed);
	test_slot(&bed);
	test_accounting(&bed);
	test_status(&bed);
	test_listen(&bed);
	return tap_end();
}
