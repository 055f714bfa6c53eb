#include "common/wpa.h"

#include "common/text.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#define PBKDF2_ROUNDS 4096
#define LABEL "Pairwise key expansion"
#define CONTEXT_LEN (2 * 6 + 2 * WPA_NONCE_LEN)

bool
kf_pass_ok(struct kf_span pass)
{
	if (pass.n < WPA_PASS_MIN || pass.n > KF_PASS_MAX)
		return false;
	for (size_t i = 0; i < pass.n; i++)
		if (pass.p[i] < 0x20 || pass.p[i] > 0x7e)
			return false;
	return true;
}

enum kf_err
kf_pmk_derive(struct kf_span pass, struct kf_span ssid, struct kf_pmk *out)
{
	assert(ssid.n >= 1);
	assert(ssid.n <= 32);
	if (!kf_pass_ok(pass))
		return KF_EINVAL;
	if (!PKCS5_PBKDF2_HMAC((const char *)pass.p, (int)pass.n, ssid.p, (int)ssid.n,
		PBKDF2_ROUNDS, EVP_sha1(), sizeof(out->b), out->b))
		return KF_EIO;
	return KF_OK;
}

enum kf_err
kf_pmk_parse(struct kf_span text, struct kf_span ssid, struct kf_pmk *out)
{
	if (text.n == (size_t)2 * KF_PMK_LEN)
		return kf_unhex(text, out->b, KF_PMK_LEN);
	return kf_pmk_derive(text, ssid, out);
}

/* Appends the smaller of two strings of n bytes, then the other. */
static uint8_t *
put_sorted(uint8_t *at, const uint8_t *a, const uint8_t *b, size_t n)
{
	bool swap = memcmp(a, b, n) > 0;

	memcpy(at, swap ? b : a, n);
	memcpy(at + n, swap ? a : b, n);
	return at + 2 * n;
}

/* What the PRF hashes for its first block: SHA-1 puts a zero byte between label and context and
 * counts behind them; SHA-256 counts before them and puts the length behind. */
static size_t
ptk_block(enum wpa_akm akm, const struct wpa_ptk *in, uint8_t out[static 128])
{
	uint8_t *at = out;

	if (akm == WPA_AKM_PSK_SHA256) {
		*at++ = 1;
		*at++ = 0;
	}
	memcpy(at, LABEL, sizeof(LABEL) - 1);
	at += sizeof(LABEL) - 1;
	if (akm == WPA_AKM_PSK)
		*at++ = 0;
	at = put_sorted(at, in->aa, in->spa, 6);
	at = put_sorted(at, in->anonce, in->snonce, WPA_NONCE_LEN);
	if (akm == WPA_AKM_PSK_SHA256) {
		*at++ = (uint8_t)in->bits;
		*at++ = (uint8_t)(in->bits >> 8);
	} else
		*at++ = 0;
	return (size_t)(at - out);
}

_Static_assert(sizeof(LABEL) + CONTEXT_LEN + 4 <= 128, "a PTK block fits");

enum kf_err
wpa_kck(enum wpa_akm akm, const struct kf_pmk *pmk, const struct wpa_ptk *in, struct wpa_kck *out)
{
	const EVP_MD *md = akm == WPA_AKM_PSK ? EVP_sha1() : EVP_sha256();
	uint8_t block[128], digest[EVP_MAX_MD_SIZE];
	size_t n;
	bool ok;

	assert(akm == WPA_AKM_PSK || akm == WPA_AKM_PSK_SHA256);
	n = ptk_block(akm, in, block);
	ok = HMAC(md, pmk->b, sizeof(pmk->b), block, n, digest, NULL) != NULL;
	memcpy(out->b, digest, sizeof(out->b));
	kf_wipe(digest, sizeof(digest));
	return ok ? KF_OK : KF_EIO;
}

static bool
aes_cmac(const struct wpa_kck *kck, struct kf_span frame, uint8_t out[WPA_MIC_LEN])
{
	size_t n = 0;

	return EVP_Q_mac(NULL, "CMAC", NULL, "AES-128-CBC", NULL, kck->b, sizeof(kck->b), frame.p,
		   frame.n, out, WPA_MIC_LEN, &n) != NULL &&
	    n == WPA_MIC_LEN;
}

enum kf_err
wpa_mic(enum wpa_akm akm, const struct wpa_kck *kck, struct kf_span frame, uint8_t out[WPA_MIC_LEN])
{
	uint8_t digest[EVP_MAX_MD_SIZE];

	assert(akm == WPA_AKM_PSK || akm == WPA_AKM_PSK_SHA256);
	if (akm == WPA_AKM_PSK_SHA256)
		return aes_cmac(kck, frame, out) ? KF_OK : KF_EIO;
	if (HMAC(EVP_sha1(), kck->b, sizeof(kck->b), frame.p, frame.n, digest, NULL) == NULL)
		return KF_EIO;
	memcpy(out, digest, WPA_MIC_LEN);
	return KF_OK;
}
