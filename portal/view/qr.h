/* QR codes: bytes to modules (libqrencode, error correction M), modules to SVG and PNG.
 * A Wi-Fi code IS the passphrase: release wipes, and the buffers wipe when freed. */
#ifndef VIEW_QR_H
#define VIEW_QR_H

#include "common/err.h"
#include "common/span.h"
#include "common/text.h"

#define QR_QUIET 4	/* light modules around the code. ISO/IEC 18004:2015 6.3.8 */
#define QR_TEXT_MAX 512 /* bytes; the longest Wi-Fi URI has 214 */
#define QR_SCALE_MAX 32 /* pixels a module */

struct qr {
	uint8_t *dark; /* size * size bytes, row by row, 1 = dark; owned */
	unsigned size; /* modules a side, quiet zone not counted: 21..177 */
};

/* text: 1..QR_TEXT_MAX bytes, taken as they are. out is set only on KF_OK; release it.
 * Errors: KF_EINVAL empty or too long; KF_ENOMEM. */
enum kf_err qr_encode(struct kf_span text, struct qr *out) KF_MUST_CHECK;
void qr_release(struct qr *qr);

/* Appends <svg class="qr" role="img" aria-label="LABEL" ...>: a white tile with quiet zone and one
 * <path>, no style, no id, so it may stand in any page and twice. label is escaped here. */
void qr_svg(const struct qr *qr, const char *label, struct kf_buf *out);

/* Appends a 1-bit grey PNG with quiet zone, scale (1..QR_SCALE_MAX) pixels a module.
 * Errors: KF_ENOMEM. */
enum kf_err qr_png(const struct qr *qr, unsigned scale, struct kf_buf *out) KF_MUST_CHECK;

#endif
