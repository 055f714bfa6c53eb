#include "ap-agent/keyring.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* One WLAN and its keys; the tag of a PMK in the set is the key's place in ring->key. */
struct ring_wlan {
	struct feed_wlan wlan;
	struct match_set *set;
};

struct keyring {
	struct ring_wlan wlan[KF_RING_WLANS_MAX];
	size_t wlans;
	struct feed_key *key;
	size_t keys, cap;
	/* Open addressing by id: place + 1, 0 = free. At least twice as large as cap. */
	uint32_t *table;
	size_t mask;
};

enum kf_err
keyring_new(size_t cap, struct keyring **out)
{
	struct keyring *ring;
	size_t size = 2;

	*out = NULL;
	if (cap > KF_RING_MAX)
		return KF_ELIMIT;
	while (size < 2 * cap)
		size *= 2;
	ring = calloc(1, sizeof(*ring));
	if (ring == NULL)
		return KF_ENOMEM;
	ring->cap = cap;
	ring->mask = size - 1;
	ring->key = calloc(cap + 1, sizeof(ring->key[0]));
	ring->table = calloc(size, sizeof(ring->table[0]));
	if (ring->key == NULL || ring->table == NULL) {
		keyring_free(&ring);
		return KF_ENOMEM;
	}
	*out = ring;
	return KF_OK;
}

void
keyring_free(struct keyring **ring)
{
	struct keyring *r = *ring;

	if (r == NULL)
		return;
	for (size_t i = 0; i < r->wlans; i++)
		match_set_free(&r->wlan[i].set);
	if (r->key != NULL)
		kf_wipe(r->key, r->keys * sizeof(r->key[0]));
	free(r->key);
	free(r->table);
	free(r);
	*ring = NULL;
}

static bool
ssid_eq(const struct feed_ssid *a, const struct feed_ssid *b)
{
	return a->n == b->n && memcmp(a->b, b->b, a->n) == 0;
}

static bool
ssid_ok(const struct feed_ssid *ssid)
{
	return ssid->n >= 1 && ssid->n <= FEED_SSID_MAX;
}

static const struct ring_wlan *
wlan_of(const struct keyring *ring, const struct feed_ssid *ssid)
{
	for (size_t i = 0; ssid_ok(ssid) && i < ring->wlans; i++)
		if (ssid_eq(&ring->wlan[i].wlan.ssid, ssid))
			return &ring->wlan[i];
	return NULL;
}

enum kf_err
keyring_add_wlan(struct keyring *ring, const struct feed_wlan *wlan)
{
	struct ring_wlan *at = &ring->wlan[ring->wlans];
	enum kf_err r;

	if (!ssid_ok(&wlan->ssid))
		return KF_EINVAL;
	if (wlan_of(ring, &wlan->ssid) != NULL)
		return KF_EEXIST;
	if (ring->wlans == KF_RING_WLANS_MAX)
		return KF_ELIMIT;
	if ((r = match_set_new(ring->cap, &at->set)) != KF_OK)
		return r;
	at->wlan = *wlan;
	ring->wlans++;
	return KF_OK;
}

/* The table entry that holds the id, or the free one where it belongs. FNV-1a: the ids are the
 * portal's own random ones, so nobody can aim at one bucket. */
static uint32_t *
entry_of(const struct keyring *ring, const uint8_t id[16])
{
	uint64_t h = 0xcbf29ce484222325;

	for (size_t i = 0; i < 16; i++)
		h = (h ^ id[i]) * 0x100000001b3;
	for (size_t at = (size_t)(h ^ h >> 32);; at++) {
		uint32_t *e = &ring->table[at & ring->mask];

		if (*e == 0 || memcmp(ring->key[*e - 1].id, id, 16) == 0)
			return e;
	}
}

enum kf_err
keyring_add(struct keyring *ring, const struct feed_key *key)
{
	const struct ring_wlan *wlan;
	uint32_t *entry;
	enum kf_err r;

	if (!ssid_ok(&key->ssid))
		return KF_EINVAL;
	if ((wlan = wlan_of(ring, &key->ssid)) == NULL)
		return KF_ENOENT;
	entry = entry_of(ring, key->id);
	if (*entry != 0)
		return KF_EEXIST;
	if (ring->keys == ring->cap)
		return KF_ELIMIT;
	if ((r = match_set_put(wlan->set, &key->pmk, (uint32_t)ring->keys)) != KF_OK)
		return r;
	ring->key[ring->keys++] = *key;
	*entry = (uint32_t)ring->keys;
	return KF_OK;
}

size_t
keyring_count(const struct keyring *ring)
{
	return ring->keys;
}

const struct feed_key *
keyring_at(const struct keyring *ring, size_t i)
{
	assert(i < ring->keys);
	return &ring->key[i];
}

const struct feed_key *
keyring_find(const struct keyring *ring, const uint8_t id[16])
{
	uint32_t e = *entry_of(ring, id);

	return e == 0 ? NULL : &ring->key[e - 1];
}

const struct feed_wlan *
keyring_wlan(const struct keyring *ring, const struct feed_ssid *ssid)
{
	const struct ring_wlan *wlan = wlan_of(ring, ssid);

	return wlan == NULL ? NULL : &wlan->wlan;
}

size_t
keyring_count_ssid(const struct keyring *ring, const struct feed_ssid *ssid)
{
	const struct ring_wlan *wlan = wlan_of(ring, ssid);

	return wlan == NULL ? 0 : match_set_count(wlan->set);
}

bool
keyring_key_valid(const struct feed_key *key, int64_t now)
{
	return now >= key->not_before && (key->not_after == 0 || now < key->not_after);
}

enum kf_err
keyring_match(const struct keyring *ring, const struct feed_ssid *ssid, const struct handshake *hs,
    int64_t now, const struct feed_key **out)
{
	const struct ring_wlan *wlan = wlan_of(ring, ssid);
	enum kf_err r;

	if (wlan == NULL)
		return KF_ENOENT;
	for (size_t slot = 0; (r = match_scan(wlan->set, hs, slot, &slot)) == KF_OK; slot++) {
		const struct feed_key *key = &ring->key[match_set_tag(wlan->set, slot)];

		if (!keyring_key_valid(key, now))
			continue; /* the same PMK may have been given again, for a later time */
		*out = key;
		return KF_OK;
	}
	return r;
}
