/* Who is on the air at each site right now (live.db), told by the agents' events and told to them
 * again; and what of it is kept: the devices under a key (keyfob.db). */
#ifndef CORE_ONAIR_H
#define CORE_ONAIR_H

#include "common/feed_codec.h"
#include "portal/core/agentca.h"
#include "portal/core/app.h"
#include "portal/core/config.h"
#include "portal/store/live.h"

#define ONAIR_SWEEP_S 2	   /* how often silent agents are looked for */
#define ONAIR_FORGET_S 600 /* an agent that missed so much gets the whole list */

/* Throws live.db away. The feed role's parent, before its workers; opens no database. */
enum kf_err onair_clear(const struct config *conf) KF_MUST_CHECK;
/* Sets app->live. In each worker of the feed role; app_close closes it. */
enum kf_err onair_open(struct app *app) KF_MUST_CHECK;

/* This agent is alive: at every request of its. */
enum kf_err onair_heard(struct app *app, const struct agent_caller *who) KF_MUST_CHECK;
/* Appends the changes after `at`, or the whole list when that point is not of this file.
 * KF_EAGAIN: nothing is new for this agent's site. */
enum kf_err onair_news(struct app *app, const struct agent_caller *who, const struct live_point *at,
    struct kf_buf *out) KF_MUST_CHECK;
/* No changes: what a poll that waited in vain gets. */
void onair_idle(const struct live_point *at, struct kf_buf *out);
/* Takes a message of events and appends the FEED_ACK. Twice the same is taken once. An event of
 * a key, site or SSID that is not this agent's is left out (and logged). KF_EINVAL: malformed,
 * nothing was taken. */
enum kf_err onair_events(struct app *app, const struct agent_caller *who, struct kf_span msg,
    struct kf_buf *reply) KF_MUST_CHECK;
/* What a worker saw last. Starts zeroed. */
struct onair_seen {
	uint32_t data_version;
	uint64_t rev, n;
};
/* Looks whether the feed or the stations have changed since. Every tick: cheap when not. */
enum kf_err
onair_look(struct app *app, struct onair_seen *seen, bool *feed, bool *stations) KF_MUST_CHECK;
/* Stations of agents that fell silent leave; old changes are forgotten. */
enum kf_err onair_sweep(struct app *app) KF_MUST_CHECK;

#endif
