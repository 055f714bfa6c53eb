/* What an agent is to hold, as a delta or as a snapshot: only what belongs to its site and to the
 * SSIDs served there. Wire form: common/feed_codec.h. */
#ifndef CORE_FEEDSET_H
#define CORE_FEEDSET_H

#include "common/feed_codec.h"
#include "portal/core/agentca.h"
#include "portal/core/app.h"
#include "portal/core/change.h"

/* Appends the message for an agent that holds the history up to `at`:
 *	a delta, revocations first, when this point is in our history;
 *	a snapshot when it is not (audited as "history changed" unless at->rev is 0: a restored
 *	backup heals by itself), or when what the site serves has changed.
 * Holds PMKs: only for the connection of this very agent; the buffer wipes itself.
 * KF_EAGAIN: nothing is new; feedset_idle makes the answer of a poll that waited in vain. */
enum kf_err feedset_news(struct app *app, const struct agent_caller *who,
    const struct change_point *at, struct kf_buf *out) KF_MUST_CHECK;
/* An empty delta at the same point; its set hash is all zeroes: not said. */
void feedset_idle(const struct change_point *at, struct kf_buf *out);

#endif
