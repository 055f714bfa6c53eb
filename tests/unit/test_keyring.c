#include "ap-agent/keyring.h"
#include "tests/unit/tap.h"
#include "tests/vectors/handshakes.h"
#include "tests/vectors/unhex.h"

#define NOW 1700000000

static struct feed_ssid
ssid(const char *text)
{
	struct feed_ssid s = {.n = (uint8_t)strlen(text)};

	memcpy(s.b, text, s.n);
	return s;
}

static struct feed_wlan
wlan(const char *name)
{
	return (struct feed_wlan){.ssid = ssid(name), .security = FEED_WPA2, .personal = true};
}

/* Key i of the SSID; its PMK fits nothing. */
static struct feed_key
key(uint32_t i, const char *name)
{
	struct feed_key k = {.ssid = ssid(name), .group = 2 + i, .vlan = 20};

	k.id[0] = (uint8_t)i;
	k.id[1] = (uint8_t)(i >> 8);
	k.pmk.b[0] = (uint8_t)i;
	k.pmk.b[1] = (uint8_t)(i >> 8);
	k.pmk.b[2] = 1;
	return k;
}

static struct handshake
own_handshake(void)
{
	struct handshake_at at;
	struct handshake hs;
	enum eapol_why why;
	uint8_t frame[256];
	size_t n = unhex(OWN_AKM2_M2, frame);

	unhex(OWN_AA, at.ap);
	unhex(OWN_SPA, at.station);
	unhex(OWN_ANONCE, at.anonce);
	OK(handshake_read(&hs, &at, kf_span_of(frame, n), &why) == KF_OK);
	return hs;
}

static struct keyring *
ring_of(size_t cap, const char *name)
{
	struct keyring *ring = NULL;
	struct feed_wlan w = wlan(name);

	OK(keyring_new(cap, &ring) == KF_OK);
	OK(keyring_add_wlan(ring, &w) == KF_OK);
	return ring;
}

static void
test_find(void)
{
	struct keyring *ring = ring_of(3000, "one");
	struct feed_wlan two = wlan("two");
	struct feed_ssid one = ssid("one"), none = ssid("onf"), empty = {.n = 0};
	uint8_t other[16] = {9, 9, 9};
	unsigned added = 0, found = 0;

	OK(keyring_add_wlan(ring, &two) == KF_OK);
	for (uint32_t i = 0; i < 3000; i++) {
		struct feed_key k = key(i, i % 3 == 0 ? "two" : "one");
		added += keyring_add(ring, &k) == KF_OK;
	}
	IT("finds every key by its id, and no other");
	for (uint32_t i = 0; i < 3000; i++) {
		struct feed_key k = key(i, "one");
		const struct feed_key *got = keyring_find(ring, k.id);
		found += got != NULL && got->group == 2 + i;
	}
	OK(added == 3000 && found == 3000 && keyring_count(ring) == 3000);
	OK(keyring_find(ring, other) == NULL);
	OK(keyring_at(ring, 2999)->group == 3001);
	IT("finds a WLAN by its SSID, and no other");
	OK(keyring_wlan(ring, &one) != NULL && keyring_wlan(ring, &one)->personal);
	OK(keyring_wlan(ring, &none) == NULL && keyring_wlan(ring, &empty) == NULL);
	IT("counts the keys of an SSID");
	OK(keyring_count_ssid(ring, &one) == 2000 && keyring_count_ssid(ring, &none) == 0);
	keyring_free(&ring);
	OK(ring == NULL);
	keyring_free(&ring);
}

static void
test_refusals(void)
{
	struct keyring *ring = NULL;
	struct feed_wlan w = wlan("one"), none = wlan("");
	struct feed_key k = key(1, "one"), other = key(2, "other"), empty = key(3, "");
	char name[16];

	IT("refuses a cap above KF_RING_MAX");
	OK(keyring_new(KF_RING_MAX + 1, &ring) == KF_ELIMIT && ring == NULL);
	ring = ring_of(1, "one");
	IT("refuses an SSID twice, and one without bytes or with too many");
	OK(keyring_add_wlan(ring, &w) == KF_EEXIST);
	OK(keyring_add_wlan(ring, &none) == KF_EINVAL);
	none.ssid.n = 33;
	OK(keyring_add_wlan(ring, &none) == KF_EINVAL);
	IT("refuses a key of an SSID that has no WLAN, or none at all");
	OK(keyring_add(ring, &other) == KF_ENOENT);
	OK(keyring_add(ring, &empty) == KF_EINVAL);
	IT("refuses an id twice, and more keys than its cap");
	OK(keyring_add(ring, &k) == KF_OK);
	OK(keyring_add(ring, &k) == KF_EEXIST);
	k.id[5] = 1;
	OK(keyring_add(ring, &k) == KF_ELIMIT);
	IT("refuses more WLANs than KF_RING_WLANS_MAX");
	for (int i = 1; i < KF_RING_WLANS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "w%d", i);
		w = wlan(name);
		OK(keyring_add_wlan(ring, &w) == KF_OK);
	}
	w = wlan("last");
	OK(keyring_add_wlan(ring, &w) == KF_ELIMIT);
	keyring_free(&ring);
	IT("lives with no keys at all");
	OK(keyring_new(0, &ring) == KF_OK);
	OK(keyring_find(ring, k.id) == NULL);
	keyring_free(&ring);
}

static void
test_match(void)
{
	struct handshake hs = own_handshake();
	struct keyring *ring = ring_of(100, OWN_SSID);
	struct feed_wlan two = wlan("two");
	struct feed_ssid own = ssid(OWN_SSID), other = ssid("two"), none = ssid("none");
	const struct feed_key *got = NULL;
	struct feed_key k = key(50, OWN_SSID);

	for (uint32_t i = 0; i < 40; i++) {
		struct feed_key dull = key(i, OWN_SSID);
		OK(keyring_add(ring, &dull) == KF_OK);
	}
	OK(keyring_add_wlan(ring, &two) == KF_OK);
	IT("finds no key where none fits");
	OK(keyring_match(ring, &own, &hs, NOW, &got) == KF_ENOENT && got == NULL);
	unhex(OWN_PMK, k.pmk.b);
	k.not_before = NOW;
	k.not_after = NOW + 60;
	OK(keyring_add(ring, &k) == KF_OK);
	IT("finds the key that made the MIC");
	OK(keyring_match(ring, &own, &hs, NOW, &got) == KF_OK && got->group == 52);
	IT("never finds it before or after its time");
	got = NULL;
	OK(keyring_match(ring, &own, &hs, NOW - 1, &got) == KF_ENOENT);
	OK(keyring_match(ring, &own, &hs, NOW + 59, &got) == KF_OK);
	OK(keyring_match(ring, &own, &hs, NOW + 60, &got) == KF_ENOENT);
	IT("never finds it on another SSID");
	OK(keyring_match(ring, &other, &hs, NOW, &got) == KF_ENOENT);
	OK(keyring_match(ring, &none, &hs, NOW, &got) == KF_ENOENT);
	IT("goes on behind an expired key with the same PMK");
	k.id[9] = 1;
	k.group = 99;
	k.not_after = 0;
	OK(keyring_add(ring, &k) == KF_OK);
	OK(keyring_match(ring, &own, &hs, NOW + 60, &got) == KF_OK && got->group == 99);
	keyring_free(&ring);
}

int
main(void)
{
	test_find();
	test_refusals();
	test_match();
	return tap_end();
}
