#include "portal/view/qr.h"

#include "tests/unit/tap.h"

#include <stdlib.h>
#include <string.h>

static bool
dark(const struct qr *qr, unsigned x, unsigned y)
{
	return qr->dark[(size_t)y * qr->size + x] != 0;
}

/* A finder pattern's ring, gap and core at its diagonal. */
static bool
finder(const struct qr *qr, unsigned x, unsigned y)
{
	return dark(qr, x, y) && !dark(qr, x + 1, y + 1) && dark(qr, x + 2, y + 2) &&
	    dark(qr, x + 4, y + 4) && !dark(qr, x + 5, y + 5) && dark(qr, x + 6, y + 6);
}

int
main(void)
{
	struct qr qr = {0}, none = {0};
	struct kf_buf svg = {0}, png = {0};
	char *big = calloc(1, QR_TEXT_MAX + 1);

	if (big == NULL)
		return 1;
	IT("makes a code of version 4 from a usual Wi-Fi URI, with three finders");
	OK(qr_encode(KF_LIT("WIFI:T:WPA;S:Front Office;P:ajf6-29h5-295d;;"), &qr) == KF_OK);
	OK(qr.size == 33);
	OK(finder(&qr, 0, 0));
	OK(finder(&qr, qr.size - 7, 0));
	OK(finder(&qr, 0, qr.size - 7));

	IT("draws one white tile with a quiet zone of 4 and one path");
	qr_svg(&qr, "joins \"A\" & <B>", &svg);
	OK(strstr(kf_buf_cstr(&svg), "viewBox=\"0 0 41 41\"") != NULL);
	OK(strstr(kf_buf_cstr(&svg), "<path fill=\"#fff\" d=\"M0 0h41v41H0z\"/>") != NULL);
	OK(strstr(kf_buf_cstr(&svg), "d=\"M4 4h7v1h-7z") != NULL);
	OK(strstr(kf_buf_cstr(&svg), "style") == NULL);
	IT("escapes the label");
	OK(strstr(kf_buf_cstr(&svg), "aria-label=\"joins &quot;A&quot; &amp; &lt;B&gt;\"") != NULL);

	IT("writes a PNG of (size + 8) * scale pixels");
	OK(qr_png(&qr, 3, &png) == KF_OK);
	OK(png.n > 24 && memcmp(png.p + 16, "\0\0\0\x7b\0\0\0\x7b", 8) == 0); /* 123 */

	IT("takes the longest text, and refuses none and a longer one");
	qr_release(&qr);
	memset(big, 'x', QR_TEXT_MAX + 1);
	OK(qr_encode(kf_span_of(big, QR_TEXT_MAX), &qr) == KF_OK);
	OK(qr_encode(kf_span_of(big, QR_TEXT_MAX + 1), &none) == KF_EINVAL);
	OK(qr_encode(kf_span_of(big, 0), &none) == KF_EINVAL);
	OK(none.dark == NULL);

	IT("may be released twice");
	qr_release(&qr);
	qr_release(&qr);
	OK(qr.dark == NULL);
	kf_buf_free(&svg);
	kf_buf_free(&png);
	free(big);
	return tap_end();
}
