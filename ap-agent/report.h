/* What the agent has to tell the portal, until the portal has taken it. A message keeps its number
 * through every try, so that it counts once. */
#ifndef AGENT_REPORT_H
#define AGENT_REPORT_H

#include "common/feed_codec.h"

struct report;

struct report *report_new(void); /* NULL: no memory */
void report_free(struct report **r);

/* Queues an event. A LEAVE takes back a JOIN of the same station that still waits. When the queue
 * is full the oldest event that is no JOIN or LEAVE is lost (counted). */
void report_add(struct report *r, const struct feed_event *ev);
/* The next message tells all stations: what waited of joins and leaves is replaced by these. */
void report_full(struct report *r);
bool report_wants_full(const struct report *r);
/* There is something to send, or to ask. */
bool report_waits(const struct report *r);

/* Appends the next message. Until the portal's last number is known it only asks for it. Calls
 * stations to add (by report_add) the JOINs of a full set. now_us: numbers start there. */
enum kf_err report_next(struct report *r, int64_t now_us, const struct feed_counters *counters,
    void (*stations)(void *arg, struct report *r), void *arg, struct kf_buf *out) KF_MUST_CHECK;
/* The portal answered: the message is taken. KF_EINVAL: not an answer of its. */
enum kf_err report_answer(struct report *r, struct kf_span body) KF_MUST_CHECK;
uint64_t report_lost(const struct report *r);

#endif
