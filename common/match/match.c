#include "common/match/match.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define CIPHER_TKIP 2
#define CIPHER_GCMP_256 9
#define CIPHER_CCMP_256 10

struct candidate {
	struct kf_pmk pmk;
	uint32_t tag;
};

struct match_set {
	size_t n, room, cap;
	struct candidate *c;
};

/* KCK 128 and KEK 128 bits, and the cipher's own key. IEEE 802.11-2020 table 12-10, 12-7 */
static uint16_t
ptk_bits(uint8_t pairwise)
{
	switch (pairwise) {
	case CIPHER_TKIP:
	case CIPHER_GCMP_256:
	case CIPHER_CCMP_256:
		return 512;
	default:
		return 384;
	}
}

enum kf_err
handshake_read(
    struct handshake *hs, const struct handshake_at *at, struct kf_span frame, enum eapol_why *why)
{
	struct eapol_suites suites;
	struct eapol_key key;

	*why = EAPOL_MALFORMED;
	if (eapol_parse(frame, &key) != KF_OK)
		return KF_EINVAL;
	*why = eapol_judge(&key, &suites);
	if (*why != EAPOL_FINE)
		return KF_EINVAL;
	assert(key.frame.n <= sizeof(hs->frame));
	assert(key.mic.n == WPA_MIC_LEN);
	*hs = (struct handshake){.akm = suites.akm == 2 ? WPA_AKM_PSK : WPA_AKM_PSK_SHA256};
	memcpy(hs->ptk.aa, at->ap, 6);
	memcpy(hs->ptk.spa, at->station, 6);
	memcpy(hs->ptk.anonce, at->anonce, WPA_NONCE_LEN);
	memcpy(hs->ptk.snonce, key.nonce.p, WPA_NONCE_LEN);
	hs->ptk.bits = ptk_bits(suites.pairwise);
	memcpy(hs->mic, key.mic.p, WPA_MIC_LEN);
	memcpy(hs->frame, key.frame.p, key.frame.n);
	memset(hs->frame + EAPOL_MIC_AT, 0, WPA_MIC_LEN);
	hs->frame_len = key.frame.n;
	return KF_OK;
}

enum kf_err
match_one(const struct handshake *hs, const struct kf_pmk *pmk)
{
	uint8_t mic[WPA_MIC_LEN];
	struct wpa_kck kck;
	enum kf_err r;

	if ((r = wpa_kck(hs->akm, pmk, &hs->ptk, &kck)) == KF_OK)
		r = wpa_mic(hs->akm, &kck, kf_span_of(hs->frame, hs->frame_len), mic);
	if (r == KF_OK && !kf_ct_equal(mic, hs->mic, WPA_MIC_LEN))
		r = KF_ENOENT;
	kf_wipe(&kck, sizeof(kck));
	return r;
}

enum kf_err
match_set_new(size_t cap, struct match_set **out)
{
	*out = calloc(1, sizeof(**out));
	if (*out == NULL)
		return KF_ENOMEM;
	(*out)->cap = cap;
	return KF_OK;
}

static void
candidates_free(struct candidate *c, size_t n)
{
	if (c != NULL)
		kf_wipe(c, n * sizeof(*c));
	free(c);
}

void
match_set_free(struct match_set **set)
{
	if (*set != NULL)
		candidates_free((*set)->c, (*set)->n);
	free(*set);
	*set = NULL;
}

/* Not realloc: the old copy must be wiped. */
static enum kf_err
set_grow(struct match_set *set)
{
	size_t room = set->room > 0 ? 2 * set->room : 16;
	struct candidate *c = calloc(room, sizeof(*c));

	if (c == NULL)
		return KF_ENOMEM;
	if (set->n > 0)
		memcpy(c, set->c, set->n * sizeof(*c));
	candidates_free(set->c, set->n);
	set->c = c;
	set->room = room;
	return KF_OK;
}

enum kf_err
match_set_put(struct match_set *set, const struct kf_pmk *pmk, uint32_t tag)
{
	enum kf_err r;

	if (set->n == set->cap)
		return KF_ELIMIT;
	if (set->n == set->room && (r = set_grow(set)) != KF_OK)
		return r;
	set->c[set->n++] = (struct candidate){*pmk, tag};
	return KF_OK;
}

size_t
match_set_count(const struct match_set *set)
{
	return set->n;
}

uint32_t
match_set_tag(const struct match_set *set, size_t slot)
{
	assert(slot < set->n);
	return set->c[slot].tag;
}

enum kf_err
match_scan(const struct match_set *set, const struct handshake *hs, size_t from, size_t *out)
{
	enum kf_err r;

	for (size_t i = from; i < set->n; i++) {
		if ((r = match_one(hs, &set->c[i].pmk)) == KF_ENOENT)
			continue;
		if (r == KF_OK)
			*out = i;
		return r;
	}
	return KF_ENOENT;
}
