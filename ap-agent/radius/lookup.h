/* Whose key made the MIC? First the key that the station used last, then all keys of the SSID;
 * what was just refused is refused again without looking. */
#ifndef AGENT_RADIUS_LOOKUP_H
#define AGENT_RADIUS_LOOKUP_H

#include "ap-agent/keyring.h"
#include "ap-agent/radius/dialect.h"
#include "ap-agent/station.h"

#define LOOKUP_REFUSED_MAX 256
#define LOOKUP_REFUSED_MS 5000 /* a key whose time begins may wait this long */

struct lookup {
	const struct kf_env *env;
	struct station_cache *stations;
	const struct keyring *ring; /* NULL: no keys */
	struct {
		struct kf_hash print;
		int64_t until_ms;
	} refused[LOOKUP_REFUSED_MAX];
};

struct lookup_result {
	const struct feed_key *key; /* set only on KF_OK; borrowed from the ring */
	uint32_t candidates, microseconds;
};

/* Another ring: what was refused may fit now. */
void lookup_ring(struct lookup *l, const struct keyring *ring);

/* The key used last, one candidate. KF_ENOENT: unknown, or it does not fit (any more). */
enum kf_err lookup_known(
    struct lookup *l, const struct radius_ask *ask, struct lookup_result *out) KF_MUST_CHECK;
/* Was the same ask refused a moment ago? */
bool lookup_refused(const struct lookup *l, const struct radius_ask *ask);
/* All keys of the SSID. KF_ENOENT: none fits, remembered as refused. */
enum kf_err lookup_scan(
    struct lookup *l, const struct radius_ask *ask, struct lookup_result *out) KF_MUST_CHECK;

#endif
