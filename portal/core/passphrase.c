#include "portal/core/passphrase.h"

#include <assert.h>
#include <string.h>

static const char alphabet[] = "abcdefghjkmnpqrstuvwxyz23456789";

_Static_assert(sizeof(alphabet) - 1 == 31, "4.95 bits a symbol");
_Static_assert(PASS_GROUPS_MAX * 5 - 1 <= KF_PASS_MAX, "the longest fits");

enum kf_err
passphrase_make(const struct kf_env *env, unsigned int groups, struct kf_pass *out)
{
	enum kf_err r;
	size_t n = 0;

	assert(groups >= PASS_GROUPS_MIN);
	assert(groups <= PASS_GROUPS_MAX);
	for (unsigned int i = 0; i < groups; i++) {
		if (i > 0)
			out->s[n++] = '-';
		if ((r = kf_random_text(env, alphabet, sizeof(alphabet) - 1, out->s + n, 4)) !=
		    KF_OK) {
			kf_wipe(out, sizeof(*out));
			return r;
		}
		n += 4;
	}
	out->n = (uint8_t)n;
	return KF_OK;
}

unsigned int
passphrase_bits(struct kf_span pass)
{
	/* log2 in thousandths, by the classes present: 1 lower, 2 upper, 4 digits, 8 the rest */
	static const unsigned int per_char[16] = {0, 4700, 4700, 5700, 3321, 5169, 5169, 5954, 5044,
	    5882, 5882, 6409, 5426, 6108, 6108, 6569};
	unsigned int classes = 0;

	for (size_t i = 0; i < pass.n; i++) {
		uint8_t c = pass.p[i];

		if (c >= 'a' && c <= 'z')
			classes |= 1;
		else if (c >= 'A' && c <= 'Z')
			classes |= 2;
		else if (c >= '0' && c <= '9')
			classes |= 4;
		else
			classes |= 8;
	}
	return (unsigned int)(pass.n * per_char[classes] / 1000);
}
