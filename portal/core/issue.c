#include "portal/core/issue.h"

#include "portal/core/key.h"
#include "portal/core/outbox.h"
#include "portal/store/session_row.h"
#include "portal/store/workflow_row.h"

#include <stdio.h>
#include <string.h>

#define LIST_AFTER_S (30 * 86400) /* how long a key that is over is still listed */
#define ROTATE_PER_HOUR 10
#define CHAIN_MAX 1000 /* of keys that replaced each other */

/* Who asks, and what the workflow of the sign-in gives. */
struct asked {
	struct workflow_row flow;
	struct person_row person;
	struct actor by;
};

static enum kf_err
asked_load(struct app *app, const struct session *ses, struct asked *out)
{
	enum kf_err r = workflow_row_by_slug(app->db, app->org, ses->workflow, &out->flow);

	out->by = (struct actor){"person", ses->email};
	return r == KF_OK ? person_row_by_id(app->db, app->org, ses->person, &out->person) : r;
}

static enum kf_err
promise_mail(struct app *app, const struct asked *who, const char *key, enum outbox_kind kind)
{
	const struct outbox_promise mail = {
	    kind, key, who->person.email, who->person.name, who->flow.mail_mode};

	return outbox_put(app, &mail);
}

static int64_t
end_of(struct app *app, const struct workflow_row *flow)
{
	return flow->validity_s > 0 ? kf_now_s(app->env) + flow->validity_s : 0;
}

/* The person's key of this workflow if it can still be used. */
static enum kf_err
current(struct app *app, const struct asked *who, struct psk_row *out)
{
	enum kf_err r = psk_row_current(app->db, who->person.id, who->flow.id, out);

	if (r == KF_OK && !key_alive(out, kf_now_s(app->env)))
		return KF_EEXPIRED;
	return r;
}

/* --- a first key, or one after the last has ended -----------------------------------------------
 */

static enum kf_err
issue_new(struct app *app, struct asked *who, const struct key_secret *secret, struct psk_row *row)
{
	enum kf_err r;

	memcpy(row->wlan_id, who->flow.wlan_id, sizeof(row->wlan_id));
	row->ssid = who->flow.ssid;
	(void)snprintf(row->name, sizeof(row->name), "%.63s", who->person.email);
	memcpy(row->person_id, who->person.id, sizeof(row->person_id));
	memcpy(row->workflow_id, who->flow.id, sizeof(row->workflow_id));
	memcpy(row->role_id, who->flow.role_id, sizeof(row->role_id));
	memcpy(row->source, "portal", sizeof("portal"));
	row->vlan = who->flow.vlan;
	row->max_usage = who->flow.max_usage;
	row->expire_time = end_of(app, &who->flow);
	row->current = true;
	if ((r = key_group(app, &who->person, who->flow.group_per_key, &row->group)) != KF_OK ||
	    (r = key_insert(app, secret, row)) != KF_OK ||
	    (r = promise_mail(app, who, row->id, OUTBOX_KEY_ISSUED)) != KF_OK)
		return r;
	return audit_put(app, &(struct audit_note){&who->by, "psk.issue", row->id, ""});
}

/* Inside the transaction, where nobody else can be quicker any more. */
static enum kf_err
issue_once(struct app *app, struct asked *who, const struct key_secret *secret, struct psk_row *row,
    bool *made)
{
	struct psk_row old;
	enum kf_err r;

	/* Read again: another tab may have given the person a group or the key meanwhile. */
	r = person_row_by_id(app->db, app->org, who->person.id, &who->person);
	if (r != KF_OK)
		return r;
	r = current(app, who, &old);
	if (r == KF_OK) {
		*row = old;
		return KF_OK;
	}
	if (r == KF_EEXPIRED)
		r = psk_row_uncurrent(app->db, old.id);
	if (r != KF_OK && r != KF_ENOENT)
		return r;
	*made = true;
	return issue_new(app, who, secret, row);
}

enum kf_err
issue_key(struct app *app, const struct session *ses, struct key_view *out, bool *made)
{
	struct key_secret secret = {0};
	struct psk_row row = {0};
	struct asked who;
	enum kf_err r;

	*made = false;
	if ((r = asked_load(app, ses, &who)) != KF_OK)
		return r;
	r = current(app, &who, &row);
	if (r == KF_OK)
		return key_show(app, &row, true, out);
	if (r != KF_ENOENT && r != KF_EEXPIRED)
		return r;
	if (!who.flow.published)
		return KF_ENOENT;
	row = (struct psk_row){0};
	if ((r = key_secret_make(app, &who.flow.ssid, who.flow.pass_groups, &secret)) != KF_OK ||
	    (r = db_begin(app->db)) != KF_OK)
		goto out;
	r = db_end(app->db, issue_once(app, &who, &secret, &row, made));
	if (r == KF_OK)
		r = key_show_id(app, row.id, true, out);
out:
	kf_wipe(&secret, sizeof(secret));
	return r;
}

/* --- a new one in the same group
 * ------------------------------------------------------------------- */

static enum kf_err
own_key(struct app *app, const struct session *ses, struct kf_span id, struct psk_row *out)
{
	enum kf_err r = psk_row_by_id(app->db, app->org, id, out);

	return r == KF_OK && strcmp(out->person_id, ses->person) != 0 ? KF_ENOENT : r;
}

/* The key that stands in its place today. */
static enum kf_err
newest(struct app *app, struct psk_row *row)
{
	enum kf_err r = KF_OK;

	for (int i = 0; i < CHAIN_MAX && r == KF_OK && row->replaced_by[0] != '\0'; i++) {
		char next[STORE_ID];

		memcpy(next, row->replaced_by, sizeof(next));
		r = psk_row_by_id(app->db, app->org, kf_span_str(next), row);
	}
	return r;
}

/* KF_ELIMIT: this person made too many in this hour. */
static enum kf_err
rotate_limit(struct app *app, const char *person)
{
	int64_t now = kf_now_s(app->env), start = now - now % 3600;
	uint64_t count = 0;
	enum kf_err r = limit_row_add(
	    app->db, app->org, &(struct limit_row){"rotate", person, start, start + 3600}, &count);

	return r == KF_OK && count > ROTATE_PER_HOUR ? KF_ELIMIT : r;
}

/* Inside the transaction. row: the new key's, or what stands in its place already. */
static enum kf_err
rotate_once(struct app *app, struct asked *who, const struct key_secret *secret,
    struct psk_row *old, struct psk_row *row)
{
	enum kf_err r = psk_row_by_id(app->db, app->org, kf_span_str(old->id), old);

	if (r != KF_OK)
		return r;
	if (old->replaced_by[0] != '\0') {
		r = newest(app, old);
		*row = *old;
		return r;
	}
	if (!key_alive(old, kf_now_s(app->env)))
		return KF_EEXPIRED;
	memcpy(row->source, "portal", sizeof("portal"));
	row->expire_time = end_of(app, &who->flow);
	if ((r = rotate_limit(app, who->person.id)) != KF_OK ||
	    (r = key_replace(app, old, who->flow.overlap_s, secret, row)) != KF_OK ||
	    (r = promise_mail(app, who, row->id, OUTBOX_KEY_ROTATED)) != KF_OK)
		return r;
	return audit_put(app, &(struct audit_note){&who->by, "psk.rotate", old->id, row->id});
}

enum kf_err
issue_rotate(struct app *app, const struct session *ses, struct kf_span id, struct key_view *out)
{
	struct key_secret secret = {0};
	struct psk_row old, row = {0};
	struct asked who;
	enum kf_err r;

	if ((r = asked_load(app, ses, &who)) != KF_OK || (r = own_key(app, ses, id, &old)) != KF_OK)
		return r;
	if (old.workflow_id[0] == '\0')
		return KF_EDENIED; /* made by an admin, for a thing: the admin rotates it */
	r = workflow_row_by_id(app->db, app->org, old.workflow_id, &who.flow);
	if (r != KF_OK ||
	    (r = key_secret_make(app, &old.ssid, who.flow.pass_groups, &secret)) != KF_OK ||
	    (r = db_begin(app->db)) != KF_OK)
		goto out;
	r = db_end(app->db, rotate_once(app, &who, &secret, &old, &row));
	if (r == KF_OK)
		r = key_show_id(app, row.id, true, out);
out:
	kf_wipe(&secret, sizeof(secret));
	return r;
}

/* --- the rest
 * ----------------------------------------------------------------------------------------- */

enum kf_err
issue_mail_again(struct app *app, const struct session *ses, struct kf_span id)
{
	struct psk_row row;
	struct asked who;
	enum kf_err r;

	if ((r = asked_load(app, ses, &who)) != KF_OK || (r = own_key(app, ses, id, &row)) != KF_OK)
		return r;
	if (!key_alive(&row, kf_now_s(app->env)))
		return KF_EEXPIRED;
	if ((r = db_begin(app->db)) != KF_OK)
		return r;
	if ((r = promise_mail(app, &who, row.id, OUTBOX_KEY_ISSUED)) == KF_OK)
		r = audit_put(app, &(struct audit_note){&who.by, "psk.mail", row.id, ""});
	return db_end(app->db, r);
}

enum kf_err
issue_find(struct app *app, const struct session *ses, struct kf_span id, struct key_view *out)
{
	struct psk_row row;
	enum kf_err r = own_key(app, ses, id, &row);

	return r == KF_OK ? key_show(app, &row, true, out) : r;
}

struct list {
	struct app *app;
	struct key_view *out;
	size_t n;
};

static enum kf_err
list_one(void *arg, const struct psk_row *row)
{
	struct list *list = arg;

	return key_show(list->app, row, true, &list->out[list->n++]);
}

enum kf_err
issue_list(struct app *app, const struct session *ses, struct key_view *out, size_t max, size_t *n)
{
	struct list list = {app, out, 0};
	enum kf_err r = psk_rows_of_person(
	    app->db, ses->person, kf_now_s(app->env) - LIST_AFTER_S, (int64_t)max, list_one, &list);

	*n = r == KF_OK ? list.n : 0;
	if (r != KF_OK)
		kf_wipe(out, list.n * sizeof(*out));
	return r;
}

enum kf_err
workflow_find(struct app *app, struct kf_span slug, struct workflow_view *out)
{
	struct workflow_row row;
	enum kf_err r = workflow_row_published(app->db, app->org, slug, &row);

	if (r != KF_OK)
		return r;
	*out = (struct workflow_view){
	    .ssid = row.ssid, .validity_s = row.validity_s, .max_usage = row.max_usage};
	memcpy(out->slug, row.slug, sizeof(out->slug));
	memcpy(out->name, row.name, sizeof(out->name));
	return KF_OK;
}
