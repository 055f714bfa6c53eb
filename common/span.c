#include "common/span.h"

#include <string.h>

struct kf_span
kf_span_of(const void *p, size_t n)
{
	return (struct kf_span){p, n};
}

struct kf_span
kf_span_str(const char *s)
{
	return (struct kf_span){(const uint8_t *)s, s == NULL ? 0 : strlen(s)};
}

bool
kf_span_eq(struct kf_span a, struct kf_span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

struct kf_rd
kf_rd_of(struct kf_span s)
{
	return (struct kf_rd){s.p, s.n, false};
}

struct kf_span
kf_rd_take(struct kf_rd *rd, size_t n)
{
	struct kf_span got = {rd->p, n};

	if (rd->bad || n > rd->n) {
		rd->bad = true;
		return (struct kf_span){NULL, 0};
	}
	if (n > 0)
		rd->p += n;
	rd->n -= n;
	return got;
}

void
kf_rd_copy(struct kf_rd *rd, void *out, size_t n)
{
	struct kf_span s = kf_rd_take(rd, n);

	memset(out, 0, n);
	if (s.n > 0)
		memcpy(out, s.p, s.n);
}

static uint64_t
rd_be(struct kf_rd *rd, size_t n)
{
	struct kf_span s = kf_rd_take(rd, n);
	uint64_t v = 0;

	for (size_t i = 0; i < s.n; i++)
		v = v << 8 | s.p[i];
	return v;
}

uint8_t
kf_rd_u8(struct kf_rd *rd)
{
	return (uint8_t)rd_be(rd, 1);
}

uint16_t
kf_rd_u16(struct kf_rd *rd)
{
	return (uint16_t)rd_be(rd, 2);
}

uint32_t
kf_rd_u32(struct kf_rd *rd)
{
	return (uint32_t)rd_be(rd, 4);
}

uint64_t
kf_rd_u64(struct kf_rd *rd)
{
	return rd_be(rd, 8);
}

uint16_t
kf_rd_u16le(struct kf_rd *rd)
{
	return __builtin_bswap16(kf_rd_u16(rd));
}

uint32_t
kf_rd_u32le(struct kf_rd *rd)
{
	return __builtin_bswap32(kf_rd_u32(rd));
}
