/* The smallest PNG there is: one bit a pixel, 0 black and 1 white. W3C PNG, second edition. */
#ifndef VIEW_PNG_H
#define VIEW_PNG_H

#include "common/err.h"
#include "common/span.h"
#include "common/text.h"

#define PNG_SIDE_MAX 8192 /* pixels */

/* bits: height rows of (width + 7) / 8 bytes, leftmost pixel in the top bit. Appends the file.
 * Errors: KF_EINVAL a side is 0 or over PNG_SIDE_MAX, or bits has another length; KF_ENOMEM. */
enum kf_err
png_write(struct kf_span bits, unsigned width, unsigned height, struct kf_buf *out) KF_MUST_CHECK;

#endif
