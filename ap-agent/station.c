#include "ap-agent/station.h"

#include "common/secret.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define WAYS 8
#define CAP_MAX (1U << 20)

struct entry {
	struct kf_hash who; /* keyed hash of MAC and SSID */
	uint8_t key_id[16];
	uint64_t used; /* the cache's own count; 0 = free */
};

struct station_cache {
	struct kf_hash seed; /* or a station could choose MACs that fall into one bucket */
	uint64_t tick;
	size_t buckets;
	struct entry entry[];
};

enum kf_err
station_cache_new(size_t cap, const struct kf_env *env, struct station_cache **out)
{
	struct station_cache *cache;
	size_t size = WAYS;
	enum kf_err r;

	assert(cap >= 1);
	assert(cap <= CAP_MAX);
	*out = NULL;
	while (size < cap)
		size *= 2;
	cache = calloc(1, sizeof(*cache) + size * sizeof(cache->entry[0]));
	if (cache == NULL)
		return KF_ENOMEM;
	cache->buckets = size / WAYS;
	if ((r = env->random(env->ctx, cache->seed.b, sizeof(cache->seed.b))) != KF_OK)
		station_cache_free(&cache);
	*out = cache;
	return r;
}

void
station_cache_free(struct station_cache **cache)
{
	free(*cache);
	*cache = NULL;
}

static void
hash_of(const struct station_cache *cache, const uint8_t mac[6], const struct feed_ssid *ssid,
    struct kf_hash *out)
{
	uint8_t both[6 + FEED_SSID_MAX];

	assert(ssid->n <= FEED_SSID_MAX);
	memcpy(both, mac, 6);
	memcpy(both + 6, ssid->b, ssid->n);
	kf_hmac_sha256(kf_span_of(cache->seed.b, sizeof(cache->seed.b)),
	    kf_span_of(both, (size_t)6 + ssid->n), out);
}

static struct entry *
bucket_of(struct station_cache *cache, const struct kf_hash *who)
{
	size_t h = (size_t)who->b[0] << 16 | (size_t)who->b[1] << 8 | who->b[2];

	return &cache->entry[(h & (cache->buckets - 1)) * WAYS];
}

_Static_assert(CAP_MAX / WAYS <= 1U << 24, "three bytes of hash reach every bucket");

const uint8_t *
station_cache_get(struct station_cache *cache, const uint8_t mac[6], const struct feed_ssid *ssid)
{
	struct kf_hash who;
	struct entry *e;

	hash_of(cache, mac, ssid, &who);
	e = bucket_of(cache, &who);
	for (size_t i = 0; i < WAYS; i++) {
		if (e[i].used == 0 || memcmp(&e[i].who, &who, sizeof(who)) != 0)
			continue;
		e[i].used = ++cache->tick;
		return e[i].key_id;
	}
	return NULL;
}

void
station_cache_put(struct station_cache *cache, const uint8_t mac[6], const struct feed_ssid *ssid,
    const uint8_t key_id[16])
{
	struct kf_hash who;
	struct entry *e, *at;

	hash_of(cache, mac, ssid, &who);
	at = e = bucket_of(cache, &who);
	for (size_t i = 0; i < WAYS; i++) {
		if (e[i].used != 0 && memcmp(&e[i].who, &who, sizeof(who)) == 0) {
			at = &e[i];
			break;
		}
		if (e[i].used < at->used)
			at = &e[i];
	}
	at->who = who;
	memcpy(at->key_id, key_id, sizeof(at->key_id));
	at->used = ++cache->tick;
}
