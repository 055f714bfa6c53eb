/* The keys and WLANs an agent serves, by id and by SSID. Built aside, then only read, then
 * replaced as a whole: whoever holds it builds the new one, swaps, frees the old. */
#ifndef AGENT_KEYRING_H
#define AGENT_KEYRING_H

#include "common/err.h"
#include "common/feed.h"
#include "common/match/match.h"

#define KF_RING_MAX 100000
#define KF_RING_WLANS_MAX 64

struct keyring;

/* cap: the most keys it will hold, at most KF_RING_MAX. KF_ELIMIT: cap is above it; KF_ENOMEM. */
enum kf_err keyring_new(size_t cap, struct keyring **out) KF_MUST_CHECK;
void keyring_free(struct keyring **ring); /* wipes every PMK and passphrase; NULL is fine */

/* WLANs first, then keys. Both copy.
 * KF_EINVAL: SSID of 0 or more than 32 bytes; KF_EEXIST: an SSID (or a key's id) twice;
 * KF_ELIMIT: KF_RING_WLANS_MAX or cap is reached; KF_ENOENT: no WLAN has the key's SSID. */
enum kf_err keyring_add_wlan(struct keyring *ring, const struct feed_wlan *wlan) KF_MUST_CHECK;
enum kf_err keyring_add(struct keyring *ring, const struct feed_key *key) KF_MUST_CHECK;

size_t keyring_count(const struct keyring *ring);
/* The i-th key in the order of adding, i < keyring_count(). Borrowed. */
const struct feed_key *keyring_at(const struct keyring *ring, size_t i);
/* NULL when there is none. Borrowed. */
const struct feed_key *keyring_find(const struct keyring *ring, const uint8_t id[16]);
const struct feed_wlan *keyring_wlan(const struct keyring *ring, const struct feed_ssid *ssid);
/* How many keys the SSID has: what a scan without result costs. */
size_t keyring_count_ssid(const struct keyring *ring, const struct feed_ssid *ssid);

/* not_before <= now < not_after; now: seconds since 1970, by the agent's own clock. */
bool keyring_key_valid(const struct feed_key *key, int64_t now);

/* The valid key of the SSID that made the handshake's MIC; first come, first found.
 * out:    borrowed, set only on KF_OK.
 * Errors: KF_ENOENT no key fits, or only one that is not valid now; KF_EIO crypto failed. */
enum kf_err keyring_match(const struct keyring *ring, const struct feed_ssid *ssid,
    const struct handshake *hs, int64_t now, const struct feed_key **out) KF_MUST_CHECK;

#endif
