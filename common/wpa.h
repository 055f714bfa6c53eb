/* WPA2-Personal arithmetic: from passphrase to PMK, from PMK and nonces to the key that signs
 * EAPOL-Key frames, and the signature (MIC) itself. Pure: bytes in, bytes out. */
#ifndef COMMON_WPA_H
#define COMMON_WPA_H

#include "common/err.h"
#include "common/secret.h"
#include "common/span.h"

#define WPA_NONCE_LEN 32
#define WPA_MIC_LEN 16
#define WPA_PASS_MIN 8

/* The authentication and key management suites 00-0F-AC:n that we serve. IEEE 802.11-2020
 * table 9-151 */
enum wpa_akm {
	WPA_AKM_PSK = 2,       /* PRF by HMAC-SHA-1, MIC by HMAC-SHA-1-128 */
	WPA_AKM_PSK_SHA256 = 6 /* KDF by HMAC-SHA-256, MIC by AES-128-CMAC */
};

/* The key confirmation key, the first 128 bits of a PTK. A secret: wipe it. */
struct wpa_kck {
	uint8_t b[16];
};

/* What both sides of a 4-way handshake put into the key derivation. */
struct wpa_ptk {
	uint8_t aa[6];	/* the AP's BSSID */
	uint8_t spa[6]; /* the station's MAC */
	uint8_t anonce[WPA_NONCE_LEN], snonce[WPA_NONCE_LEN];
	uint16_t bits; /* of the whole PTK: 384, or 512 with a 256-bit cipher; AKM 6 hashes it */
};

/* A passphrase that IEEE 802.11-2020 J.4 allows: 8..63 characters of printable ASCII. */
bool kf_pass_ok(struct kf_span pass);

/* PMK = PBKDF2-HMAC-SHA-1(pass, ssid, 4096 rounds). ssid: 1..32 bytes (asserted).
 * Errors: KF_EINVAL pass is not kf_pass_ok; KF_EIO the crypto library failed.
 * Cost:   2 to 4 ms: never in a request loop.	Source: IEEE 802.11-2020, J.4.1 */
enum kf_err
kf_pmk_derive(struct kf_span pass, struct kf_span ssid, struct kf_pmk *out) KF_MUST_CHECK;

/* What a person writes into a key field: 64 hexadecimal digits are the PMK itself, anything
 * else is a passphrase. Errors as kf_pmk_derive. */
enum kf_err
kf_pmk_parse(struct kf_span text, struct kf_span ssid, struct kf_pmk *out) KF_MUST_CHECK;

/* The PTK's first 128 bits. KF_EIO the crypto library failed. IEEE 802.11-2020, 12.7.1.2/3 */
enum kf_err wpa_kck(enum wpa_akm akm, const struct kf_pmk *pmk, const struct wpa_ptk *in,
    struct wpa_kck *out) KF_MUST_CHECK;

/* The MIC of an EAPOL-Key frame whose MIC field is zero.
 * KF_EIO the crypto library failed. IEEE 802.11-2020, 12.7.2 and table 12-10 */
enum kf_err wpa_mic(enum wpa_akm akm, const struct wpa_kck *kck, struct kf_span frame,
    uint8_t out[WPA_MIC_LEN]) KF_MUST_CHECK;

#endif
