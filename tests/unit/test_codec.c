#include "ap-agent/radius/codec.h"
#include "tests/unit/radius_req.h"
#include "tests/unit/tap.h"

#include <stdlib.h>

static enum kf_err
parse(const struct req *q, struct radius_packet *pkt)
{
	return radius_parse(kf_span_of(q->b, q->n), pkt);
}

static void
test_parse(void)
{
	struct req q = req_new(1, 9);
	struct radius_packet pkt;
	struct kf_span v;

	IT("reads a packet without attributes");
	OK(parse(&q, &pkt) == KF_OK);
	OK(pkt.code == 1 && pkt.id == 9 && pkt.attrs.n == 0 && pkt.ma_at == 0);
	OK(!radius_find(&pkt, RADIUS_USER_NAME, &v));
	IT("finds the first attribute of a type");
	req_text(&q, 33, "x");
	req_text(&q, 1, "alice");
	req_text(&q, 1, "bob");
	OK(parse(&q, &pkt) == KF_OK);
	OK(radius_find(&pkt, RADIUS_USER_NAME, &v) && kf_span_eq(v, KF_LIT("alice")));
	IT("reads a number of four bytes, and takes another length for none");
	req_u32(&q, 27, 0x01020304);
	req_text(&q, 41, "abc");
	OK(parse(&q, &pkt) == KF_OK);
	OK(radius_find_u32(&pkt, RADIUS_SESSION_TIMEOUT) == 0x01020304);
	OK(radius_find_u32(&pkt, RADIUS_ACCT_DELAY_TIME) == 0);
	OK(radius_find_u32(&pkt, RADIUS_ACCT_SESSION_TIME) == 0);
	IT("ignores padding behind the length");
	q.n += 40;
	OK(parse(&q, &pkt) == KF_OK && pkt.bytes.n == q.n - 40);
}

static void
test_malformed(void)
{
	struct radius_packet pkt;
	struct req q, ask = req_ask(3, OWN_AKM2_M2);
	uint8_t *exact;
	unsigned good = 0;

	IT("refuses every packet that is cut off");
	for (size_t n = 0; n < ask.n; n++) {
		exact = malloc(n + 1);
		memcpy(exact, ask.b, n);
		good += radius_parse(kf_span_of(exact, n), &pkt) == KF_OK;
		free(exact);
	}
	OK(good == 0);
	IT("refuses a length below 20, above 4096, or above what arrived");
	q = req_new(1, 1), q.b[3] = 19;
	OK(parse(&q, &pkt) == KF_EINVAL);
	q = req_new(1, 1), q.b[2] = 0x10, q.b[3] = 1, q.n = 4097;
	OK(parse(&q, &pkt) == KF_EINVAL);
	q = req_new(1, 1), q.b[3] = 21;
	OK(parse(&q, &pkt) == KF_EINVAL);
	IT("refuses an attribute of type 0, of length 0 or 1, or over the end");
	for (uint8_t len = 0; len < 2; len++) {
		q = req_new(1, 1), req_text(&q, 1, "x"), q.b[21] = len;
		OK(parse(&q, &pkt) == KF_EINVAL);
	}
	q = req_new(1, 1), req_text(&q, 0, "x");
	OK(parse(&q, &pkt) == KF_EINVAL);
	q = req_new(1, 1), req_text(&q, 1, "x"), q.b[21] = 4;
	OK(parse(&q, &pkt) == KF_EINVAL);
	q = req_new(1, 1), req_text(&q, 1, "x"), q.b[q.n++] = 1, req_len(&q);
	OK(parse(&q, &pkt) == KF_EINVAL);
	IT("refuses Message-Authenticator twice or of another length");
	q = req_new(1, 1), req_sign(&q, SECRET), req_sign(&q, SECRET);
	OK(parse(&q, &pkt) == KF_EINVAL);
	q = req_new(1, 1), req_text(&q, 80, "fifteen bytes..");
	OK(parse(&q, &pkt) == KF_EINVAL);
}

static void
test_signed(void)
{
	struct req q = req_ask(5, OWN_AKM2_M2);
	struct radius_packet pkt;

	IT("takes a right Message-Authenticator, wherever it stands");
	req_sign(&q, SECRET);
	OK(parse(&q, &pkt) == KF_OK && radius_ma_ok(&pkt, KF_LIT(SECRET)));
	IT("refuses it under another secret, after any change, and where it is missing");
	OK(!radius_ma_ok(&pkt, KF_LIT("another")));
	q.b[30] ^= 1;
	OK(parse(&q, &pkt) == KF_OK && !radius_ma_ok(&pkt, KF_LIT(SECRET)));
	q = req_ask(5, OWN_AKM2_M2);
	OK(parse(&q, &pkt) == KF_OK && !radius_ma_ok(&pkt, KF_LIT(SECRET)));
	IT("takes a right Request Authenticator of accounting, and no other");
	q = req_new(4, 1), req_u32(&q, 40, 1), req_sign_acct(&q, SECRET);
	OK(parse(&q, &pkt) == KF_OK && radius_acct_ok(&pkt, KF_LIT(SECRET)));
	OK(!radius_acct_ok(&pkt, KF_LIT("another")));
	q.b[25] ^= 2;
	OK(parse(&q, &pkt) == KF_OK && !radius_acct_ok(&pkt, KF_LIT(SECRET)));
}

/* A value of n bytes through fragments of room bytes. */
static enum kf_err
through(size_t n, size_t room, bool *same)
{
	struct req q = req_new(1, 1);
	struct radius_joined got;
	struct radius_packet pkt;
	uint8_t value[800];
	enum kf_err r;

	for (size_t i = 0; i < n; i++)
		value[i] = (uint8_t)(i * 31);
	req_text(&q, 1, "before");
	req_evs5(&q, 2, value, n, room);
	req_text(&q, 33, "behind");
	if (parse(&q, &pkt) != KF_OK)
		return KF_EIO;
	r = radius_find_evs5(&pkt, 11344, 2, &got);
	*same = r == KF_OK && got.n == n && memcmp(got.b, value, n) == 0;
	return r;
}

static void
test_fragments(void)
{
	struct radius_joined got;
	struct radius_packet pkt;
	bool same;
	uint8_t again[] = {26, 0, 0, 0, 0x2c, 0x50, 2, 'C', 'D'};
	struct req q;

	IT("joins the fragments of a long attribute");
	OK(through(121, 251, &same) == KF_OK && same);
	OK(through(246, 251, &same) == KF_OK && same);
	OK(through(247, 251, &same) == KF_OK && same);
	OK(through(512, 251, &same) == KF_OK && same);
	OK(through(512, 64, &same) == KF_OK && same);
	IT("takes an empty value for an empty value");
	OK(through(0, 251, &same) == KF_OK && same);
	IT("refuses more than fits");
	OK(through(RADIUS_JOINED_MAX, 251, &same) == KF_OK && same);
	OK(through(RADIUS_JOINED_MAX + 1, 251, &same) == KF_EINVAL);
	IT("understands that each fragment repeats the vendor's header");
	q = req_new(1, 1), req_evs5(&q, 2, (const uint8_t *)"AB", 2, 251), q.b[23] = 0x80;
	req_add(&q, 245, again, sizeof(again));
	OK(parse(&q, &pkt) == KF_OK && radius_find_evs5(&pkt, 11344, 2, &got) == KF_OK);
	OK(got.n == 4 && memcmp(got.b, "ABCD", 4) == 0);
}

static void
test_broken_fragments(void)
{
	const uint8_t ab[] = "AB";
	struct radius_joined got;
	struct radius_packet pkt;
	struct req q;

	IT("finds nothing of another vendor, type or extended type");
	q = req_new(1, 1), req_evs5(&q, 2, ab, 2, 251);
	OK(parse(&q, &pkt) == KF_OK);
	OK(radius_find_evs5(&pkt, 11344, 1, &got) == KF_ENOENT);
	OK(radius_find_evs5(&pkt, 11343, 2, &got) == KF_ENOENT);
	q.b[22] = 25;
	OK(parse(&q, &pkt) == KF_OK && radius_find_evs5(&pkt, 11344, 2, &got) == KF_ENOENT);
	IT("refuses the attribute twice");
	q = req_new(1, 1), req_evs5(&q, 2, ab, 2, 251), req_evs5(&q, 2, ab, 2, 251);
	OK(parse(&q, &pkt) == KF_OK && radius_find_evs5(&pkt, 11344, 2, &got) == KF_EINVAL);
	IT("refuses a chain that ends with more to come, or is interrupted");
	q = req_new(1, 1), req_evs5(&q, 2, ab, 2, 251), q.b[23] = 0x80;
	OK(parse(&q, &pkt) == KF_OK && radius_find_evs5(&pkt, 11344, 2, &got) == KF_EINVAL);
	req_text(&q, 1, "x"), req_evs5(&q, 2, ab, 2, 251);
	OK(parse(&q, &pkt) == KF_OK && radius_find_evs5(&pkt, 11344, 2, &got) == KF_EINVAL);
	IT("refuses one too short for a vendor");
	q = req_new(1, 1), req_add(&q, 245, "\x1a\x00\x00\x00\x2c\x50", 6);
	OK(parse(&q, &pkt) == KF_OK && radius_find_evs5(&pkt, 11344, 2, &got) == KF_EINVAL);
	IT("steps over another vendor's long attribute");
	q = req_new(1, 1), req_evs5(&q, 9, ab, 2, 6), req_evs5(&q, 2, ab, 2, 251);
	OK(parse(&q, &pkt) == KF_OK && radius_find_evs5(&pkt, 11344, 2, &got) == KF_OK &&
	    got.n == 2);
}

static void
test_reply(void)
{
	struct req q = req_new(1, 77);
	static struct radius_reply reply;
	struct radius_packet pkt, back;
	uint8_t big[253] = {0};
	struct kf_rd rd;
	struct radius_attr a[4];

	req_text(&q, 33, "first"), req_text(&q, 1, "u"), req_text(&q, 33, "second");
	req_sign(&q, SECRET);
	OK(parse(&q, &pkt) == KF_OK);
	IT("signs a reply and puts Message-Authenticator first");
	radius_reply_start(&reply, RADIUS_ACCESS_REJECT, &pkt);
	OK(radius_reply_finish(&reply, &pkt, KF_LIT(SECRET)) == KF_OK);
	OK(reply.b[0] == 3 && reply_ok(reply.b, reply.n, &q, SECRET));
	OK(!reply_ok(reply.b, reply.n, &q, "another"));
	IT("copies Proxy-State unchanged and in order");
	OK(radius_parse(kf_span_of(reply.b, reply.n), &back) == KF_OK);
	rd = kf_rd_of(back.attrs);
	OK(radius_next(&rd, &a[0]) && radius_next(&rd, &a[1]) && radius_next(&rd, &a[2]) &&
	    !radius_next(&rd, &a[3]));
	OK(a[1].type == 33 && kf_span_eq(a[1].value, KF_LIT("first")));
	OK(a[2].type == 33 && kf_span_eq(a[2].value, KF_LIT("second")));
	IT("refuses to send more than 4096 bytes");
	radius_reply_start(&reply, RADIUS_ACCESS_ACCEPT, &pkt);
	for (int i = 0; i < 17; i++)
		radius_reply_add(&reply, RADIUS_CLASS, kf_span_of(big, sizeof(big)));
	OK(reply.bad && radius_reply_finish(&reply, &pkt, KF_LIT(SECRET)) == KF_ELIMIT);
}

/* What the AP reads out of a Tunnel-Password: RFC 2868 3.5, written anew. */
static size_t
unhide(struct kf_span v, const uint8_t *authenticator, char out[144])
{
	uint8_t in[256], mask[16], prev[16];

	for (size_t at = 3; at + 16 <= v.n; at += 16) {
		size_t n = strlen(SECRET);

		memcpy(in, SECRET, n);
		memcpy(in + n, at == 3 ? authenticator : prev, 16);
		if (at == 3)
			memcpy(in + n + 16, v.p + 1, 2);
		EVP_Digest(in, n + (at == 3 ? 18 : 16), mask, NULL, EVP_md5(), NULL);
		memcpy(prev, v.p + at, 16);
		for (size_t i = 0; i < 16; i++)
			out[at - 3 + i] = (char)(v.p[at + i] ^ mask[i]);
	}
	return (uint8_t)out[0];
}

static void
test_password(void)
{
	struct req q = req_new(1, 7);
	static struct radius_reply reply;
	struct radius_packet pkt, back;
	struct kf_span v;
	char plain[144];

	OK(parse(&q, &pkt) == KF_OK);
	radius_reply_start(&reply, RADIUS_ACCESS_ACCEPT, &pkt);
	radius_reply_password(&reply, &pkt, KF_LIT(SECRET), 0x1234, kf_span_str(OWN_PMK));
	OK(radius_reply_finish(&reply, &pkt, KF_LIT(SECRET)) == KF_OK);
	OK(radius_parse(kf_span_of(reply.b, reply.n), &back) == KF_OK);
	OK(radius_find(&back, RADIUS_TUNNEL_PASSWORD, &v));
	IT("hides a Tunnel-Password under tag 0 and a salt with its top bit set");
	OK(v.n == 3 + 80 && v.p[0] == 0 && v.p[1] == 0x92 && v.p[2] == 0x34);
	OK(unhide(v, pkt.authenticator, plain) == 64 && memcmp(plain + 1, OWN_PMK, 64) == 0);
	IT("hides an empty password and one that fills its blocks");
	radius_reply_start(&reply, RADIUS_ACCESS_ACCEPT, &pkt);
	radius_reply_password(&reply, &pkt, KF_LIT(SECRET), 1, KF_LIT(""));
	OK(reply.n == 38 + 2 + 3 + 16);
	radius_reply_password(&reply, &pkt, KF_LIT(SECRET), 2, KF_LIT("fifteen bytes.."));
	OK(reply.n == 59 + 2 + 3 + 16 && !reply.bad);
}

int
main(void)
{
	test_parse();
	test_malformed();
	test_signed();
	test_fragments();
	test_broken_fragments();
	test_reply();
	test_password();
	return tap_end();
}
