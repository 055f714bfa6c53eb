/* Which of many PMKs made the MIC of a message 2? The one place to make fast: whoever scans
 * gives a whole set and gets a slot, so a faster kernel changes nothing outside this folder. */
#ifndef COMMON_MATCH_MATCH_H
#define COMMON_MATCH_MATCH_H

#include "common/eapol.h"
#include "common/err.h"
#include "common/secret.h"
#include "common/wpa.h"

/* A handshake in which a key may be looked for: the result of handshake_read, nothing else. */
struct handshake {
	struct wpa_ptk ptk;
	enum wpa_akm akm;
	uint8_t mic[WPA_MIC_LEN];
	uint8_t frame[EAPOL_FRAME_MAX]; /* message 2 with its MIC field zeroed */
	size_t frame_len;
};

/* Where a message 2 was heard: what the frame itself does not say. */
struct handshake_at {
	uint8_t ap[6], station[6];
	uint8_t anonce[WPA_NONCE_LEN]; /* of the message 1 that it answers */
};

/* frame: message 2 from the 802.1X version byte on, 99..512 bytes; copied.
 * why:    the exact reason; EAPOL_FINE on KF_OK.
 * Errors: KF_EINVAL malformed, not a message 2, or of a kind that we do not serve. */
enum kf_err handshake_read(struct handshake *hs, const struct handshake_at *at,
    struct kf_span frame, enum eapol_why *why) KF_MUST_CHECK;

/* Does this PMK make the MIC? KF_ENOENT: no. KF_EIO: the crypto library failed. */
enum kf_err match_one(const struct handshake *hs, const struct kf_pmk *pmk) KF_MUST_CHECK;

/* PMKs to scan, each with a number of the caller's: append only, then read only. */
struct match_set;

/* cap: the most PMKs it will hold; memory grows with use. KF_ENOMEM. */
enum kf_err match_set_new(size_t cap, struct match_set **out) KF_MUST_CHECK;
void match_set_free(struct match_set **set); /* wipes; NULL is fine */
/* The PMK's slot is the number of PMKs put before it. KF_ELIMIT: cap is reached; KF_ENOMEM. */
enum kf_err
match_set_put(struct match_set *set, const struct kf_pmk *pmk, uint32_t tag) KF_MUST_CHECK;
size_t match_set_count(const struct match_set *set);
uint32_t match_set_tag(const struct match_set *set, size_t slot);

/* Looks in the slots from..count-1 for the first PMK that makes the MIC.
 * out:    its slot, set only on KF_OK.
 * Errors: KF_ENOENT none; KF_EIO the crypto library failed.
 * Cost:   AKM 2: two HMAC-SHA-1 a key; bench: tests/bench/bench_match.c. */
enum kf_err match_scan(const struct match_set *set, const struct handshake *hs, size_t from,
    size_t *out) KF_MUST_CHECK;

#endif
