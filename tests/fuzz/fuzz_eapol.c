/* sources: common/[a-z]*.c common/match/match.c ap-agent/pairing.c; pkg: libcrypto */
/* A message 2 as the air delivers it: parsed, judged, tried with a key, paired. */
#include "ap-agent/pairing.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
tell(void *arg, const struct paired *p)
{
	struct handshake hs;
	enum eapol_why why;

	(void)arg;
	if (handshake_read(&hs, &p->at, p->m2, &why) == KF_OK)
		assert(hs.frame_len >= EAPOL_FRAME_MIN && hs.frame_len <= EAPOL_FRAME_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct pairing *pairing;
	static const uint8_t ap[6] = {2}, station[6] = {4};
	const struct handshake_at at = {{2}, {4}, {6}};
	const struct kf_pmk pmk = {{1}};
	struct handshake hs;
	enum eapol_why why;
	enum kf_err r;

	if (pairing == NULL && pairing_new(tell, NULL, &pairing) != KF_OK)
		return 0;
	r = handshake_read(&hs, &at, kf_span_of(data, n), &why);
	assert((r == KF_OK) == (why == EAPOL_FINE));
	assert(eapol_why_str(why) != NULL);
	if (r == KF_OK) {
		assert(hs.frame_len <= n);
		r = match_one(&hs, &pmk);
		assert(r == KF_ENOENT);
	}
	/* as message 1 and 3, and as message 2 */
	if (pairing_frame(pairing, ap, station, kf_span_of(data, n)) == KF_OK)
		r = pairing_frame(pairing, station, ap, kf_span_of(data, n));
	return 0;
}
