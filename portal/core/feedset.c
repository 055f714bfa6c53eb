#include "portal/core/feedset.h"

#include "common/log.h"
#include "portal/core/audit.h"
#include "portal/core/vault.h"
#include "portal/store/feed_rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* One answer being built. */
struct build {
	struct app *app;
	struct feed_scope scope;
	struct kf_buf gone, put; /* records: revocations go first */
	struct kf_buf lines;	 /* of the set's hash */
	bool lines_wanted;	 /* row_put adds them: a snapshot */
	bool whole;		 /* what the site serves has changed: a delta cannot tell it */
};

static enum kf_err
row_put(void *arg, struct feed_row *row)
{
	struct build *b = arg;
	struct feed_item *it = &row->item;
	uint8_t line[FEED_SET_LINE];
	enum kf_err r = KF_OK;

	if (it->kind == FEED_KEY) {
		r = vault_open_pmk(b->app, row->id, row->pmk, &it->u.key.pmk);
		if (r == KF_OK && row->pass.n > 0)
			r = vault_open_pass(b->app, row->id, row->pass, &it->u.key.pass);
	}
	if (r == KF_OK) {
		feed_put_item(&b->put, it);
		feed_set_line(it->kind, it->id, it->rev, line);
		if (b->lines_wanted)
			kf_buf_add(&b->lines, line, sizeof(line));
	}
	feed_item_wipe(it);
	return r;
}

static enum kf_err
line_put(void *arg, const uint8_t id[16], uint64_t rev)
{
	struct build *b = arg;
	uint8_t line[FEED_SET_LINE];

	feed_set_line(FEED_KEY, id, rev, line);
	kf_buf_add(&b->lines, line, sizeof(line));
	return KF_OK;
}

static enum kf_err
row_line(void *arg, struct feed_row *row)
{
	struct build *b = arg;
	uint8_t line[FEED_SET_LINE];

	feed_set_line(row->item.kind, row->item.id, row->item.rev, line);
	kf_buf_add(&b->lines, line, sizeof(line));
	return KF_OK;
}

/* The lines of everything the agent holds after this, without opening a secret. */
static enum kf_err
lines_all(struct build *b)
{
	enum kf_err r = KF_OK;

	for (int kind = FEED_SITE; r == KF_OK && kind < FEED_KEY; kind++)
		r = feed_rows(b->app->db, &b->scope, (enum feed_kind)kind, NULL, row_line, b);
	return r == KF_OK ? feed_key_revs(b->app->db, &b->scope, line_put, b) : r;
}

static enum kf_err
gone_put(struct build *b, enum feed_kind kind, const char *id, uint64_t rev)
{
	struct feed_item it = {.kind = kind, .gone = true, .rev = rev};
	enum kf_err r;

	/* Of a key of another site not even the id is told. */
	if (kind == FEED_KEY && (r = feed_key_was_here(b->app->db, &b->scope, id)) != KF_OK)
		return r == KF_ENOENT ? KF_OK : r;
	if ((r = kf_parse_uuid(kf_span_str(id), it.id)) == KF_OK)
		feed_put_item(&b->gone, &it);
	return r;
}

static enum kf_err
change_add(void *arg, enum change_kind kind, const char *id, uint64_t rev)
{
	static const enum feed_kind feed_kind[] = {
	    [CHANGE_VLAN] = FEED_VLAN, [CHANGE_ROLE] = FEED_ROLE, [CHANGE_PSK] = FEED_KEY};
	struct build *b = arg;
	enum kf_err r;

	switch (kind) {
	case CHANGE_SITE:
	case CHANGE_WLAN:
		b->whole = true;
		return KF_OK;
	case CHANGE_AGENT:
	case CHANGE_WORKFLOW:
		return KF_OK;
	case CHANGE_VLAN:
	case CHANGE_ROLE:
	case CHANGE_PSK:
		break;
	}
	r = feed_rows(b->app->db, &b->scope, feed_kind[kind], id, row_put, b);
	return r == KF_ENOENT ? gone_put(b, feed_kind[kind], id, rev) : r;
}

static enum kf_err
snapshot(struct build *b)
{
	enum kf_err r = KF_OK;

	kf_buf_reset(&b->gone);
	kf_buf_reset(&b->put);
	b->lines_wanted = true;
	for (int kind = FEED_SITE; r == KF_OK && kind <= FEED_KEY; kind++)
		r = feed_rows(b->app->db, &b->scope, (enum feed_kind)kind, NULL, row_put, b);
	return r;
}

/* Reads everything in one state of the database. known: at is in our history. */
static enum kf_err
gather(struct build *b, const struct change_point *at, struct feed_head *head, bool *known)
{
	struct change_point now;
	enum kf_err r;

	*known = at->rev > 0;
	if ((r = change_head(b->app, &now)) != KF_OK)
		return r;
	if (*known && (r = change_known(b->app, at)) == KF_ENOENT)
		*known = false;
	else if (r != KF_OK)
		return r;
	if (*known && at->rev == now.rev)
		return KF_EAGAIN;
	head->type = FEED_DELTA;
	head->rev = now.rev;
	head->chain = now.chain;
	if (*known && (r = change_since(b->app, at->rev, change_add, b)) != KF_OK)
		return r;
	if (*known && !b->whole)
		return lines_all(b);
	head->type = FEED_SNAPSHOT;
	return snapshot(b);
}

/* The agent holds what never was, or is no more: the portal's history is another one now. */
static enum kf_err
audit_history(struct app *app, const struct agent_caller *who, const struct change_point *at)
{
	const struct actor by = {"agent", who->row.id};
	char detail[80];
	int n = snprintf(detail, sizeof(detail), "agent had revision %" PRIu64, at->rev);
	enum kf_err r;

	if (n < 0 || (size_t)n >= sizeof(detail))
		return KF_EINVAL;
	kf_log(LOGL_WARN, "feed", "history changed agent=%s had=%" PRIu64, who->row.id, at->rev);
	if ((r = db_begin(app->db)) != KF_OK)
		return r;
	return db_end(app->db,
	    audit_put(
		app, &(struct audit_note){&by, "feed.history-changed", who->row.site, detail}));
}

enum kf_err
feedset_news(struct app *app, const struct agent_caller *who, const struct change_point *at,
    struct kf_buf *out)
{
	struct build b = {.app = app, .scope = {app->org, who->row.site}};
	struct feed_head head = {0};
	bool known = false;
	enum kf_err r;

	b.put.max = FEED_BODY_MAX;
	if ((r = db_begin_read(app->db)) != KF_OK)
		return r;
	r = db_end(app->db, gather(&b, at, &head, &known));
	if (r == KF_OK && at->rev > 0 && !known)
		r = audit_history(app, who, at);
	if (r == KF_OK) {
		kf_sha256(kf_buf_span(&b.lines), &head.set);
		feed_put_head(out, &head);
		kf_buf_add(out, b.gone.p, b.gone.n);
		kf_buf_add(out, b.put.p, b.put.n);
		if (b.gone.bad || b.put.bad || b.lines.bad || out->bad)
			r = KF_ELIMIT;
	}
	kf_buf_free(&b.gone);
	kf_buf_free(&b.put);
	kf_buf_free(&b.lines);
	return r;
}

void
feedset_idle(const struct change_point *at, struct kf_buf *out)
{
	struct feed_head head = {.type = FEED_DELTA, .rev = at->rev, .chain = at->chain};

	feed_put_head(out, &head);
}
