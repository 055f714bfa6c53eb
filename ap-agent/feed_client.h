/* The agent's connections to the portal: mutual TLS with the CA of its enrolment only, keep-alive,
 * two long polls and whatever is to be posted, all in the one poll loop. After a failure it waits,
 * longer each time and never in step with other agents; after a success it asks again at once. */
#ifndef AGENT_FEED_CLIENT_H
#define AGENT_FEED_CLIENT_H

#include "ap-agent/identity.h"
#include "common/env.h"

#include <poll.h>

enum feed_call { CALL_FEED, CALL_SESSIONS, CALL_EVENTS, CALL_RENEW, CALL__MAX };

#define FEED_PATH_MAX 256
#define FEED_ERROR_MAX 160

/* A call about to be made. */
struct feed_ask {
	char path[FEED_PATH_MAX];
	struct kf_buf body; /* empty: GET. Owned by the client once ask returned true */
};

struct feed_client_ops {
	/* Fills in the next call of this kind; false: there is none now. */
	bool (*ask)(void *arg, enum feed_call call, struct feed_ask *out);
	/* The answer's body, borrowed. false: not understood, as good as a failure. */
	bool (*answer)(void *arg, enum feed_call call, struct kf_span body);
	void *arg;
};

struct feed_call_state {
	bool busy;
	unsigned failures;	    /* since the last success */
	int64_t ok_at;		    /* wall clock of the last success, seconds; 0 = never */
	int status;		    /* of the last answer; 0 = none */
	char error[FEED_ERROR_MAX]; /* of the last failure, "" when the last call went well */
};

struct feed_client;

/* KF_EIO: libcurl; KF_EINVAL: the feed's URL. */
enum kf_err feed_client_new(const struct identity *id, const struct kf_env *env,
    const struct feed_client_ops *ops, struct feed_client **out) KF_MUST_CHECK;
void feed_client_free(struct feed_client **c);
/* The certificate was renewed: new connections come with the new one. */
void feed_client_identity(struct feed_client *c, const struct identity *id);

/* Makes the calls that are due, handles what was answered. */
void feed_client_run(struct feed_client *c);
/* Waits for the network or for one of fd[0..n), at most ms; sets their revents. */
void feed_client_wait(struct feed_client *c, struct pollfd *fd, size_t n, int ms);
const struct feed_call_state *feed_client_state(const struct feed_client *c, enum feed_call call);

#endif
