/* Text and byte building: a growing buffer with a cap, hex, base64, numbers, UTF-8, e-mail. */
#ifndef COMMON_TEXT_H
#define COMMON_TEXT_H

#include "common/err.h"
#include "common/span.h"

/* A buffer that grows up to max bytes (0: KF_BUF_MAX). Failure latches in bad, so a builder
 * checks once at the end. p is NUL-terminated whenever n > 0. Zero-initialise to start:
 *	struct kf_buf b = {0};  kf_buf_str(&b, "x");  if (b.bad) ...  kf_buf_free(&b);
 * kf_buf_free wipes before it frees, so a buffer may hold a secret. */
struct kf_buf {
	char *p;
	size_t n, cap, max;
	bool bad;
};

#define KF_BUF_MAX (64UL << 20)

void kf_buf_add(struct kf_buf *b, const void *p, size_t n);
void kf_buf_str(struct kf_buf *b, const char *s);
void kf_buf_fmt(struct kf_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void kf_buf_u8(struct kf_buf *b, uint8_t v);
void kf_buf_u16(struct kf_buf *b, uint16_t v); /* big endian, as all below */
void kf_buf_u32(struct kf_buf *b, uint32_t v);
void kf_buf_u64(struct kf_buf *b, uint64_t v);
void kf_buf_hex(struct kf_buf *b, struct kf_span s);	/* lower case */
void kf_buf_base64(struct kf_buf *b, struct kf_span s); /* RFC 4648 4, padded, one line */
void kf_buf_reset(struct kf_buf *b);			/* empty, memory kept, bytes wiped */
void kf_buf_free(struct kf_buf *b);
struct kf_span kf_buf_span(const struct kf_buf *b); /* borrowed until the next change */
const char *kf_buf_cstr(const struct kf_buf *b);    /* "" when empty; borrowed */

/* out gets 2*s.n characters and a NUL. */
void kf_hex(struct kf_span s, char *out);
/* Exactly 2*n hexadecimal digits (either case) into out[n]; KF_EINVAL otherwise. */
enum kf_err kf_unhex(struct kf_span hex, uint8_t *out, size_t n) KF_MUST_CHECK;
/* Strict RFC 4648 base64; white space (CR LF TAB SP) is skipped. Appends to out. */
enum kf_err kf_unbase64(struct kf_span s, struct kf_buf *out) KF_MUST_CHECK;

/* The whole of s is a decimal number in [min, max]: no sign, no space. */
enum kf_err kf_parse_u64(struct kf_span s, uint64_t min, uint64_t max, uint64_t *out) KF_MUST_CHECK;
/* "aa:bb:cc:dd:ee:ff" or with '-' or without separators, either case. */
enum kf_err kf_parse_mac(struct kf_span s, uint8_t out[6]) KF_MUST_CHECK;
/* Lower case with ':'; out takes 18 bytes. */
void kf_mac_str(const uint8_t mac[6], char out[18]);
/* 16 bytes <-> "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", lower case; out takes 37 bytes. */
void kf_uuid_str(const uint8_t id[16], char out[37]);
enum kf_err kf_parse_uuid(struct kf_span s, uint8_t out[16]) KF_MUST_CHECK;

/* Well-formed UTF-8 without control characters (C0, C1, DEL) and without the bidirectional
 * override and isolate marks: what may be a name, a label or a header value. */
bool kf_text_clean(struct kf_span s);
/* An address that may go into an SMTP envelope: printable ASCII, one '@', local part <= 64,
 * whole <= 254, none of <>()[]\,;:" and no space. RFC 5321 4.5.3.1 */
bool kf_email_ok(struct kf_span s);
/* Copies an address with its domain in lower case. out takes 255 bytes. KF_EINVAL if not ok. */
enum kf_err kf_email_norm(struct kf_span s, char out[255]) KF_MUST_CHECK;

/* "2026-12-23T09:40:00Z"; out takes 21 bytes. t: seconds since 1970. */
void kf_time_utc(int64_t t, char out[21]);

#endif
