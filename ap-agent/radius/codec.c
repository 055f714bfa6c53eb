#include "ap-agent/radius/codec.h"

#include "common/secret.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#define HEAD_LEN 20
#define AUTH_AT 4
#define MD5_LEN 16
#define EVS5 26	       /* the extended type Extended-Vendor-Specific-5 */
#define FLAG_MORE 0x80 /* another fragment follows */
#define VENDOR_HEAD 5  /* vendor id 4, vendor type 1 */
#define PARTS_MAX 4

/* --- digests ------------------------------------------------------------------------------- */

static void
md5_parts(const struct kf_span *part, size_t n, uint8_t out[MD5_LEN])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ok = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_md5(), NULL);

	for (size_t i = 0; ok && i < n; i++)
		ok = EVP_DigestUpdate(ctx, part[i].p, part[i].n);
	ok = ok && EVP_DigestFinal_ex(ctx, out, NULL);
	EVP_MD_CTX_free(ctx);
	assert(ok); /* fails only without memory, or where MD5 is forbidden: no RADIUS then */
}

static void
hmac_md5(struct kf_span secret, struct kf_span s, uint8_t out[MD5_LEN])
{
	bool ok = HMAC(EVP_md5(), secret.p, (int)secret.n, s.p, s.n, out, NULL) != NULL;

	assert(ok);
}

/* --- reading ------------------------------------------------------------------------------- */

bool
radius_next(struct kf_rd *rd, struct radius_attr *out)
{
	uint8_t len;

	if (rd->n == 0 || rd->bad)
		return false;
	out->type = kf_rd_u8(rd);
	len = kf_rd_u8(rd);
	if (out->type == 0 || len < 2)
		rd->bad = true;
	else
		out->value = kf_rd_take(rd, (size_t)len - 2);
	return !rd->bad;
}

enum kf_err
radius_parse(struct kf_span datagram, struct radius_packet *out)
{
	struct kf_rd rd = kf_rd_of(datagram);
	struct radius_attr a;
	size_t len;

	*out = (struct radius_packet){0};
	out->code = kf_rd_u8(&rd);
	out->id = kf_rd_u8(&rd);
	len = kf_rd_u16(&rd);
	if (rd.bad || len < RADIUS_LEN_MIN || len > RADIUS_LEN_MAX || len > datagram.n)
		return KF_EINVAL;
	out->authenticator = kf_rd_take(&rd, RADIUS_AUTH_LEN).p;
	out->bytes = kf_span_of(datagram.p, len);
	out->attrs = kf_rd_take(&rd, len - HEAD_LEN);
	rd = kf_rd_of(out->attrs);
	while (radius_next(&rd, &a)) {
		if (a.type != RADIUS_MESSAGE_AUTHENTICATOR)
			continue;
		if (out->ma_at != 0 || a.value.n != MD5_LEN)
			return KF_EINVAL;
		out->ma_at = (size_t)(a.value.p - datagram.p);
	}
	return rd.bad ? KF_EINVAL : KF_OK;
}

bool
radius_find(const struct radius_packet *pkt, enum radius_type type, struct kf_span *out)
{
	struct kf_rd rd = kf_rd_of(pkt->attrs);
	struct radius_attr a;

	while (radius_next(&rd, &a)) {
		if (a.type != type)
			continue;
		*out = a.value;
		return true;
	}
	return false;
}

uint32_t
radius_find_u32(const struct radius_packet *pkt, enum radius_type type)
{
	struct kf_span v;
	struct kf_rd rd;

	if (!radius_find(pkt, type, &v) || v.n != 4)
		return 0;
	rd = kf_rd_of(v);
	return kf_rd_u32(&rd);
}

/* One 245.26 attribute: its flags and what stands behind them. False: it is another type. */
static bool
evs5_read(const struct radius_attr *a, uint8_t *flags, struct kf_span *data)
{
	struct kf_rd rd = kf_rd_of(a->value);

	if (a->type != RADIUS_EXTENDED_5 || kf_rd_u8(&rd) != EVS5)
		return false;
	*flags = kf_rd_u8(&rd);
	*data = kf_rd_take(&rd, rd.n);
	return !rd.bad;
}

static struct kf_span
behind_head(struct kf_span data)
{
	return kf_span_of(data.p + VENDOR_HEAD, data.n - VENDOR_HEAD);
}

static bool
joined_add(struct radius_joined *out, struct kf_span s)
{
	if (s.n > sizeof(out->b) - out->n)
		return false;
	if (s.n > 0)
		memcpy(out->b + out->n, s.p, s.n);
	out->n += s.n;
	return true;
}

/* The fragments behind the first, which had the flag "more": they follow at once. out NULL: only
 * step over them. */
static enum kf_err
evs5_join(struct kf_rd *rd, const uint8_t head[VENDOR_HEAD], struct radius_joined *out)
{
	struct radius_attr a;
	struct kf_span data;
	uint8_t flags = FLAG_MORE;

	while ((flags & FLAG_MORE) != 0) {
		if (!radius_next(rd, &a) || !evs5_read(&a, &flags, &data))
			return KF_EINVAL;
		if (out == NULL)
			continue;
		if (data.n >= VENDOR_HEAD && memcmp(data.p, head, VENDOR_HEAD) == 0)
			data = behind_head(data);
		if (!joined_add(out, data))
			return KF_EINVAL;
	}
	return KF_OK;
}

enum kf_err
radius_find_evs5(
    const struct radius_packet *pkt, uint32_t vendor, uint8_t type, struct radius_joined *out)
{
	const uint8_t head[VENDOR_HEAD] = {(uint8_t)(vendor >> 24), (uint8_t)(vendor >> 16),
	    (uint8_t)(vendor >> 8), (uint8_t)vendor, type};
	struct kf_rd rd = kf_rd_of(pkt->attrs);
	struct radius_attr a;
	struct kf_span data;
	uint8_t flags;
	bool found = false;

	out->n = 0;
	while (radius_next(&rd, &a)) {
		if (!evs5_read(&a, &flags, &data))
			continue;
		if (data.n < VENDOR_HEAD)
			return KF_EINVAL;
		bool wanted = memcmp(data.p, head, VENDOR_HEAD) == 0;

		if (wanted && (found || !joined_add(out, behind_head(data))))
			return KF_EINVAL;
		found |= wanted;
		if ((flags & FLAG_MORE) != 0 && evs5_join(&rd, head, wanted ? out : NULL) != KF_OK)
			return KF_EINVAL;
	}
	return found ? KF_OK : KF_ENOENT;
}

bool
radius_ma_ok(const struct radius_packet *pkt, struct kf_span secret)
{
	uint8_t copy[RADIUS_LEN_MAX], want[MD5_LEN];

	if (pkt->ma_at == 0)
		return false;
	memcpy(copy, pkt->bytes.p, pkt->bytes.n);
	memset(copy + pkt->ma_at, 0, MD5_LEN);
	hmac_md5(secret, kf_span_of(copy, pkt->bytes.n), want);
	return kf_ct_equal(want, pkt->bytes.p + pkt->ma_at, MD5_LEN);
}

bool
radius_acct_ok(const struct radius_packet *pkt, struct kf_span secret)
{
	static const uint8_t zero[RADIUS_AUTH_LEN];
	const struct kf_span part[PARTS_MAX] = {
	    kf_span_of(pkt->bytes.p, AUTH_AT), kf_span_of(zero, sizeof(zero)), pkt->attrs, secret};
	uint8_t want[MD5_LEN];

	md5_parts(part, PARTS_MAX, want);
	return kf_ct_equal(want, pkt->authenticator, MD5_LEN);
}

/* --- building ------------------------------------------------------------------------------ */

void
radius_reply_start(
    struct radius_reply *reply, enum radius_code code, const struct radius_packet *req)
{
	static const uint8_t zero[MD5_LEN];

	reply->bad = false;
	reply->b[0] = (uint8_t)code;
	reply->b[1] = req->id;
	memcpy(reply->b + AUTH_AT, req->authenticator, RADIUS_AUTH_LEN);
	reply->n = HEAD_LEN;
	reply->signs = req->code != RADIUS_ACCOUNTING_REQUEST;
	if (reply->signs)
		radius_reply_add(
		    reply, RADIUS_MESSAGE_AUTHENTICATOR, kf_span_of(zero, sizeof(zero)));
}

void
radius_reply_add(struct radius_reply *reply, enum radius_type type, struct kf_span value)
{
	assert(value.n >= 1);
	assert(value.n <= RADIUS_VALUE_MAX);
	if (reply->bad || value.n + 2 > sizeof(reply->b) - reply->n) {
		reply->bad = true;
		return;
	}
	reply->b[reply->n] = (uint8_t)type;
	reply->b[reply->n + 1] = (uint8_t)(value.n + 2);
	memcpy(reply->b + reply->n + 2, value.p, value.n);
	reply->n += value.n + 2;
}

void
radius_reply_u32(struct radius_reply *reply, enum radius_type type, uint32_t v)
{
	uint8_t w[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};

	radius_reply_add(reply, type, kf_span_of(w, sizeof(w)));
}

void
radius_reply_password(struct radius_reply *reply, const struct radius_packet *req,
    struct kf_span secret, uint16_t salt, struct kf_span password)
{
	/* tag, salt, then blocks of 16: the length byte, the password, zeroes */
	uint8_t v[3 + RADIUS_PASSWORD_MAX + 16] = {0, (uint8_t)(salt >> 8 | 0x80), (uint8_t)salt};
	size_t n = (1 + password.n + MD5_LEN - 1) / MD5_LEN * MD5_LEN;
	uint8_t mask[MD5_LEN];

	assert(password.n <= RADIUS_PASSWORD_MAX);
	v[3] = (uint8_t)password.n;
	memcpy(v + 4, password.p, password.n);
	for (size_t at = 3; at < 3 + n; at += MD5_LEN) {
		const struct kf_span first[] = {
		    secret, kf_span_of(req->authenticator, RADIUS_AUTH_LEN), kf_span_of(v + 1, 2)};
		const struct kf_span next[] = {secret, kf_span_of(v + at - MD5_LEN, MD5_LEN)};

		md5_parts(at == 3 ? first : next, at == 3 ? 3 : 2, mask);
		for (size_t i = 0; i < MD5_LEN; i++)
			v[at + i] ^= mask[i];
	}
	radius_reply_add(reply, RADIUS_TUNNEL_PASSWORD, kf_span_of(v, 3 + n));
	kf_wipe(mask, sizeof(mask));
}

enum kf_err
radius_reply_finish(
    struct radius_reply *reply, const struct radius_packet *req, struct kf_span secret)
{
	struct kf_rd rd = kf_rd_of(req->attrs);
	struct radius_attr a;
	uint8_t *ma = reply->b + HEAD_LEN + 2;

	while (radius_next(&rd, &a))
		if (a.type == RADIUS_PROXY_STATE && a.value.n > 0)
			radius_reply_add(reply, RADIUS_PROXY_STATE, a.value);
	if (reply->bad)
		return KF_ELIMIT;
	reply->b[2] = (uint8_t)(reply->n >> 8);
	reply->b[3] = (uint8_t)reply->n;
	if (reply->signs)
		hmac_md5(secret, kf_span_of(reply->b, reply->n), ma);
	const struct kf_span part[] = {kf_span_of(reply->b, reply->n), secret};
	uint8_t authenticator[MD5_LEN];

	md5_parts(part, 2, authenticator);
	memcpy(reply->b + AUTH_AT, authenticator, MD5_LEN);
	return KF_OK;
}
