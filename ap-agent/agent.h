/* What the agent knows and decides: the feed goes in here, RADIUS asks here, stations come and go
 * here, isolation is told from here. No loop and no socket of its own: run.c has these. */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include "ap-agent/agent_conf.h"
#include "ap-agent/feed_client.h"
#include "ap-agent/identity.h"
#include "ap-agent/report.h"
#include "ap-agent/roster.h"
#include "ap-agent/set.h"
#include "ap-agent/slot.h"
#include "ap-agent/snapshot.h"

struct agent {
	const struct agent_conf *conf;
	const struct kf_env *env;
	struct identity id;
	struct kf_sealkey seal_key;
	struct snapshot snapshot;

	struct set *set;
	struct feed_head head; /* what the set holds */
	bool head_doubt;       /* it differs from the portal's: ask for a snapshot */
	int64_t save_due;      /* mono ms; 0: nothing to save */
	int64_t feed_at;       /* wall clock, seconds: the portal was heard last */
	int64_t touched;       /* ... and the snapshot's file told so */
	bool stale;

	struct keyring *ring; /* never NULL after agent_open */
	struct station_cache *stations;
	struct radius_server *radius;
	struct slots *slots;
	struct roster *roster;
	struct report *report;
	struct feed_client *client;
	void *iso; /* of conf->isolate */

	struct feed_sessions_head seen; /* of the sessions stream; epoch 0: none yet */
	int64_t sessions_due;		/* mono ms: not before */
	struct kf_buf renew_key;	/* of the renewal under way */
	int64_t renew_due;		/* mono ms */
	int64_t started;
	bool stop;
};

/* Opens everything but the sockets of run.c. Says in the log what is wrong. */
enum kf_err
agent_open(struct agent *a, const struct agent_conf *conf, const struct kf_env *env) KF_MUST_CHECK;
void agent_close(struct agent *a); /* saves what is not saved yet; wipes */
/* Once a second: expiry by our own clock, staleness, saving, renewal. */
void agent_tick(struct agent *a);

/* agent_feed.c: what the portal says. */
bool agent_ask(void *arg, enum feed_call call, struct feed_ask *out);
bool agent_answer(void *arg, enum feed_call call, struct kf_span body);
/* Builds a keyring of the set and swaps it in; stations whose key is over leave. */
enum kf_err agent_rebuild(struct agent *a) KF_MUST_CHECK;

/* agent_air.c: what happens on the air. */
struct radius_events agent_radius_events(struct agent *a);
void agent_isolate_event(void *arg, const struct isolate_event *ev);
/* Stations that an agent before us left in the kernel: stay if their group is still fed. */
void agent_adopt(struct agent *a);
/* Ends the stations whose key is gone, over, or in another group now. */
void agent_stations_check(struct agent *a);
/* The site's list has changed. */
void agent_site_changed(struct agent *a);
/* JOINs of all stations, for a full set. */
void agent_stations_report(void *arg, struct report *r);

/* status.c: appends what `status` and `why MAC` print. */
void agent_status(struct agent *a, struct kf_buf *out);
void agent_why(struct agent *a, struct kf_span mac, struct kf_buf *out);

#endif
