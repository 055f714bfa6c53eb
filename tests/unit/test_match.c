#include "common/match/match.h"
#include "tests/unit/tap.h"
#include "tests/vectors/golden.h"
#include "tests/vectors/handshakes.h"
#include "tests/vectors/unhex.h"

static enum kf_err
own_read(struct handshake *hs, const char *m2, enum eapol_why *why)
{
	struct handshake_at at;
	uint8_t frame[256];
	size_t n = unhex(m2, frame);

	unhex(OWN_AA, at.ap);
	unhex(OWN_SPA, at.station);
	unhex(OWN_ANONCE, at.anonce);
	return handshake_read(hs, &at, kf_span_of(frame, n), why);
}

/* n keys that fit nothing, each another. */
static void
fill(struct match_set *set, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct kf_pmk pmk = {{(uint8_t)i, (uint8_t)(i >> 8), 1}};

		OK(match_set_put(set, &pmk, i) == KF_OK);
	}
}

static void
test_golden(void)
{
	uint8_t frame[256];
	size_t n = unhex(GOLDEN_M2, frame);
	struct handshake_at at;
	struct handshake hs;
	enum eapol_why why;
	struct kf_pmk pmk;

	unhex(GOLDEN_AA, at.ap);
	unhex(GOLDEN_SPA, at.station);
	unhex(GOLDEN_ANONCE, at.anonce);
	unhex(GOLDEN_PMK, pmk.b);
	IT("finds that the golden PMK made the golden MIC");
	OK(handshake_read(&hs, &at, kf_span_of(frame, n), &why) == KF_OK);
	OK(why == EAPOL_FINE && hs.akm == WPA_AKM_PSK);
	OK(match_one(&hs, &pmk) == KF_OK);
	IT("sees any one changed bit of PMK, MIC, nonces, addresses and frame");
	pmk.b[31] ^= 1;
	OK(match_one(&hs, &pmk) == KF_ENOENT);
	pmk.b[31] ^= 1;
	hs.mic[15] ^= 1;
	OK(match_one(&hs, &pmk) == KF_ENOENT);
	hs.mic[15] ^= 1;
	hs.ptk.anonce[0] ^= 1;
	OK(match_one(&hs, &pmk) == KF_ENOENT);
	hs.ptk.anonce[0] ^= 1;
	hs.ptk.spa[5] ^= 1;
	OK(match_one(&hs, &pmk) == KF_ENOENT);
	hs.ptk.spa[5] ^= 1;
	hs.frame[120] ^= 1;
	OK(match_one(&hs, &pmk) == KF_ENOENT);
	hs.frame[120] ^= 1;
	OK(match_one(&hs, &pmk) == KF_OK);
}

static void
test_scan(const char *m2, enum wpa_akm akm)
{
	struct match_set *set = NULL;
	struct handshake hs;
	enum eapol_why why;
	struct kf_pmk pmk;
	size_t slot = 999;

	unhex(OWN_PMK, pmk.b);
	OK(own_read(&hs, m2, &why) == KF_OK);
	OK(hs.akm == akm);
	OK(match_set_new(100, &set) == KF_OK);
	OK(match_scan(set, &hs, 0, &slot) == KF_ENOENT);
	fill(set, 37);
	OK(match_scan(set, &hs, 0, &slot) == KF_ENOENT && slot == 999);
	OK(match_set_put(set, &pmk, 4711) == KF_OK);
	fill(set, 9);
	OK(match_scan(set, &hs, 0, &slot) == KF_OK && slot == 37);
	OK(match_set_tag(set, slot) == 4711);
	OK(match_scan(set, &hs, 38, &slot) == KF_ENOENT);
	OK(match_set_count(set) == 47);
	match_set_free(&set);
	OK(set == NULL);
}

static void
test_refusals(void)
{
	struct match_set *set = NULL;
	struct handshake_at at = {{0}, {0}, {0}};
	struct handshake hs;
	enum eapol_why why;
	struct kf_pmk pmk = {{0}};
	uint8_t frame[256];
	size_t n = unhex(OWN_AKM2_M2, frame);

	IT("refuses more keys than its cap");
	OK(match_set_new(2, &set) == KF_OK);
	fill(set, 2);
	OK(match_set_put(set, &pmk, 0) == KF_ELIMIT);
	match_set_free(&set);
	IT("refuses WPA1 and SAE and says which");
	frame[4] = 254;
	OK(handshake_read(&hs, &at, kf_span_of(frame, n), &why) == KF_EINVAL && why == EAPOL_WPA1);
	frame[4] = 2;
	frame[118] = 8;
	OK(handshake_read(&hs, &at, kf_span_of(frame, n), &why) == KF_EINVAL && why == EAPOL_SAE);
	IT("refuses what is no message 2, and what is malformed");
	frame[6] = 0x8a;
	OK(handshake_read(&hs, &at, kf_span_of(frame, n), &why) == KF_EINVAL);
	OK(why == EAPOL_NOT_M2);
	OK(handshake_read(&hs, &at, kf_span_of(frame, 98), &why) == KF_EINVAL);
	OK(why == EAPOL_MALFORMED);
}

int
main(void)
{
	test_golden();
	IT("finds the one key among others, AKM 2");
	test_scan(OWN_AKM2_M2, WPA_AKM_PSK);
	IT("finds the one key among others, AKM 6");
	test_scan(OWN_AKM6_M2, WPA_AKM_PSK_SHA256);
	IT("finds the one key among others, AKM 6 with a 256-bit cipher");
	test_scan(OWN_AKM6_GCMP256_M2, WPA_AKM_PSK_SHA256);
	test_refusals();
	return tap_end();
}
