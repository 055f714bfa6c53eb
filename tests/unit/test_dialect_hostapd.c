#include "ap-agent/radius/dialect_hostapd.h"
#include "tests/unit/radius_req.h"
#include "tests/unit/tap.h"
#include "tests/vectors/golden.h"

static enum kf_err
read_ask(const struct req *q, struct radius_ask *ask)
{
	struct radius_packet pkt;

	OK(radius_parse(kf_span_of(q->b, q->n), &pkt) == KF_OK);
	return radius_dialect_hostapd.read(&pkt, ask);
}

static void
test_golden(void)
{
	struct req q = req_new(RADIUS_ACCESS_REQUEST, 1);
	uint8_t anonce[32], m2[256], bss[6];
	size_t n = unhex(GOLDEN_M2, m2);
	struct radius_ask ask;
	struct kf_pmk pmk;

	unhex(GOLDEN_ANONCE, anonce);
	unhex(GOLDEN_AA, bss);
	unhex(GOLDEN_PMK, pmk.b);
	req_text(&q, 30, "34-EF-B6-AF-48-9E:" GOLDEN_SSID);
	req_text(&q, 31, "8A-B3-A0-EB-D5-E5");
	req_evs5(&q, 1, anonce, 32, 251);
	req_evs5(&q, 2, m2, n, 251);
	IT("reads the golden handshake out of a request");
	OK(read_ask(&q, &ask) == KF_OK && ask.why == EAPOL_FINE);
	OK(memcmp(ask.bss, bss, 6) == 0);
	OK(ask.ssid.n == strlen(GOLDEN_SSID) && memcmp(ask.ssid.b, GOLDEN_SSID, ask.ssid.n) == 0);
	OK(match_one(&ask.hs, &pmk) == KF_OK);
}

static void
test_print(void)
{
	struct req a = req_ask(1, OWN_AKM2_M2), b = req_ask(2, OWN_AKM2_M2);
	struct radius_ask one, two;

	IT("gives the same question the same print, and another question another");
	req_text(&b, 33, "another proxy");
	OK(read_ask(&a, &one) == KF_OK && read_ask(&b, &two) == KF_OK);
	OK(memcmp(&one.print, &two.print, sizeof(one.print)) == 0);
	b = req_ask(2, OWN_AKM6_M2);
	OK(read_ask(&b, &two) == KF_OK);
	OK(memcmp(&one.print, &two.print, sizeof(one.print)) != 0);
}

/* The own question without one attribute type, or with another value of it. */
static enum kf_err
with(uint8_t type, const char *value)
{
	struct req from = req_ask(1, OWN_AKM2_M2), q = req_new(RADIUS_ACCESS_REQUEST, 1);
	struct radius_ask ask;

	for (size_t at = 20; at < from.n; at += from.b[at + 1])
		if (from.b[at] != type)
			req_add(&q, from.b[at], from.b + at + 2, from.b[at + 1] - (size_t)2);
	if (value != NULL)
		req_text(&q, type, value);
	return read_ask(&q, &ask);
}

static void
test_refusals(void)
{
	struct req q = req_new(RADIUS_ACCESS_REQUEST, 1);
	uint8_t anonce[32] = {0}, m2[256];
	size_t n = unhex(OWN_AKM2_M2, m2);
	struct radius_ask ask;

	IT("leaves a request without a handshake to others");
	OK(with(245, NULL) == KF_ENOENT);
	IT("refuses a request without BSSID, SSID or station");
	OK(with(30, NULL) == KF_EINVAL);
	OK(with(30, "02-00-00-00-01-00") == KF_EINVAL);
	OK(with(30, "02-00-00-00-01-00:") == KF_EINVAL);
	OK(with(30, "02-00-00-00-01:SSID") == KF_EINVAL);
	OK(with(30, "02-00-00-00-01-00:0123456789012345678901234567890123") == KF_EINVAL);
	OK(with(30, "x") == KF_EINVAL);
	OK(with(31, NULL) == KF_EINVAL);
	OK(with(31, "nobody") == KF_EINVAL);
	IT("takes MACs with ':', '-' or nothing between the digits");
	OK(with(30, "02:00:00:00:01:00:Keyfob Vectors") == KF_OK);
	OK(with(30, "020000000100:Keyfob Vectors") == KF_OK);
	OK(with(31, "02000000a11c") == KF_OK);
	IT("refuses one of ANonce and EAPOL without the other, or an ANonce of 31 bytes");
	req_text(&q, 30, OWN_CALLED), req_text(&q, 31, OWN_CALLING);
	req_evs5(&q, 2, m2, n, 251);
	OK(read_ask(&q, &ask) == KF_EINVAL);
	req_evs5(&q, 1, anonce, 31, 251);
	OK(read_ask(&q, &ask) == KF_EINVAL);
	IT("tells what a station said wrongly, and does not drop it");
	m2[118] = 8;
	q = req_new(RADIUS_ACCESS_REQUEST, 1);
	req_text(&q, 30, OWN_CALLED), req_text(&q, 31, OWN_CALLING);
	req_evs5(&q, 1, anonce, 32, 251), req_evs5(&q, 2, m2, n, 251);
	OK(read_ask(&q, &ask) == KF_OK && ask.why == EAPOL_SAE);
	q = req_new(RADIUS_ACCESS_REQUEST, 1);
	req_text(&q, 30, OWN_CALLED), req_text(&q, 31, OWN_CALLING);
	req_evs5(&q, 1, anonce, 32, 251), req_evs5(&q, 2, m2, n - 20, 251);
	OK(read_ask(&q, &ask) == KF_OK && ask.why == EAPOL_MALFORMED);
}

static void
test_accept(void)
{
	static struct radius_reply reply;
	struct feed_key key = {.id = {0xab, [15] = 1}, .vlan = 20};
	struct radius_grant grant = {.key = &key, .tunnel = 20, .session_s = 3600, .salt = 5};
	struct req q = req_ask(1, OWN_AKM2_M2);
	struct radius_packet pkt, back;
	struct kf_span v;

	OK(radius_parse(kf_span_of(q.b, q.n), &pkt) == KF_OK);
	radius_reply_start(&reply, RADIUS_ACCESS_ACCEPT, &pkt);
	radius_dialect_hostapd.accept(&reply, &pkt, KF_LIT(SECRET), &grant);
	OK(radius_reply_finish(&reply, &pkt, KF_LIT(SECRET)) == KF_OK);
	OK(radius_parse(kf_span_of(reply.b, reply.n), &back) == KF_OK);
	IT("names the key in User-Name, Chargeable-User-Identity and Class");
	OK(radius_find(&back, RADIUS_CLASS, &v) &&
	    kf_span_eq(v, KF_LIT("ab000000-0000-0000-0000-000000000001")));
	OK(radius_find(&back, RADIUS_USER_NAME, &v) && v.n == 36);
	OK(radius_find(&back, RADIUS_CHARGEABLE_USER_IDENTITY, &v) && v.n == 36);
	IT("gives VLAN, time and password");
	OK(radius_find_u32(&back, RADIUS_TUNNEL_TYPE) == 13);
	OK(radius_find_u32(&back, RADIUS_TUNNEL_MEDIUM_TYPE) == 6);
	OK(radius_find(&back, RADIUS_TUNNEL_PRIVATE_GROUP_ID, &v) && kf_span_eq(v, KF_LIT("20")));
	OK(radius_find_u32(&back, RADIUS_SESSION_TIMEOUT) == 3600);
	OK(radius_find(&back, RADIUS_TUNNEL_PASSWORD, &v) && v.n == 83);
	IT("leaves out VLAN and time where there are none");
	grant.tunnel = 0, grant.session_s = 0;
	radius_reply_start(&reply, RADIUS_ACCESS_ACCEPT, &pkt);
	radius_dialect_hostapd.accept(&reply, &pkt, KF_LIT(SECRET), &grant);
	OK(radius_reply_finish(&reply, &pkt, KF_LIT(SECRET)) == KF_OK);
	OK(radius_parse(kf_span_of(reply.b, reply.n), &back) == KF_OK);
	OK(!radius_find(&back, RADIUS_TUNNEL_TYPE, &v));
	OK(!radius_find(&back, RADIUS_SESSION_TIMEOUT, &v));
}

int
main(void)
{
	test_golden();
	test_print();
	test_refusals();
	test_accept();
	return tap_end();
}
