#include "portal/view/qr.h"

#include "common/secret.h"
#include "portal/view/png.h"
#include "portal/view/template.h"

#include <assert.h>
#include <errno.h>
#include <qrencode.h>
#include <stdlib.h>

enum kf_err
qr_encode(struct kf_span text, struct qr *out)
{
	size_t n;
	QRcode *code;
	uint8_t *dark;

	if (text.n < 1 || text.n > QR_TEXT_MAX)
		return KF_EINVAL;
	code = QRcode_encodeData((int)text.n, text.p, 0, QR_ECLEVEL_M);
	if (code == NULL)
		return errno == ENOMEM ? KF_ENOMEM : KF_EINVAL;
	n = (size_t)code->width * (size_t)code->width;
	dark = malloc(n);
	if (dark != NULL) {
		for (size_t i = 0; i < n; i++)
			dark[i] = code->data[i] & 1; /* the other bits tell what a module is for */
		*out = (struct qr){.dark = dark, .size = (unsigned)code->width};
	}
	kf_wipe(code->data, n);
	QRcode_free(code);
	return dark != NULL ? KF_OK : KF_ENOMEM;
}

void
qr_release(struct qr *qr)
{
	if (qr->dark != NULL)
		kf_wipe(qr->dark, (size_t)qr->size * qr->size);
	free(qr->dark);
	*qr = (struct qr){0};
}

/* Dark modules of row y from x on, as many as touch. */
static unsigned
run_len(const struct qr *qr, unsigned x, unsigned y)
{
	unsigned n = 0;

	while (x + n < qr->size && qr->dark[(size_t)y * qr->size + x + n] != 0)
		n++;
	return n;
}

void
qr_svg(const struct qr *qr, const char *label, struct kf_buf *out)
{
	unsigned side = qr->size + 2 * QR_QUIET;

	kf_buf_fmt(out, "<svg class=\"qr\" viewBox=\"0 0 %u %u\" width=\"%u\" height=\"%u\" ", side,
	    side, side * 8, side * 8);
	kf_buf_str(out, "role=\"img\" shape-rendering=\"crispEdges\" aria-label=\"");
	template_text(out, label);
	kf_buf_fmt(out, "\"><path fill=\"#fff\" d=\"M0 0h%uv%uH0z\"/><path fill=\"#000\" d=\"",
	    side, side);
	for (unsigned y = 0; y < qr->size; y++) {
		for (unsigned x = 0, n; x<qr->size; x += n> 0 ? n : 1) {
			n = run_len(qr, x, y);
			if (n > 0)
				kf_buf_fmt(
				    out, "M%u %uh%uv1h-%uz", x + QR_QUIET, y + QR_QUIET, n, n);
		}
	}
	kf_buf_str(out, "\"/></svg>");
}

/* Clears (makes black) the bits of one module's pixels in one row. */
static void
pixels_clear(uint8_t *row, size_t from, size_t n)
{
	for (size_t x = from; x < from + n; x++)
		row[x / 8] &= (uint8_t) ~(0x80u >> (x % 8));
}

enum kf_err
qr_png(const struct qr *qr, unsigned scale, struct kf_buf *out)
{
	unsigned side = (qr->size + 2 * QR_QUIET) * scale;
	size_t row = (side + 7) / 8, n = row * side;
	uint8_t *bits;
	enum kf_err r;

	assert(qr->dark != NULL);
	assert(scale >= 1);
	assert(scale <= QR_SCALE_MAX);
	bits = malloc(n);
	if (bits == NULL)
		return KF_ENOMEM;
	for (size_t i = 0; i < n; i++)
		bits[i] = 0xff;
	for (unsigned y = 0; y < qr->size * scale; y++)
		for (unsigned x = 0; x < qr->size; x++)
			if (qr->dark[(size_t)(y / scale) * qr->size + x] != 0)
				pixels_clear(bits + (y + QR_QUIET * scale) * row,
				    (size_t)(x + QR_QUIET) * scale, scale);
	r = png_write(kf_span_of(bits, n), side, side, out);
	kf_wipe(bits, n);
	free(bits);
	return r;
}
