#include "portal/view/png.h"

#include "common/secret.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* W3C PNG 5.3: length, type, data, CRC of type and data. */
static void
chunk_add(struct kf_buf *out, const char type[5], const uint8_t *data, size_t n)
{
	uLong crc = crc32(0, (const Bytef *)type, 4);

	if (n > 0)
		crc = crc32(crc, data, (uInt)n);
	kf_buf_u32(out, (uint32_t)n);
	kf_buf_add(out, type, 4);
	kf_buf_add(out, data, n);
	kf_buf_u32(out, (uint32_t)crc);
}

static void
header_add(struct kf_buf *out, unsigned width, unsigned height)
{
	static const uint8_t sign[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
	/* bit depth 1, grey, deflate, adaptive filters, not interlaced */
	uint8_t ihdr[13] = {[8] = 1};

	for (unsigned i = 0; i < 4; i++) {
		ihdr[i] = (uint8_t)(width >> (24 - 8 * i));
		ihdr[4 + i] = (uint8_t)(height >> (24 - 8 * i));
	}
	kf_buf_add(out, sign, sizeof(sign));
	chunk_add(out, "IHDR", ihdr, sizeof(ihdr));
}

enum kf_err
png_write(struct kf_span bits, unsigned width, unsigned height, struct kf_buf *out)
{
	size_t row = ((size_t)width + 7) / 8, raw_n = (row + 1) * height;
	uint8_t *raw = NULL, *packed = NULL;
	uLongf packed_n = compressBound((uLong)raw_n);
	enum kf_err r = KF_ENOMEM;

	if (width < 1 || width > PNG_SIDE_MAX || height < 1 || height > PNG_SIDE_MAX ||
	    bits.n != row * height)
		return KF_EINVAL;
	raw = calloc(1, raw_n); /* each row begins with its filter: 0, none */
	packed = malloc(packed_n);
	if (raw == NULL || packed == NULL)
		goto out;
	for (size_t y = 0; y < height; y++)
		memcpy(raw + y * (row + 1) + 1, bits.p + y * row, row);
	if (compress2(packed, &packed_n, raw, (uLong)raw_n, Z_BEST_COMPRESSION) != Z_OK)
		goto out;
	header_add(out, width, height);
	chunk_add(out, "IDAT", packed, packed_n);
	chunk_add(out, "IEND", NULL, 0);
	r = out->bad ? KF_ENOMEM : KF_OK;
out:
	if (raw != NULL)
		kf_wipe(raw, raw_n);
	if (packed != NULL)
		kf_wipe(packed, packed_n);
	free(raw);
	free(packed);
	return r;
}
