/* What agents ask for, over mutual TLS, in the binary form of common/feed_codec.h. Every request
 * checks the certificate against the agent's row: 403 ends a revoked agent's feed at once. */
#ifndef PORTAL_HTTP_FEED_H
#define PORTAL_HTTP_FEED_H

#include "common/err.h"

struct web_req;
struct web_worker;

/* The feed role's start: opens live.db, looks for news every tick. */
enum kf_err feed_start(struct web_worker *w) KF_MUST_CHECK;

/* GET /agent/v1/feed?since=REV&chain=HEX&wait=S: delta or snapshot; waits while nothing is new. */
int feed_get(struct web_req *req);
/* GET /agent/v1/sessions?since=EPOCH.N&wait=S: the site's live stations, or what changed. */
int sessions_get(struct web_req *req);
/* POST /agent/v1/events: joins, leaves, matches, counters. Answers with the last number taken. */
int events_post(struct web_req *req);
/* POST /agent/v1/renew, the body a certificate request: the agent's next certificate. */
int agent_renew(struct web_req *req);
/* POST /agent/v1/enroll, of the web role: see common/feed_enroll.h. */
int agent_enroll(struct web_req *req);

#endif
