/* Everything the portal has fed to this agent: things by kind and id, in the order of the set's
 * hash. Kept as the records that came, so that the snapshot on disk is the same bytes. */
#ifndef AGENT_SET_H
#define AGENT_SET_H

#include "common/feed_codec.h"

#define SET_MAX 120000 /* things of all kinds */

struct set;

enum kf_err set_new(struct set **out) KF_MUST_CHECK;
void set_free(struct set **set); /* wipes */

/* Takes a delta (on top of what there is) or a snapshot (instead of it). A malformed message
 * changes nothing: KF_EINVAL. KF_ESTALE: taken, but what is held now is not what the portal says
 * it should be: ask for a snapshot. KF_ELIMIT: more than SET_MAX. */
enum kf_err set_take(struct set *set, struct kf_span msg, struct feed_head *head) KF_MUST_CHECK;
void set_hash(const struct set *set, struct kf_hash *out);
size_t set_count(const struct set *set, enum feed_kind kind);
/* Appends it all as a snapshot message with this head. */
void set_write(const struct set *set, const struct feed_head *head, struct kf_buf *out);
/* Calls each with every thing; the item is wiped after the call. */
enum kf_err set_each(const struct set *set,
    enum kf_err (*each)(void *arg, const struct feed_item *it), void *arg) KF_MUST_CHECK;

#endif
