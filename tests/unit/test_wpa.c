#include "common/wpa.h"
#include "tests/unit/tap.h"
#include "tests/vectors/golden.h"
#include "tests/vectors/handshakes.h"
#include "tests/vectors/unhex.h"

static bool
pmk_is(const char *pass, const char *ssid, const char *hex)
{
	struct kf_pmk got, want;

	unhex(hex, want.b);
	return kf_pmk_derive(kf_span_str(pass), kf_span_str(ssid), &got) == KF_OK &&
	    memcmp(&got, &want, sizeof(want)) == 0;
}

static void
test_passphrase(void)
{
	struct kf_pmk pmk;

	IT("derives the PMKs of IEEE 802.11-2020 J.4.2");
	OK(pmk_is("password", "IEEE",
	    "f42c6fc52df0ebef9ebb4b90b38a5f902e83fe1b135a70e23aed762e9710a12e"));
	OK(pmk_is("ThisIsAPassword", "ThisIsASSID",
	    "0dc0d6eb90555ed6419756b9a15ec3e3209b63df707dd508d14581f8982721af"));
	OK(pmk_is("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ",
	    "becb93866bb8c3832cb777c2f559807c8c59afcb6eae734885001300a981cc62"));
	IT("derives the PMK of the golden handshake");
	OK(pmk_is(GOLDEN_PASS, GOLDEN_SSID, GOLDEN_PMK));
	IT("refuses a passphrase of 7 or 64 characters, or with one that is not printable ASCII");
	OK(kf_pmk_derive(KF_LIT("1234567"), KF_LIT("s"), &pmk) == KF_EINVAL);
	OK(kf_pmk_derive(KF_LIT("0123456789012345678901234567890123456789012345678901234567890123"),
	       KF_LIT("s"), &pmk) == KF_EINVAL);
	OK(kf_pmk_derive(KF_LIT("1234567\x7f"), KF_LIT("s"), &pmk) == KF_EINVAL);
	OK(kf_pmk_derive(KF_LIT("1234567\t"), KF_LIT("s"), &pmk) == KF_EINVAL);
	OK(kf_pmk_derive(KF_LIT("p\xc3\xa4sswort"), KF_LIT("s"), &pmk) == KF_EINVAL);
	IT("takes a space, as the standard does");
	OK(kf_pass_ok(KF_LIT("two words")));
}

static void
test_text(void)
{
	struct kf_pmk pmk, want;

	IT("takes 64 hexadecimal digits as the PMK itself");
	unhex(GOLDEN_PMK, want.b);
	OK(kf_pmk_parse(kf_span_str(GOLDEN_PMK), KF_LIT("any"), &pmk) == KF_OK);
	OK(memcmp(&pmk, &want, sizeof(want)) == 0);
	IT("takes anything shorter as a passphrase");
	OK(kf_pmk_parse(kf_span_str(GOLDEN_PASS), kf_span_str(GOLDEN_SSID), &pmk) == KF_OK);
	OK(memcmp(&pmk, &want, sizeof(want)) == 0);
	IT("refuses 64 characters that are not hexadecimal");
	OK(kf_pmk_parse(KF_LIT("x4a4f34b6270fccb7dffa8c9e610e3b80f021c8165bcf53c99c3f818167982ab"),
	       KF_LIT("s"), &pmk) == KF_EINVAL);
}

static void
test_kck_mic(enum wpa_akm akm, uint16_t bits, const char *kck_hex, const char *m2_hex)
{
	struct wpa_ptk in = {.bits = bits};
	uint8_t frame[256], mic[WPA_MIC_LEN], want[WPA_MIC_LEN], kck_want[16];
	struct wpa_kck kck;
	struct kf_pmk pmk;
	size_t n = unhex(m2_hex, frame);

	unhex(OWN_PMK, pmk.b);
	unhex(OWN_AA, in.aa);
	unhex(OWN_SPA, in.spa);
	unhex(OWN_ANONCE, in.anonce);
	unhex(OWN_SNONCE, in.snonce);
	unhex(kck_hex, kck_want);
	OK(wpa_kck(akm, &pmk, &in, &kck) == KF_OK);
	OK(memcmp(kck.b, kck_want, 16) == 0);
	memcpy(want, frame + 81, 16);
	memset(frame + 81, 0, 16);
	OK(wpa_mic(akm, &kck, kf_span_of(frame, n), mic) == KF_OK);
	OK(memcmp(mic, want, 16) == 0);
}

int
main(void)
{
	test_passphrase();
	test_text();
	IT("agrees with the oracle on KCK and MIC of AKM 2");
	test_kck_mic(WPA_AKM_PSK, 384, OWN_AKM2_KCK, OWN_AKM2_M2);
	IT("agrees with the oracle on KCK and MIC of AKM 6");
	test_kck_mic(WPA_AKM_PSK_SHA256, 384, OWN_AKM6_KCK, OWN_AKM6_M2);
	IT("hashes the PTK's length: AKM 6 with a 256-bit cipher has another KCK");
	test_kck_mic(WPA_AKM_PSK_SHA256, 512, OWN_AKM6_GCMP256_KCK, OWN_AKM6_GCMP256_M2);
	return tap_end();
}
