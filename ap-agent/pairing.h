/* Which message 1 belongs to a message 2? Frames of many access points and stations go in, in
 * the order heard; handshakes come out. State is bounded whatever comes. */
#ifndef AGENT_PAIRING_H
#define AGENT_PAIRING_H

#include "common/err.h"
#include "common/match/match.h"

#define PAIRING_PAIRS_MAX 1024 /* the one heard longest ago makes room */
#define PAIRING_M1_MAX 8       /* remembered for each pair */
#define PAIRING_M2_MAX 8       /* recognised when they come again */
#define PAIRING_WAITING_MAX 4  /* message 2 without message 1: for a message 3 to tell ANonce */

/* A message 2 whose ANonce is known. */
struct paired {
	struct handshake_at at;
	struct kf_span m2; /* borrowed for the call of tell */
};

struct pairing;

/* tell: called for each message 2 that a message 1 of the same access point, station and replay
 * counter preceded, or, where none did, when the next message 3 tells the ANonce; for identical
 * retransmissions once. */
enum kf_err pairing_new(
    void (*tell)(void *arg, const struct paired *p), void *arg, struct pairing **out) KF_MUST_CHECK;
void pairing_free(struct pairing **pairing);

/* One EAPOL frame. KF_EINVAL: not a well-formed EAPOL-Key frame; state is as before. */
enum kf_err pairing_frame(struct pairing *pairing, const uint8_t from[6], const uint8_t to[6],
    struct kf_span eapol) KF_MUST_CHECK;

#endif
