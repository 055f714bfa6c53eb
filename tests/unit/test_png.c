#include "portal/view/png.h"

#include "tests/unit/tap.h"

#include <string.h>
#include <zlib.h>

/* The chunk at *at: its type is want and its CRC holds; moves on. Returns its data. */
static struct kf_span
chunk(struct kf_rd *rd, const char *want, bool *good)
{
	uint32_t n = kf_rd_u32(rd);
	struct kf_span type = kf_rd_take(rd, 4), data = kf_rd_take(rd, n);
	uLong crc = crc32(0, type.p, 4);

	if (data.n > 0)
		crc = crc32(crc, data.p, (uInt)data.n);
	*good = kf_rd_u32(rd) == crc && !rd->bad && memcmp(type.p, want, 4) == 0;
	return data;
}

int
main(void)
{
	/* 10 x 2 pixels: two bytes a row */
	static const uint8_t bits[] = {0xaa, 0x80, 0x55, 0x40};
	static const uint8_t raw[] = {0, 0xaa, 0x80, 0, 0x55, 0x40};
	struct kf_buf out = {0};
	struct kf_rd rd;
	struct kf_span data;
	uint8_t back[64];
	uLongf back_n = sizeof(back);
	bool good = false;

	IT("writes signature, header, data and end, each with a valid CRC");
	OK(png_write(kf_span_of(bits, sizeof(bits)), 10, 2, &out) == KF_OK);
	rd = kf_rd_of(kf_buf_span(&out));
	OK(memcmp(kf_rd_take(&rd, 8).p, "\x89PNG\r\n\x1a\n", 8) == 0);
	data = chunk(&rd, "IHDR", &good);
	OK(good);
	OK(data.n == 13 && memcmp(data.p, "\0\0\0\x0a\0\0\0\x02\x01\0\0\0\0", 13) == 0);
	data = chunk(&rd, "IDAT", &good);
	OK(good);
	IT("unpacks to the rows given, each with filter 0");
	OK(uncompress(back, &back_n, data.p, (uLong)data.n) == Z_OK);
	OK(back_n == sizeof(raw) && memcmp(back, raw, sizeof(raw)) == 0);
	data = chunk(&rd, "IEND", &good);
	OK(good && data.n == 0 && rd.n == 0);

	IT("refuses sides of 0, sides beyond the cap, and bits of another length");
	OK(png_write(kf_span_of(bits, 0), 0, 2, &out) == KF_EINVAL);
	OK(png_write(kf_span_of(bits, 0), 10, 0, &out) == KF_EINVAL);
	OK(png_write(kf_span_of(bits, 4), PNG_SIDE_MAX + 1, 1, &out) == KF_EINVAL);
	OK(png_write(kf_span_of(bits, 3), 10, 2, &out) == KF_EINVAL);
	kf_buf_free(&out);
	return tap_end();
}
