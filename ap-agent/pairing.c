#include "ap-agent/pairing.h"

#include <stdlib.h>
#include <string.h>

struct m1 {
	uint64_t replay;
	uint8_t anonce[WPA_NONCE_LEN];
};

struct m2 {
	uint8_t frame[EAPOL_FRAME_MAX];
	size_t n;
};

/* Each of the three is a ring: its count says where the next one goes. */
struct pair {
	uint8_t ap[6], station[6];
	uint64_t heard; /* pairing's own count; 0: free */
	struct m1 m1[PAIRING_M1_MAX];
	size_t m1s;
	struct kf_hash told[PAIRING_M2_MAX];
	size_t tolds;
	struct m2 waiting[PAIRING_WAITING_MAX];
	size_t waitings;
};

struct pairing {
	void (*tell)(void *arg, const struct paired *p);
	void *arg;
	uint64_t tick;
	struct pair pair[PAIRING_PAIRS_MAX];
};

enum kf_err
pairing_new(void (*tell)(void *arg, const struct paired *p), void *arg, struct pairing **out)
{
	*out = calloc(1, sizeof(**out));
	if (*out == NULL)
		return KF_ENOMEM;
	(*out)->tell = tell;
	(*out)->arg = arg;
	return KF_OK;
}

void
pairing_free(struct pairing **pairing)
{
	free(*pairing);
	*pairing = NULL;
}

static struct pair *
pair_of(struct pairing *pairing, const uint8_t ap[6], const uint8_t station[6])
{
	struct pair *at = &pairing->pair[0];

	for (size_t i = 0; i < PAIRING_PAIRS_MAX; i++) {
		struct pair *p = &pairing->pair[i];

		if (p->heard != 0 && memcmp(p->ap, ap, 6) == 0 &&
		    memcmp(p->station, station, 6) == 0) {
			p->heard = ++pairing->tick;
			return p;
		}
		if (p->heard < at->heard)
			at = p;
	}
	memset(at, 0, sizeof(*at));
	memcpy(at->ap, ap, 6);
	memcpy(at->station, station, 6);
	at->heard = ++pairing->tick;
	return at;
}

static void
on_m1(struct pair *pair, const struct eapol_key *key)
{
	struct m1 *m1 = &pair->m1[pair->m1s++ % PAIRING_M1_MAX];

	m1->replay = key->replay;
	memcpy(m1->anonce, key->nonce.p, sizeof(m1->anonce));
}

/* Has this message 2 been told with this ANonce? If not, it is from now on. */
static bool
told_before(struct pair *pair, struct kf_span anonce, struct kf_span m2)
{
	const struct kf_span part[] = {anonce, m2};
	struct kf_hash h;

	kf_sha256_parts(part, 2, &h);
	for (size_t i = 0; i < pair->tolds && i < PAIRING_M2_MAX; i++)
		if (memcmp(&pair->told[i], &h, sizeof(h)) == 0)
			return true;
	pair->told[pair->tolds++ % PAIRING_M2_MAX] = h;
	return false;
}

static void
tell(struct pairing *pairing, struct pair *pair, struct kf_span anonce, struct kf_span m2)
{
	struct paired p = {.m2 = m2};

	if (told_before(pair, anonce, m2))
		return;
	memcpy(p.at.ap, pair->ap, 6);
	memcpy(p.at.station, pair->station, 6);
	memcpy(p.at.anonce, anonce.p, sizeof(p.at.anonce));
	pairing->tell(pairing->arg, &p);
}

static void
wait_for_m3(struct pair *pair, struct kf_span m2)
{
	struct m2 *w;

	if (m2.n > EAPOL_FRAME_MAX)
		return; /* no key is looked for in such a frame anyway */
	for (size_t i = 0; i < pair->waitings && i < PAIRING_WAITING_MAX; i++)
		if (kf_span_eq(kf_span_of(pair->waiting[i].frame, pair->waiting[i].n), m2))
			return;
	w = &pair->waiting[pair->waitings++ % PAIRING_WAITING_MAX];
	memcpy(w->frame, m2.p, m2.n);
	w->n = m2.n;
}

/* The newest message 1 with the counter counts: a new association starts counting anew. */
static void
on_m2(struct pairing *pairing, struct pair *pair, const struct eapol_key *key)
{
	for (size_t i = 1; i <= PAIRING_M1_MAX && i <= pair->m1s; i++) {
		const struct m1 *m1 = &pair->m1[(pair->m1s - i) % PAIRING_M1_MAX];

		if (m1->replay != key->replay)
			continue;
		tell(pairing, pair, kf_span_of(m1->anonce, sizeof(m1->anonce)), key->frame);
		return;
	}
	wait_for_m3(pair, key->frame);
}

static void
on_m3(struct pairing *pairing, struct pair *pair, const struct eapol_key *key)
{
	size_t n = pair->waitings;

	for (size_t i = n > PAIRING_WAITING_MAX ? n - PAIRING_WAITING_MAX : 0; i < n; i++) {
		const struct m2 *w = &pair->waiting[i % PAIRING_WAITING_MAX];

		tell(pairing, pair, key->nonce, kf_span_of(w->frame, w->n));
	}
	pair->waitings = 0;
}

enum kf_err
pairing_frame(
    struct pairing *pairing, const uint8_t from[6], const uint8_t to[6], struct kf_span eapol)
{
	struct eapol_key key;
	enum kf_err r;

	if ((r = eapol_parse(eapol, &key)) != KF_OK)
		return r;
	switch (eapol_message(&key)) {
	case EAPOL_M1:
		on_m1(pair_of(pairing, from, to), &key);
		break;
	case EAPOL_M2:
		on_m2(pairing, pair_of(pairing, to, from), &key);
		break;
	case EAPOL_M3:
		on_m3(pairing, pair_of(pairing, from, to), &key);
		break;
	case EAPOL_M4:
	case EAPOL_OTHER:
		break;
	}
	return KF_OK;
}
