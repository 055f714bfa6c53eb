/* What the portal says, and what it is asked. */
#include "ap-agent/agent.h"
#include "common/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RENEW_AT_PART 3	      /* renewed when less than a third of its life is left: day 60 of 90 */
#define RENEW_RETRY_MS 600000 /* ten minutes */
#define FULL_PAUSE_MS 200     /* the portal waits for our full set: do not ask it meanwhile */
#define VLANS_MAX 512
#define BYTES_PER_MS 4096 /* a large set is saved a little later: not at every key of an import */

static int64_t
mono(const struct agent *a)
{
	return a->env->mono_ms(a->env->ctx);
}

/* --- asking -------------------------------------------------------------------------------------
 */
/* The first question after a failure does not wait: its answer says that the portal is back. */
static int
wait_s(const struct agent *a, enum feed_call call)
{
	const struct feed_call_state *s = feed_client_state(a->client, call);

	return s->failures > 0 || s->ok_at == 0 ? 0 : FEED_WAIT_S;
}

static bool
ask_feed(struct agent *a, struct feed_ask *out)
{
	uint64_t rev = a->head_doubt ? 0 : a->head.rev;
	char chain[65];
	int n;

	kf_hex(kf_span_of(a->head.chain.b, sizeof(a->head.chain.b)), chain);
	n = snprintf(out->path, sizeof(out->path),
	    "/agent/v1/feed?since=%" PRIu64 "&chain=%s&wait=%d", rev, chain, wait_s(a, CALL_FEED));
	return n > 0 && (size_t)n < sizeof(out->path);
}

static bool
ask_sessions(struct agent *a, struct feed_ask *out)
{
	int n;

	if (mono(a) < a->sessions_due)
		return false;
	n = snprintf(out->path, sizeof(out->path),
	    "/agent/v1/sessions?since=%" PRIu64 ".%" PRIu64 "&wait=%d", a->seen.epoch, a->seen.n,
	    wait_s(a, CALL_SESSIONS));
	return n > 0 && (size_t)n < sizeof(out->path);
}

static bool
ask_events(struct agent *a, struct feed_ask *out)
{
	struct feed_counters c = {.keys = keyring_count(a->ring)};
	int64_t now_us = a->env->now_ms(a->env->ctx) * 1000;

	if (!report_waits(a->report))
		return false;
	if (a->radius != NULL) {
		const struct radius_counters *rc = radius_server_counters(a->radius);

		c.accepts = rc->accepts;
		c.rejects = rc->rejects;
		c.acct = rc->acct;
		c.dropped = rc->unknown_client + rc->malformed + rc->no_authenticator +
		    rc->bad_authenticator + rc->unexpected + rc->limited + rc->failed;
	}
	(void)snprintf(out->path, sizeof(out->path), "/agent/v1/events");
	if (report_next(a->report, now_us, &c, agent_stations_report, a, &out->body) == KF_OK)
		return true;
	kf_buf_free(&out->body);
	return false;
}

static bool
ask_renew(struct agent *a, struct feed_ask *out)
{
	int64_t life = a->id.cert_end - a->id.cert_start, left = a->id.cert_end - kf_now_s(a->env);
	char name[64] = "";

	if (left > life / RENEW_AT_PART || mono(a) < a->renew_due)
		return false;
	a->renew_due = mono(a) + RENEW_RETRY_MS;
	(void)gethostname(name, sizeof(name) - 1);
	kf_buf_free(&a->renew_key);
	(void)snprintf(out->path, sizeof(out->path), "/agent/v1/renew");
	if (identity_request(name[0] != '\0' ? name : "agent", &a->renew_key, &out->body) == KF_OK)
		return true;
	kf_buf_free(&out->body);
	return false;
}

bool
agent_ask(void *arg, enum feed_call call, struct feed_ask *out)
{
	struct agent *a = arg;

	switch (call) {
	case CALL_FEED:
		return ask_feed(a, out);
	case CALL_SESSIONS:
		return ask_sessions(a, out);
	case CALL_EVENTS:
		return ask_events(a, out);
	case CALL_RENEW:
		return ask_renew(a, out);
	case CALL__MAX:
		break;
	}
	return false;
}

/* --- answers ------------------------------------------------------------------------------------
 */
static bool
answer_feed(struct agent *a, struct kf_span body)
{
	struct feed_head head;
	uint64_t had = a->head.rev;
	enum kf_err r = set_take(a->set, body, &head);

	if (r != KF_OK && r != KF_ESTALE)
		return false;
	if (head.type == FEED_DELTA && head.rev < had) {
		kf_log(LOGL_WARN, "feed", "rev=%" PRIu64 " after %" PRIu64 " by a delta", head.rev,
		    had);
		r = KF_ESTALE; /* going back takes a snapshot */
	}
	a->head_doubt = r == KF_ESTALE;
	a->feed_at = kf_now_s(a->env);
	bool news = head.type == FEED_SNAPSHOT || head.rev != had;
	a->head = head;
	if (!news)
		return true;
	kf_log(LOGL_INFO, "feed", "%s rev=%" PRIu64 " keys=%zu",
	    head.type == FEED_SNAPSHOT ? "snapshot" : "delta", head.rev,
	    set_count(a->set, FEED_KEY));
	if (a->save_due == 0)
		a->save_due = mono(a) + 1 + (int64_t)(body.n / BYTES_PER_MS);
	return agent_rebuild(a) == KF_OK;
}

static bool
answer_sessions(struct agent *a, struct kf_span body)
{
	struct feed_sessions_head head;

	if (roster_take(a->roster, body, &head) != KF_OK) {
		a->seen = (struct feed_sessions_head){0}; /* from the beginning */
		return false;
	}
	a->seen = head;
	a->feed_at = kf_now_s(a->env);
	if (head.want_full) {
		report_full(a->report);
		a->sessions_due = mono(a) + FULL_PAUSE_MS;
	}
	agent_site_changed(a);
	return true;
}

static bool
answer_renew(struct agent *a, struct kf_span body)
{
	struct kf_span cert, ca;
	enum kf_err r = feed_read_renewed(body, &cert, &ca);

	if (r == KF_OK)
		r = identity_renew(a->conf, &a->id, cert, kf_buf_span(&a->renew_key));
	kf_buf_free(&a->renew_key);
	if (r != KF_OK)
		return false;
	kf_log(LOGL_INFO, "agent", "certificate renewed agent=%s", a->id.text);
	feed_client_identity(a->client, &a->id);
	return true;
}

bool
agent_answer(void *arg, enum feed_call call, struct kf_span body)
{
	struct agent *a = arg;

	switch (call) {
	case CALL_FEED:
		return answer_feed(a, body);
	case CALL_SESSIONS:
		return answer_sessions(a, body);
	case CALL_EVENTS:
		return report_answer(a->report, body) == KF_OK;
	case CALL_RENEW:
		return answer_renew(a, body);
	case CALL__MAX:
		break;
	}
	return false;
}

/* --- the keyring ---------------------------------------------------------------------------------
 */
struct build {
	struct keyring *ring;
	struct feed_vlan *vlan;
	size_t vlans, left_out;
};

static enum kf_err
build_add(void *arg, const struct feed_item *it)
{
	struct build *b = arg;
	enum kf_err r = KF_OK;

	if (it->kind == FEED_WLAN)
		r = keyring_add_wlan(b->ring, &it->u.wlan);
	else if (it->kind == FEED_KEY)
		r = keyring_add(b->ring, &it->u.key);
	else if (it->kind == FEED_VLAN && b->vlans < VLANS_MAX)
		b->vlan[b->vlans++] = it->u.vlan;
	/* A key without its WLAN cannot be asked for; nothing else of the feed suffers. */
	if (r == KF_ENOENT || r == KF_EEXIST || r == KF_ELIMIT) {
		b->left_out++;
		return KF_OK;
	}
	return r;
}

enum kf_err
agent_rebuild(struct agent *a)
{
	struct build b = {0};
	size_t keys = set_count(a->set, FEED_KEY);
	enum kf_err r;

	b.vlan = calloc(VLANS_MAX, sizeof(b.vlan[0]));
	if (b.vlan == NULL)
		return KF_ENOMEM;
	if ((r = keyring_new(keys < KF_RING_MAX ? keys : KF_RING_MAX, &b.ring)) != KF_OK ||
	    (r = set_each(a->set, build_add, &b)) != KF_OK)
		goto out;
	if (b.left_out > 0)
		kf_log(LOGL_WARN, "feed", "left-out=%zu things that do not fit", b.left_out);
	if (a->radius != NULL)
		radius_server_keys(a->radius, a->stale && a->conf->refuse_new ? NULL : b.ring);
	keyring_free(&a->ring);
	a->ring = b.ring;
	b.ring = NULL;
	if (a->conf->isolate->vlans(a->iso, b.vlan, b.vlans) != KF_OK)
		kf_log(LOGL_ERROR, "isolate", "the site's VLANs were not taken");
	agent_stations_check(a);
out:
	keyring_free(&b.ring);
	free(b.vlan);
	return r;
}
