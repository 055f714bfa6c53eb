#include "portal/core/onair.h"

#include "common/log.h"
#include "portal/core/change.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SEEN_EVERY_S 60
#define SILENT_MAX 64 /* agents in one sweep */

static bool
path_of(const struct config *conf, const char *end, char out[CONFIG_PATH_MAX + 32])
{
	int n = snprintf(out, CONFIG_PATH_MAX + 32, "%s/live.db%s", conf->state_dir, end);

	return n > 0 && n < CONFIG_PATH_MAX + 32;
}

enum kf_err
onair_clear(const struct config *conf)
{
	static const char *const end[] = {"-wal", "-shm", ""};
	char path[CONFIG_PATH_MAX + 32];

	for (size_t i = 0; i < sizeof(end) / sizeof(end[0]); i++) {
		if (!path_of(conf, end[i], path))
			return KF_EINVAL;
		if (unlink(path) != 0 && errno != ENOENT) {
			kf_log(LOGL_ERROR, "feed", "cannot remove path=\"%s\" says=\"%s\"", path,
			    strerror(errno));
			return KF_EIO;
		}
	}
	return KF_OK;
}

enum kf_err
onair_open(struct app *app)
{
	char path[CONFIG_PATH_MAX + 32];

	if (!path_of(app->conf, "", path))
		return KF_EINVAL;
	return live_db_open(path, app->env->now_ms(app->env->ctx), &app->live);
}

enum kf_err
onair_heard(struct app *app, const struct agent_caller *who)
{
	int64_t now = kf_now_s(app->env);
	struct live_agent a;
	enum kf_err r;

	if ((r = db_begin(app->live)) != KF_OK)
		return r;
	if ((r = live_agent_get(app->live, who->id, &a)) == KF_OK && a.heard != now) {
		a.heard = now;
		r = live_agent_put(app->live, who->id, &a);
	}
	if ((r = db_end(app->live, r)) != KF_OK)
		return r;
	if (now - who->row.last_seen < SEEN_EVERY_S)
		return KF_OK;
	if ((r = db_begin(app->db)) != KF_OK)
		return r;
	return db_end(app->db, agent_seen(app->db, who->row.id, now));
}

/* --- what the agents are told ------------------------------------------------------------------
 */
struct list {
	struct kf_buf buf;
	size_t n;
};

static enum kf_err
list_add(void *arg, const struct feed_session *s, bool on)
{
	struct list *list = arg;

	feed_put_session(&list->buf, s, on);
	list->n++;
	return KF_OK;
}

/* In a read transaction. */
static enum kf_err
news_gather(struct app *app, const struct agent_caller *who, const struct live_point *at,
    struct feed_sessions_head *head, struct list *list)
{
	struct live_agent agent;
	struct live_point now;
	uint64_t floor;
	enum kf_err r;

	if ((r = live_point(app->live, &now)) != KF_OK ||
	    (r = live_floor(app->live, &floor)) != KF_OK ||
	    (r = live_agent_get(app->live, who->id, &agent)) != KF_OK)
		return r;
	bool known = at->epoch == now.epoch && at->n >= floor && at->n <= now.n;
	if (known && at->n == now.n && agent.full)
		return KF_EAGAIN;
	*head = (struct feed_sessions_head){
	    known && at->n > 0 ? FEED_CHANGES : FEED_SESSIONS, now.epoch, now.n, !agent.full};
	r = live_each(
	    app->live, who->row.site, head->type == FEED_CHANGES ? at->n : 0, list_add, list);
	if (r == KF_OK && head->type == FEED_CHANGES && list->n == 0 && agent.full)
		return KF_EAGAIN; /* it was another site's */
	return r;
}

enum kf_err
onair_news(struct app *app, const struct agent_caller *who, const struct live_point *at,
    struct kf_buf *out)
{
	struct feed_sessions_head head = {0};
	struct list list = {.buf.max = FEED_BODY_MAX};
	enum kf_err r;

	if ((r = db_begin_read(app->live)) != KF_OK)
		return r;
	r = db_end(app->live, news_gather(app, who, at, &head, &list));
	if (r == KF_OK) {
		feed_put_sessions_head(out, &head);
		kf_buf_add(out, list.buf.p, list.buf.n);
		if (list.buf.bad || out->bad)
			r = KF_ELIMIT;
	}
	kf_buf_free(&list.buf);
	return r;
}

void
onair_idle(const struct live_point *at, struct kf_buf *out)
{
	/* The same point: a number read now could step over a change of this very moment. */
	struct feed_sessions_head head = {FEED_CHANGES, at->epoch, at->n, false};

	feed_put_sessions_head(out, &head);
}

/* --- what the agents tell ----------------------------------------------------------------------
 */
/* A message of events on its way into the databases. */
struct intake {
	struct app *app;
	const struct agent_caller *who;
	struct kf_span msg;
	struct feed_events_head head;
	struct feed_counters counters;
	struct live_agent agent;
	struct live_step step;
	unsigned refused;
};

/* Calls each with every event; a malformed message is found before anything is done. */
static enum kf_err
events_each(struct intake *in, enum kf_err (*each)(struct intake *in, const struct feed_event *ev))
{
	struct feed_event ev;
	struct kf_rd rd;
	unsigned n = 0;
	enum kf_err r;

	if ((r = feed_read_events_head(in->msg, &in->head, &rd)) != KF_OK)
		return r;
	while (r == KF_OK && feed_next_event(&rd, &ev, &in->counters)) {
		if (++n > FEED_EVENTS_MAX)
			return KF_EINVAL;
		r = each(in, &ev);
	}
	return r == KF_OK && rd.bad ? KF_EINVAL : r;
}

static enum kf_err
event_check(struct intake *in, const struct feed_event *ev)
{
	(void)in;
	(void)ev;
	return KF_OK;
}

/* The event's key as text, its group and VLAN by our own books. KF_ENOENT: not this agent's. */
static enum kf_err
event_key(struct intake *in, const struct feed_event *ev, char key[37], struct feed_session *s)
{
	uint16_t vlan = 0;
	enum kf_err r;

	kf_uuid_str(ev->key, key);
	r = agent_key_scope(in->app->db, in->who->row.site, key, &s->group, &vlan);
	if (r == KF_ENOENT)
		in->refused++;
	s->vlan = vlan != 0 ? vlan : ev->vlan;
	return r;
}

static enum kf_err
station_join(struct intake *in, const struct feed_event *ev)
{
	struct db *live = in->app->live;
	const char *site = in->who->row.site;
	struct feed_session s = {.since = ev->at};
	char key[37];
	enum kf_err r;

	if ((r = event_key(in, ev, key, &s)) != KF_OK)
		return r == KF_ENOENT ? KF_OK : r;
	memcpy(s.agent, in->who->id, sizeof(s.agent));
	memcpy(s.bss, ev->bss, sizeof(s.bss));
	memcpy(s.mac, ev->mac, sizeof(s.mac));
	/* A full set tells what was before as well: it may be that the station has moved on. */
	if (in->head.full && (r = live_newer(live, site, &s)) != KF_ENOENT)
		return r;
	if ((r = live_roam(live, site, &s, &in->step)) != KF_OK)
		return r;
	return live_put(live, site, &s, &in->step);
}

static enum kf_err
event_live(struct intake *in, const struct feed_event *ev)
{
	if (ev->kind == FEED_EV_JOIN)
		return station_join(in, ev);
	if (ev->kind == FEED_EV_LEAVE)
		return live_leave(in->app->live, in->who->id, ev->bss, ev->mac, &in->step);
	return KF_OK;
}

/* In a transaction of live.db. Until its full set came an agent's changes do not count. */
static enum kf_err
intake_live(struct intake *in)
{
	struct db *live = in->app->live;
	enum kf_err r;

	if ((r = live_agent_get(live, in->who->id, &in->agent)) != KF_OK ||
	    in->head.seq <= in->agent.seq)
		return r;
	in->agent.seq = in->head.seq;
	in->agent.heard = kf_now_s(in->app->env);
	in->agent.full = in->agent.full || in->head.full;
	if (in->agent.full &&
	    ((r = live_step(live, in->agent.heard, &in->step)) != KF_OK ||
		(r = events_each(in, event_live)) != KF_OK))
		return r;
	if (in->head.full && (r = live_leave_others(live, in->who->id, &in->step)) != KF_OK)
		return r;
	return live_agent_put(live, in->who->id, &in->agent);
}

static enum kf_err
event_keep(struct intake *in, const struct feed_event *ev)
{
	int64_t now = kf_now_s(in->app->env);
	struct sighting_row row = {.last_seen = ev->at < now ? ev->at : now};
	struct feed_session s = {0};
	char key[37], mac[18];
	enum kf_err r;

	kf_mac_str(ev->mac, mac);
	switch (ev->kind) {
	case FEED_EV_MATCH:
	case FEED_EV_JOIN:
		if ((r = event_key(in, ev, key, &s)) != KF_OK)
			return r == KF_ENOENT ? KF_OK : r;
		memcpy(row.mac, ev->mac, sizeof(row.mac));
		memcpy(row.bss, ev->bss, sizeof(row.bss));
		memcpy(row.agent, in->who->row.id, sizeof(row.agent));
		return sighting_put(in->app->db, in->app->org, key, &row);
	case FEED_EV_FORGED:
	case FEED_EV_CONFLICT:
	case FEED_EV_STILL:
	case FEED_EV_STUCK:
		kf_log(LOGL_WARN, "agent", "agent=%s event=%s mac=%s note=\"%s\"", in->who->row.id,
		    ev->kind == FEED_EV_FORGED	    ? "mac-forged"
			: ev->kind == FEED_EV_STUCK ? "port-stuck"
						    : "mac-conflict",
		    mac, ev->note);
		return KF_OK;
	case FEED_EV_MISS:
	case FEED_EV_LEAVE:
		break;
	}
	return KF_OK;
}

/* In a transaction of keyfob.db. */
static enum kf_err
intake_keep(struct intake *in)
{
	enum kf_err r =
	    agent_events_take(in->app->db, in->who->row.id, in->head.seq, &in->counters);

	if (r == KF_EEXIST)
		return KF_OK; /* again the same, its answer was lost */
	in->refused = 0;
	return r == KF_OK ? events_each(in, event_keep) : r;
}

enum kf_err
onair_events(
    struct app *app, const struct agent_caller *who, struct kf_span msg, struct kf_buf *reply)
{
	struct intake in = {.app = app, .who = who, .msg = msg, .counters = who->row.counters};
	struct feed_ack ack;
	enum kf_err r;

	if ((r = events_each(&in, event_check)) != KF_OK || (r = db_begin(app->live)) != KF_OK)
		return r;
	if ((r = db_end(app->live, intake_live(&in))) != KF_OK)
		return r;
	if (in.head.seq > 0) {
		if ((r = db_begin(app->db)) != KF_OK)
			return r;
		if ((r = db_end(app->db, intake_keep(&in))) != KF_OK)
			return r;
	}
	if (in.refused > 0)
		kf_log(LOGL_WARN, "agent", "agent=%s refused=%u reason=not-its-key", who->row.id,
		    in.refused);
	ack.seq = in.agent.seq > who->row.event_seq ? in.agent.seq : who->row.event_seq;
	ack.want_full = !in.agent.full;
	feed_put_ack(reply, &ack);
	return reply->bad ? KF_ENOMEM : KF_OK;
}

enum kf_err
onair_look(struct app *app, struct onair_seen *seen, bool *feed, bool *stations)
{
	struct change_point head;
	struct live_point live;
	uint32_t version;
	enum kf_err r;

	*feed = *stations = false;
	if ((r = db_data_version(app->db, &version)) != KF_OK)
		return r;
	if (version != seen->data_version) {
		if ((r = change_head(app, &head)) != KF_OK)
			return r;
		*feed = head.rev != seen->rev;
		seen->rev = head.rev;
		seen->data_version = version;
	}
	/* The number, not the file's version: most commits only say that an agent was heard. */
	if ((r = live_point(app->live, &live)) != KF_OK)
		return r;
	*stations = live.n != seen->n;
	seen->n = live.n;
	return KF_OK;
}

/* --- sweeping -----------------------------------------------------------------------------------
 */
struct silent {
	uint8_t id[SILENT_MAX][16];
	size_t n;
};

static enum kf_err
silent_add(void *arg, const uint8_t agent[16])
{
	struct silent *s = arg;

	if (s->n < SILENT_MAX)
		memcpy(s->id[s->n++], agent, 16);
	return KF_OK;
}

static enum kf_err
silent_leave(struct app *app, const uint8_t id[16], int64_t now)
{
	struct live_step step;
	struct live_agent agent;
	char text[37];
	enum kf_err r;

	if ((r = live_agent_get(app->live, id, &agent)) != KF_OK || !agent.full ||
	    agent.heard >= now - FEED_SILENT_S)
		return r; /* heard meanwhile */
	kf_uuid_str(id, text);
	kf_log(LOGL_WARN, "agent", "agent=%s silent, its stations leave the list", text);
	agent.full = false;
	if ((r = live_step(app->live, now, &step)) != KF_OK ||
	    (r = live_leave_others(app->live, id, &step)) != KF_OK)
		return r;
	return live_agent_put(app->live, id, &agent);
}

enum kf_err
onair_sweep(struct app *app)
{
	int64_t now = kf_now_s(app->env);
	struct silent silent = {.n = 0};
	enum kf_err r = live_agents_silent(app->live, now - FEED_SILENT_S, silent_add, &silent);

	if (r != KF_OK || (r = db_begin(app->live)) != KF_OK)
		return r;
	for (size_t i = 0; r == KF_OK && i < silent.n; i++)
		r = silent_leave(app, silent.id[i], now);
	if (r == KF_OK)
		r = live_forget(app->live, now - ONAIR_FORGET_S);
	return db_end(app->live, r);
}
