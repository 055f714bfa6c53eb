/* The station cache: which key a station used last on an SSID, so that a station that comes
 * back costs one candidate instead of a scan. A hint, never a proof: the MIC decides. */
#ifndef AGENT_STATION_H
#define AGENT_STATION_H

#include "common/env.h"
#include "common/err.h"
#include "common/feed.h"

struct station_cache;

/* cap: how many (MAC, SSID) pairs it holds, rounded up to a power of two, 1..2^20; the one
 * used longest ago in a bucket of 8 makes room. env: seeds the hash.
 * KF_ENOMEM; KF_EIO: no randomness. */
enum kf_err
station_cache_new(size_t cap, const struct kf_env *env, struct station_cache **out) KF_MUST_CHECK;
void station_cache_free(struct station_cache **cache);

/* The 16-byte id of the key used last; NULL when unknown. Borrowed until the next put. */
const uint8_t *
station_cache_get(struct station_cache *cache, const uint8_t mac[6], const struct feed_ssid *ssid);
void station_cache_put(struct station_cache *cache, const uint8_t mac[6],
    const struct feed_ssid *ssid, const uint8_t key_id[16]);

#endif
