/* Vectors are written as hexadecimal text; unit tests want bytes. */
#ifndef TESTS_UNHEX_H
#define TESTS_UNHEX_H

#include "common/text.h"

#include <assert.h>
#include <string.h>

/* The bytes of hex text into out, their number returned. */
static inline size_t
unhex(const char *hex, uint8_t *out)
{
	size_t n = strlen(hex) / 2;
	enum kf_err r = kf_unhex(kf_span_str(hex), out, n);

	assert(r == KF_OK);
	return r == KF_OK ? n : 0;
}

#endif
