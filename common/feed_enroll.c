#include "common/feed_enroll.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define HEX_LEN 32 /* of 16 bytes */

void
feed_code_text(const struct feed_code *code, char out[FEED_CODE_TEXT_MAX + 1])
{
	char id[HEX_LEN + 1], secret[HEX_LEN + 1];
	int n;

	kf_hex(kf_span_of(code->id, sizeof(code->id)), id);
	kf_hex(kf_span_of(code->code, sizeof(code->code)), secret);
	n = snprintf(out, FEED_CODE_TEXT_MAX + 1, "%s#%s.%s", code->url, id, secret);
	assert(n > 0 && n <= FEED_CODE_TEXT_MAX);
	kf_wipe(secret, sizeof(secret));
}

static bool
space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
url_ok(struct kf_span url)
{
	if (url.n < 8 || url.n > FEED_URL_MAX)
		return false;
	if (memcmp(url.p, "http://", 7) != 0 && memcmp(url.p, "https://", 8) != 0)
		return false;
	for (size_t i = 0; i < url.n; i++)
		if (url.p[i] <= ' ' || url.p[i] >= 0x7f)
			return false;
	return true;
}

enum kf_err
feed_code_parse(struct kf_span text, struct feed_code *out)
{
	const size_t tail = 1 + HEX_LEN + 1 + HEX_LEN;
	enum kf_err r;

	memset(out, 0, sizeof(*out));
	while (text.n > 0 && space(text.p[text.n - 1]))
		text.n--;
	for (; text.n > 0 && space(text.p[0]); text.n--)
		text.p++;
	if (text.n <= tail)
		return KF_EINVAL;
	struct kf_span url = kf_span_of(text.p, text.n - tail);
	const uint8_t *p = text.p + url.n;
	if (!url_ok(url) || p[0] != '#' || p[1 + HEX_LEN] != '.')
		return KF_EINVAL;
	if ((r = kf_unhex(kf_span_of(p + 1, HEX_LEN), out->id, sizeof(out->id))) != KF_OK ||
	    (r = kf_unhex(kf_span_of(p + 2 + HEX_LEN, HEX_LEN), out->code, sizeof(out->code))) !=
		KF_OK)
		return r;
	memcpy(out->url, url.p, url.n);
	while (url.n > 0 && out->url[url.n - 1] == '/')
		out->url[--url.n] = '\0';
	return KF_OK;
}

static void
put_der(struct kf_buf *b, struct kf_span der)
{
	assert(der.n >= 1);
	assert(der.n <= FEED_DER_MAX);
	kf_buf_u16(b, (uint16_t)der.n);
	kf_buf_add(b, der.p, der.n);
}

static struct kf_span
take_der(struct kf_rd *rd)
{
	uint16_t n = kf_rd_u16(rd);

	if (n < 1 || n > FEED_DER_MAX)
		rd->bad = true;
	return kf_rd_take(rd, n);
}

static void
put_mac(struct kf_buf *b, const uint8_t code[FEED_CODE_LEN], struct kf_span of)
{
	struct kf_hash mac;

	kf_hmac_sha256(kf_span_of(code, FEED_CODE_LEN), of, &mac);
	kf_buf_add(b, mac.b, sizeof(mac.b));
}

void
feed_put_enroll(struct kf_buf *b, const struct feed_code *code, struct kf_span csr)
{
	feed_put_magic(b, FEED_ENROLL);
	kf_buf_add(b, code->id, sizeof(code->id));
	put_der(b, csr);
	put_mac(b, code->code, csr);
}

enum kf_err
feed_read_enroll(struct kf_span msg, struct feed_enroll *out)
{
	struct kf_rd rd = kf_rd_of(msg);

	memset(out, 0, sizeof(*out));
	if (feed_take_magic(&rd) != FEED_ENROLL)
		return KF_EINVAL;
	kf_rd_copy(&rd, out->id, sizeof(out->id));
	out->csr = take_der(&rd);
	kf_rd_copy(&rd, out->mac.b, sizeof(out->mac.b));
	return rd.bad || rd.n != 0 ? KF_EINVAL : KF_OK;
}

enum kf_err
feed_enroll_check(const struct feed_enroll *e, const uint8_t code[FEED_CODE_LEN])
{
	struct kf_hash want;

	kf_hmac_sha256(kf_span_of(code, FEED_CODE_LEN), e->csr, &want);
	return kf_ct_equal(want.b, e->mac.b, sizeof(want.b)) ? KF_OK : KF_EDENIED;
}

void
feed_put_enrolled(
    struct kf_buf *b, const struct feed_enrolled *e, const uint8_t code[FEED_CODE_LEN])
{
	size_t url_len = strlen(e->url);

	assert(b->n == 0); /* the mac covers the whole buffer */
	feed_put_magic(b, FEED_ENROLLED);
	kf_buf_add(b, e->agent, sizeof(e->agent));
	put_der(b, e->cert);
	put_der(b, e->ca);
	kf_buf_u8(b, (uint8_t)url_len);
	kf_buf_add(b, e->url, url_len);
	put_mac(b, code, kf_buf_span(b));
}

enum kf_err
feed_read_enrolled(struct kf_span msg, const uint8_t code[FEED_CODE_LEN], struct feed_enrolled *out)
{
	struct kf_rd rd = kf_rd_of(msg);
	struct kf_hash want, mac;

	memset(out, 0, sizeof(*out));
	if (feed_take_magic(&rd) != FEED_ENROLLED)
		return KF_EINVAL;
	kf_rd_copy(&rd, out->agent, sizeof(out->agent));
	out->cert = take_der(&rd);
	out->ca = take_der(&rd);
	struct kf_span url = kf_rd_take(&rd, kf_rd_u8(&rd));
	size_t signed_len = msg.n - rd.n;
	kf_rd_copy(&rd, mac.b, sizeof(mac.b));
	if (rd.bad || rd.n != 0)
		return KF_EINVAL;
	kf_hmac_sha256(kf_span_of(code, FEED_CODE_LEN), kf_span_of(msg.p, signed_len), &want);
	if (!kf_ct_equal(want.b, mac.b, sizeof(want.b)))
		return KF_EDENIED;
	if (!url_ok(url))
		return KF_EINVAL;
	memcpy(out->url, url.p, url.n);
	return KF_OK;
}

void
feed_put_renewed(struct kf_buf *b, struct kf_span cert, struct kf_span ca)
{
	feed_put_magic(b, FEED_RENEWED);
	put_der(b, cert);
	put_der(b, ca);
}

enum kf_err
feed_read_renewed(struct kf_span msg, struct kf_span *cert, struct kf_span *ca)
{
	struct kf_rd rd = kf_rd_of(msg);

	if (feed_take_magic(&rd) != FEED_RENEWED)
		return KF_EINVAL;
	*cert = take_der(&rd);
	*ca = take_der(&rd);
	return rd.bad || rd.n != 0 ? KF_EINVAL : KF_OK;
}
