#include "common/text.h"

#include "common/secret.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Room for n more bytes and a NUL. Not realloc: the old copy must be wiped. */
static bool
buf_room(struct kf_buf *b, size_t n)
{
	size_t max = b->max > 0 ? b->max : KF_BUF_MAX, cap = b->cap > 0 ? b->cap : 256;
	char *p;

	if (b->bad || n > max || b->n > max - n) {
		b->bad = true;
		return false;
	}
	if (b->n + n < b->cap)
		return true;
	while (cap <= b->n + n)
		cap *= 2;
	p = malloc(cap);
	if (p == NULL) {
		b->bad = true;
		return false;
	}
	if (b->n > 0)
		memcpy(p, b->p, b->n);
	if (b->p != NULL)
		kf_wipe(b->p, b->cap);
	free(b->p);
	b->p = p;
	b->cap = cap;
	return true;
}

void
kf_buf_add(struct kf_buf *b, const void *p, size_t n)
{
	if (n == 0 || !buf_room(b, n))
		return;
	memcpy(b->p + b->n, p, n);
	b->n += n;
	b->p[b->n] = '\0';
}

void
kf_buf_str(struct kf_buf *b, const char *s)
{
	kf_buf_add(b, s, strlen(s));
}

void
kf_buf_fmt(struct kf_buf *b, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		b->bad = true;
	else if (n > 0 && buf_room(b, (size_t)n)) {
		(void)vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
		b->n += (size_t)n;
	}
	va_end(again);
}

void
kf_buf_u8(struct kf_buf *b, uint8_t v)
{
	kf_buf_add(b, &v, 1);
}

void
kf_buf_u16(struct kf_buf *b, uint16_t v)
{
	uint8_t w[2] = {(uint8_t)(v >> 8), (uint8_t)v};

	kf_buf_add(b, w, sizeof(w));
}

void
kf_buf_u32(struct kf_buf *b, uint32_t v)
{
	kf_buf_u16(b, (uint16_t)(v >> 16));
	kf_buf_u16(b, (uint16_t)v);
}

void
kf_buf_u64(struct kf_buf *b, uint64_t v)
{
	kf_buf_u32(b, (uint32_t)(v >> 32));
	kf_buf_u32(b, (uint32_t)v);
}

void
kf_buf_hex(struct kf_buf *b, struct kf_span s)
{
	char two[3];

	for (size_t i = 0; i < s.n; i++) {
		kf_hex((struct kf_span){s.p + i, 1}, two);
		kf_buf_add(b, two, 2);
	}
}

void
kf_buf_base64(struct kf_buf *b, struct kf_span s)
{
	static const char sym[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < s.n; i += 3) {
		size_t left = s.n - i;
		uint32_t v = (uint32_t)s.p[i] << 16;
		char out[4];

		if (left > 1)
			v |= (uint32_t)s.p[i + 1] << 8;
		if (left > 2)
			v |= s.p[i + 2];
		out[0] = sym[v >> 18];
		out[1] = sym[v >> 12 & 63];
		out[2] = left > 1 ? sym[v >> 6 & 63] : '=';
		out[3] = left > 2 ? sym[v & 63] : '=';
		kf_buf_add(b, out, 4);
	}
}

void
kf_buf_reset(struct kf_buf *b)
{
	if (b->p != NULL)
		kf_wipe(b->p, b->cap);
	b->n = 0;
	b->bad = false;
}

void
kf_buf_free(struct kf_buf *b)
{
	if (b->p != NULL)
		kf_wipe(b->p, b->cap);
	free(b->p);
	*b = (struct kf_buf){.max = b->max};
}

struct kf_span
kf_buf_span(const struct kf_buf *b)
{
	return kf_span_of(b->p, b->n);
}

const char *
kf_buf_cstr(const struct kf_buf *b)
{
	return b->n > 0 ? b->p : "";
}

void
kf_hex(struct kf_span s, char *out)
{
	static const char digit[] = "0123456789abcdef";

	for (size_t i = 0; i < s.n; i++) {
		*out++ = digit[s.p[i] >> 4];
		*out++ = digit[s.p[i] & 15];
	}
	*out = '\0';
}

static int
hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

enum kf_err
kf_unhex(struct kf_span hex, uint8_t *out, size_t n)
{
	if (hex.n != 2 * n)
		return KF_EINVAL;
	for (size_t i = 0; i < n; i++) {
		int hi = hex_value(hex.p[2 * i]), lo = hex_value(hex.p[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return KF_EINVAL;
		out[i] = (uint8_t)(hi << 4 | lo);
	}
	return KF_OK;
}

static int
base64_value(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

enum kf_err
kf_unbase64(struct kf_span s, struct kf_buf *out)
{
	uint32_t v = 0;
	size_t sym = 0, pad = 0;

	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];

		if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
			continue;
		if (c == '=') {
			pad++;
			continue;
		}
		if (pad > 0 || base64_value(c) < 0)
			return KF_EINVAL;
		v = v << 6 | (uint32_t)base64_value(c);
		if (++sym % 4 == 0) {
			kf_buf_u8(out, (uint8_t)(v >> 16));
			kf_buf_u16(out, (uint16_t)v);
			v = 0;
		}
	}
	if (sym % 4 == 1 || pad != (4 - sym % 4) % 4)
		return KF_EINVAL;
	if (sym % 4 == 2) {
		if ((v & 15) != 0)
			return KF_EINVAL; /* bits that encode nothing: a second spelling */
		kf_buf_u8(out, (uint8_t)(v >> 4));
	} else if (sym % 4 == 3) {
		if ((v & 3) != 0)
			return KF_EINVAL;
		kf_buf_u16(out, (uint16_t)(v >> 2));
	}
	return out->bad ? KF_ENOMEM : KF_OK;
}

enum kf_err
kf_parse_u64(struct kf_span s, uint64_t min, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	if (s.n == 0)
		return KF_EINVAL;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(s.p[i] - '0'), &v))
			return KF_EINVAL;
	}
	if (v < min || v > max)
		return KF_EINVAL;
	*out = v;
	return KF_OK;
}

enum kf_err
kf_parse_mac(struct kf_span s, uint8_t out[6])
{
	char digits[12];
	size_t n = 0;

	if (s.n != 12 && s.n != 17)
		return KF_EINVAL;
	for (size_t i = 0; i < s.n; i++) {
		if (s.n == 17 && i % 3 == 2) {
			if (s.p[i] != s.p[2] || (s.p[i] != ':' && s.p[i] != '-'))
				return KF_EINVAL;
			continue;
		}
		digits[n++] = (char)s.p[i];
	}
	return kf_unhex(kf_span_of(digits, n), out, 6);
}

void
kf_mac_str(const uint8_t mac[6], char out[18])
{
	for (size_t i = 0; i < 6; i++) {
		kf_hex(kf_span_of(mac + i, 1), out + 3 * i);
		out[3 * i + 2] = ':';
	}
	out[17] = '\0';
}

void
kf_uuid_str(const uint8_t id[16], char out[37])
{
	static const uint8_t part[] = {4, 2, 2, 2, 6};
	size_t at = 0;

	for (size_t i = 0; i < sizeof(part); i++) {
		kf_hex(kf_span_of(id + at, part[i]), out);
		out += (size_t)2 * part[i];
		at += part[i];
		*out++ = i + 1 < sizeof(part) ? '-' : '\0';
	}
}

enum kf_err
kf_parse_uuid(struct kf_span s, uint8_t out[16])
{
	char digits[32];
	size_t n = 0;

	if (s.n != 36)
		return KF_EINVAL;
	for (size_t i = 0; i < s.n; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash != (s.p[i] == '-'))
			return KF_EINVAL;
		if (!dash)
			digits[n++] = (char)s.p[i];
	}
	return kf_unhex(kf_span_of(digits, n), out, 16);
}

/* The code point at s[*i], *i moved past it; -1 when it is not well-formed. RFC 3629 4 */
static int32_t
utf8_next(struct kf_span s, size_t *i)
{
	uint8_t c = s.p[(*i)++];
	int32_t v;
	size_t more;

	if (c < 0x80)
		return c;
	more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
	if (c < 0xc2 || c > 0xf4 || s.n - *i < more)
		return -1;
	v = c & (0x3f >> more);
	for (size_t k = 0; k < more; k++) {
		if ((s.p[*i] & 0xc0) != 0x80)
			return -1;
		v = v << 6 | (s.p[(*i)++] & 0x3f);
	}
	if ((more == 2 && v < 0x800) || (more == 3 && v < 0x10000) || v > 0x10ffff ||
	    (v >= 0xd800 && v <= 0xdfff))
		return -1;
	return v;
}

bool
kf_text_clean(struct kf_span s)
{
	for (size_t i = 0; i < s.n;) {
		int32_t v = utf8_next(s, &i);

		if (v < 0x20 || (v >= 0x7f && v <= 0x9f))
			return false;
		if ((v >= 0x200b && v <= 0x200f) || (v >= 0x2028 && v <= 0x202e) ||
		    (v >= 0x2060 && v <= 0x2069) || v == 0xfeff)
			return false;
	}
	return true;
}

bool
kf_email_ok(struct kf_span s)
{
	size_t at = 0;

	if (s.n < 3 || s.n > 254)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f || strchr("<>()[]\\,;:\"", s.p[i]) != NULL)
			return false;
		if (s.p[i] == '@') {
			if (at > 0 || i == 0 || i > 64 || i + 1 == s.n)
				return false;
			at = i;
		}
	}
	return at > 0;
}

enum kf_err
kf_email_norm(struct kf_span s, char out[255])
{
	bool domain = false;

	out[0] = '\0';
	if (!kf_email_ok(s))
		return KF_EINVAL;
	for (size_t i = 0; i < s.n; i++) {
		out[i] = (char)(domain ? tolower(s.p[i]) : s.p[i]);
		domain |= s.p[i] == '@';
	}
	out[s.n] = '\0';
	return KF_OK;
}

void
kf_time_utc(int64_t t, char out[21])
{
	time_t when = (time_t)t;
	struct tm tm;

	out[0] = '\0';
	if (gmtime_r(&when, &tm) != NULL && strftime(out, 21, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		out[0] = '\0';
}
