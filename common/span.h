/* Borrowed bytes, and a cursor over them that latches failure: read everything, then check
 * rd.bad once. A read past the end gives zeroes (or an empty span) and sets bad. */
#ifndef COMMON_SPAN_H
#define COMMON_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kf_span {
	const uint8_t *p;
	size_t n;
};

struct kf_rd {
	const uint8_t *p;
	size_t n; /* bytes left */
	bool bad;
};

#define KF_LIT(s) ((struct kf_span){(const uint8_t *)("" s), sizeof(s) - 1})

struct kf_span kf_span_of(const void *p, size_t n);
struct kf_span kf_span_str(const char *s);	     /* NULL gives an empty span */
bool kf_span_eq(struct kf_span a, struct kf_span b); /* not for secrets: see kf_ct_equal */

struct kf_rd kf_rd_of(struct kf_span s);
uint8_t kf_rd_u8(struct kf_rd *rd);
uint16_t kf_rd_u16(struct kf_rd *rd); /* all integers are big endian */
uint32_t kf_rd_u32(struct kf_rd *rd);
uint64_t kf_rd_u64(struct kf_rd *rd);
uint16_t kf_rd_u16le(struct kf_rd *rd);
uint32_t kf_rd_u32le(struct kf_rd *rd);
struct kf_span kf_rd_take(struct kf_rd *rd, size_t n);	/* borrowed; exactly n bytes or bad */
void kf_rd_copy(struct kf_rd *rd, void *out, size_t n); /* out is zeroed when bad */

#endif
