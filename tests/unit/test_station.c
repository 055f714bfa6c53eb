#include "ap-agent/station.h"
#include "tests/unit/tap.h"

#include <string.h>

static const struct feed_ssid one = {"one", 3}, two = {"two", 3};

/* Station i's MAC and key id. */
static void
name(uint32_t i, uint8_t mac[6], uint8_t id[16])
{
	memset(id, 0, 16);
	mac[0] = 2;
	mac[1] = mac[2] = 0;
	mac[3] = id[0] = (uint8_t)(i >> 16);
	mac[4] = id[1] = (uint8_t)(i >> 8);
	mac[5] = id[2] = (uint8_t)i;
}

static bool
knows(struct station_cache *cache, uint32_t i, const struct feed_ssid *ssid)
{
	uint8_t mac[6], id[16];
	const uint8_t *got;

	name(i, mac, id);
	got = station_cache_get(cache, mac, ssid);
	return got != NULL && memcmp(got, id, 16) == 0;
}

static void
put(struct station_cache *cache, uint32_t i, const struct feed_ssid *ssid)
{
	uint8_t mac[6], id[16];

	name(i, mac, id);
	station_cache_put(cache, mac, ssid, id);
}

static enum kf_err
no_random(void *ctx, void *out, size_t n)
{
	(void)ctx;
	memset(out, 0, n);
	return KF_EIO;
}

int
main(void)
{
	struct station_cache *cache = NULL;
	struct kf_env env = kf_env_real;
	uint8_t mac[6], id[16], id2[16] = {7};
	unsigned n = 0, lost = 0;

	OK(station_cache_new(1000, &env, &cache) == KF_OK);
	IT("knows nobody at first");
	OK(!knows(cache, 1, &one));
	IT("knows a station by MAC and SSID, not by MAC alone");
	put(cache, 1, &one);
	OK(knows(cache, 1, &one));
	OK(!knows(cache, 1, &two));
	IT("remembers the last key only");
	name(1, mac, id);
	station_cache_put(cache, mac, &one, id2);
	OK(memcmp(station_cache_get(cache, mac, &one), id2, 16) == 0);
	IT("stays within its bounds and keeps a station that is used");
	for (uint32_t i = 10; i < 50000; i++) {
		put(cache, i, &one);
		const uint8_t *got = station_cache_get(cache, mac, &one);

		lost += got == NULL || memcmp(got, id2, 16) != 0;
	}
	for (uint32_t i = 10; i < 50000; i++)
		n += knows(cache, i, &one);
	OK(lost == 0);
	OK(n > 900 && n <= 1024);
	station_cache_free(&cache);
	OK(cache == NULL);
	station_cache_free(&cache);
	IT("refuses to start without randomness");
	env.random = no_random;
	OK(station_cache_new(10, &env, &cache) == KF_EIO && cache == NULL);
	return tap_end();
}
