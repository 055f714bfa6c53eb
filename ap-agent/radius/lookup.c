#include "ap-agent/radius/lookup.h"

#include <string.h>
#include <time.h>

/* A stopwatch for the report, never for a decision: those ask l->env. */
static int64_t
stopwatch_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

void
lookup_ring(struct lookup *l, const struct keyring *ring)
{
	l->ring = ring;
	memset(l->refused, 0, sizeof(l->refused));
}

static bool
ssid_eq(const struct feed_ssid *a, const struct feed_ssid *b)
{
	return a->n == b->n && memcmp(a->b, b->b, a->n) == 0;
}

enum kf_err
lookup_known(struct lookup *l, const struct radius_ask *ask, struct lookup_result *out)
{
	const uint8_t *id = station_cache_get(l->stations, ask->mac, &ask->ssid);
	const struct feed_key *key;
	int64_t start = stopwatch_us();
	enum kf_err r;

	*out = (struct lookup_result){0};
	if (id == NULL || l->ring == NULL || (key = keyring_find(l->ring, id)) == NULL ||
	    !ssid_eq(&key->ssid, &ask->ssid) || !keyring_key_valid(key, kf_now_s(l->env)))
		return KF_ENOENT;
	r = match_one(&ask->hs, &key->pmk);
	out->candidates = 1;
	out->microseconds = (uint32_t)(stopwatch_us() - start);
	if (r == KF_OK)
		out->key = key;
	return r;
}

/* The place is the print's own: a newer refusal replaces an older one there. */
static size_t
place_of(const struct radius_ask *ask)
{
	return ask->print.b[0] % LOOKUP_REFUSED_MAX;
}

bool
lookup_refused(const struct lookup *l, const struct radius_ask *ask)
{
	size_t at = place_of(ask);

	return l->env->mono_ms(l->env->ctx) < l->refused[at].until_ms &&
	    memcmp(&l->refused[at].print, &ask->print, sizeof(ask->print)) == 0;
}

enum kf_err
lookup_scan(struct lookup *l, const struct radius_ask *ask, struct lookup_result *out)
{
	int64_t start = stopwatch_us();
	enum kf_err r = KF_ENOENT;
	size_t at = place_of(ask);

	*out = (struct lookup_result){0};
	if (l->ring != NULL) {
		r = keyring_match(l->ring, &ask->ssid, &ask->hs, kf_now_s(l->env), &out->key);
		/* where in the ring it was found is nobody's business: an upper bound */
		out->candidates = (uint32_t)keyring_count_ssid(l->ring, &ask->ssid);
	}
	out->microseconds = (uint32_t)(stopwatch_us() - start);
	if (r == KF_OK)
		station_cache_put(l->stations, ask->mac, &ask->ssid, out->key->id);
	if (r == KF_ENOENT) {
		l->refused[at].print = ask->print;
		l->refused[at].until_ms = l->env->mono_ms(l->env->ctx) + LOOKUP_REFUSED_MS;
	}
	return r;
}
