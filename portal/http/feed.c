#include "portal/http/feed.h"

#include "common/log.h"
#include "portal/core/feedset.h"
#include "portal/core/onair.h"
#include "portal/http/web.h"

#include <stdlib.h>
#include <string.h>

#define FEED_TYPE "application/x-keyfob-feed"

enum { TOPIC_FEED = 0x66656564, TOPIC_SESSIONS };

/* One a worker, as long as it lives. */
struct feed_tick {
	struct onair_seen seen;
	int64_t sweep_at; /* mono ms */
};

static void
tick(struct web_worker *w, void *arg)
{
	struct feed_tick *t = arg;
	struct app *app = web_worker_app(w);
	int64_t now = app->env->mono_ms(app->env->ctx);
	bool feed, stations;

	if (now >= t->sweep_at) {
		t->sweep_at = now + ONAIR_SWEEP_S * 1000;
		if (onair_sweep(app) != KF_OK)
			kf_log(LOGL_WARN, "feed", "sweep failed, next in %d s", ONAIR_SWEEP_S);
	}
	if (onair_look(app, &t->seen, &feed, &stations) != KF_OK)
		return; /* logged; next tick */
	if (feed)
		web_wake(w, TOPIC_FEED);
	if (feed || stations) /* with the feed: the agent may have been revoked */
		web_wake(w, TOPIC_SESSIONS);
}

enum kf_err
feed_start(struct web_worker *w)
{
	struct feed_tick *t = calloc(1, sizeof(*t));
	enum kf_err r;

	if (t == NULL)
		return KF_ENOMEM;
	if ((r = onair_open(web_worker_app(w))) == KF_OK)
		r = web_tick_register(w, tick, t);
	if (r != KF_OK)
		free(t);
	return r;
}

static int
refuse(struct web_req *req, enum kf_err r)
{
	return web_reply_err(req, r,
	    r == KF_EDENIED
		? "this agent is not enrolled here or was revoked: enrol it with a new code"
		: NULL);
}

static int
send(struct web_req *req, struct kf_buf *b)
{
	int rc = web_reply(req, 200, FEED_TYPE, b);

	kf_buf_free(b);
	return rc;
}

/* Who asks: the owner of the certificate, not revoked. Asked again after each sleep. */
static enum kf_err
caller(struct web_req *req, struct agent_caller *out)
{
	struct app *app = web_app(req);
	bool *heard = web_state(req, sizeof(*heard));
	struct kf_buf der = {0};
	enum kf_err r;

	if (heard == NULL)
		return KF_ENOMEM;
	if ((r = web_peer_cert(req, &der)) == KF_OK)
		r = agentca_caller(app, kf_buf_span(&der), out);
	kf_buf_free(&der);
	if (r == KF_ENOENT)
		r = KF_EDENIED;
	if (r != KF_OK || *heard)
		return r;
	*heard = true;
	return onair_heard(app, out);
}

static enum kf_err
query_u64(struct web_req *req, const char *name, uint64_t max, uint64_t *out)
{
	struct kf_span s;
	enum kf_err r = web_query(req, name, &s);

	return r == KF_OK ? kf_parse_u64(s, 0, max, out) : KF_EINVAL;
}

static enum kf_err
query_point(struct web_req *req, struct change_point *at, uint64_t *wait_s)
{
	struct kf_span chain;
	enum kf_err r;

	if ((r = query_u64(req, "since", INT64_MAX, &at->rev)) != KF_OK ||
	    (r = query_u64(req, "wait", WEB_WAIT_MAX_S, wait_s)) != KF_OK ||
	    (r = web_query(req, "chain", &chain)) != KF_OK)
		return KF_EINVAL;
	return kf_unhex(chain, at->chain.b, sizeof(at->chain.b));
}

int
feed_get(struct web_req *req)
{
	struct agent_caller who;
	struct change_point at = {0};
	struct kf_buf b = {.max = FEED_BODY_MAX};
	uint64_t wait_s;
	enum kf_err r;

	if ((r = caller(req, &who)) != KF_OK || (r = query_point(req, &at, &wait_s)) != KF_OK)
		return refuse(req, r);
	r = feedset_news(web_app(req), &who, &at, &b);
	if (r == KF_EAGAIN) {
		if (web_sleep(req, TOPIC_FEED, (unsigned)wait_s))
			return WEB_SLEEPS;
		feedset_idle(&at, &b);
		r = KF_OK;
	}
	if (r != KF_OK) {
		kf_buf_free(&b);
		return refuse(req, r);
	}
	return send(req, &b);
}

/* "EPOCH.N" */
static enum kf_err
query_live_point(struct web_req *req, struct live_point *at, uint64_t *wait_s)
{
	struct kf_span s;
	const uint8_t *dot;
	enum kf_err r;

	if ((r = query_u64(req, "wait", WEB_WAIT_MAX_S, wait_s)) != KF_OK ||
	    (r = web_query(req, "since", &s)) != KF_OK || s.n == 0 ||
	    (dot = memchr(s.p, '.', s.n)) == NULL)
		return KF_EINVAL;
	size_t n = (size_t)(dot - s.p);
	if ((r = kf_parse_u64(kf_span_of(s.p, n), 0, INT64_MAX, &at->epoch)) != KF_OK)
		return r;
	return kf_parse_u64(kf_span_of(dot + 1, s.n - n - 1), 0, INT64_MAX, &at->n);
}

int
sessions_get(struct web_req *req)
{
	struct agent_caller who;
	struct live_point at = {0};
	struct kf_buf b = {.max = FEED_BODY_MAX};
	uint64_t wait_s;
	enum kf_err r;

	if ((r = caller(req, &who)) != KF_OK || (r = query_live_point(req, &at, &wait_s)) != KF_OK)
		return refuse(req, r);
	r = onair_news(web_app(req), &who, &at, &b);
	if (r == KF_EAGAIN) {
		if (web_sleep(req, TOPIC_SESSIONS, (unsigned)wait_s))
			return WEB_SLEEPS;
		onair_idle(&at, &b);
		r = KF_OK;
	}
	if (r != KF_OK) {
		kf_buf_free(&b);
		return refuse(req, r);
	}
	return send(req, &b);
}

int
events_post(struct web_req *req)
{
	struct agent_caller who;
	struct kf_buf b = {0};
	enum kf_err r;

	if ((r = caller(req, &who)) == KF_OK)
		r = onair_events(web_app(req), &who, web_body(req), &b);
	if (r != KF_OK) {
		kf_buf_free(&b);
		return refuse(req, r);
	}
	web_wake(web_worker(req), TOPIC_SESSIONS); /* no need to wait for the tick */
	return send(req, &b);
}

int
agent_renew(struct web_req *req)
{
	struct agent_caller who;
	struct kf_buf b = {0};
	enum kf_err r;

	if ((r = caller(req, &who)) == KF_OK)
		r = agentca_renew(web_app(req), &who, web_body(req), &b);
	if (r != KF_OK) {
		kf_buf_free(&b);
		return refuse(req, r);
	}
	return send(req, &b);
}
