#include "portal/core/psk.h"

#include "common/wpa.h"
#include "portal/core/change.h"
#include "portal/core/key.h"
#include "portal/core/outbox.h"
#include "portal/core/passphrase.h"
#include "portal/core/person.h"
#include "portal/store/net_row.h"
#include "portal/store/workflow_row.h"

#include <stdio.h>
#include <string.h>

/* A wish, checked: what psk_add puts into the transaction. */
struct wish {
	struct psk_row row;
	struct key_secret secret;
	char email[255]; /* or "" */
	bool notify;
};

static enum kf_err
refuse(struct kf_buf *why, const char *sentence)
{
	kf_buf_str(why, sentence);
	return KF_EINVAL;
}

/* --- checking a wish: each reads one thing and refuses with one sentence
 * -------------------------- */

static enum kf_err
wish_wlan(struct app *app, const struct psk_spec *spec, struct wish *wish, struct kf_buf *why)
{
	struct wlan_row wlan;
	enum kf_err r = spec->ssid.n > 0 ? net_wlan_by_ssid(app->db, app->org, spec->ssid, &wlan)
					 : net_wlan_only(app->db, app->org, &wlan);

	if (r == KF_ENOENT)
		return refuse(why,
		    spec->ssid.n > 0 ? "ssid: there is no WLAN of this name."
				     : "ssid: expected, since there is not exactly one WLAN.");
	if (r == KF_OK) {
		memcpy(wish->row.wlan_id, wlan.id, sizeof(wish->row.wlan_id));
		wish->row.ssid = wlan.ssid;
	}
	return r;
}

static enum kf_err
wish_names(struct app *app, const struct psk_spec *spec, struct wish *wish, struct kf_buf *why)
{
	struct role_row role;
	enum kf_err r;

	if (spec->name.n < 1 || spec->name.n > 63 || !kf_text_clean(spec->name))
		return refuse(why, "name: expected 1 to 63 bytes without control characters.");
	memcpy(wish->row.name, spec->name.p, spec->name.n);
	if (spec->email.n > 0 && kf_email_norm(spec->email, wish->email) != KF_OK)
		return refuse(why, "email: expected an address such as alice@example.com.");
	if (spec->notify && spec->email.n == 0)
		return refuse(why, "notify: expected an email to send the key to.");
	wish->notify = spec->notify;
	if (spec->role.n == 0)
		return KF_OK;
	r = net_role_by_name(app->db, app->org, spec->role, &role);
	if (r == KF_ENOENT)
		return refuse(why, "role: there is no role of this name.");
	if (r == KF_OK)
		memcpy(wish->row.role_id, role.id, sizeof(wish->row.role_id));
	return r;
}

static enum kf_err
wish_numbers(struct app *app, const struct psk_spec *spec, struct wish *wish, struct kf_buf *why)
{
	enum kf_err r = KF_OK;

	if (spec->vlan_id > 4094)
		return refuse(why, "vlan_id: expected 1 to 4094.");
	if (spec->vlan_id > 0)
		r = net_vlan_exists(app->db, app->org, spec->vlan_id);
	if (r == KF_ENOENT)
		return refuse(why, "vlan_id: no site has this VLAN.");
	if (spec->expire_time < 0 ||
	    (spec->expire_time > 0 && spec->expire_time <= kf_now_s(app->env)))
		return refuse(why,
		    "expire_time: expected a time in the future, in seconds since "
		    "1970, or none.");
	wish->row.vlan = spec->vlan_id;
	if (spec->vlan_id == 0)
		r = workflow_row_vlan(app->db, app->org, wish->row.wlan_id, &wish->row.vlan);
	wish->row.max_usage = spec->max_usage;
	wish->row.expire_time = spec->expire_time;
	return r == KF_ENOENT ? KF_OK : r;
}

static enum kf_err
wish_pass(struct app *app, const struct psk_spec *spec, struct wish *wish, struct kf_buf *why)
{
	if (spec->passphrase.n == 0)
		return key_secret_make(app, &wish->row.ssid, PASS_GROUPS, &wish->secret);
	if (!kf_pass_ok(spec->passphrase))
		return refuse(why, "passphrase: expected 8 to 63 printable ASCII characters.");
	if (passphrase_bits(spec->passphrase) < PASS_BITS_MIN) {
		if (!spec->weak)
			return refuse(why,
			    "passphrase: too weak, expected at least 79 bits (14 "
			    "letters and digits in both cases); leave it out to "
			    "get a strong one, or allow it by weak.");
		if (spec->expire_time == 0)
			return refuse(why,
			    "expire_time: expected, since a weak passphrase is "
			    "never good for ever.");
	}
	return key_secret_given(app, &wish->row.ssid, spec->passphrase, &wish->secret);
}

/* --- making
 * ------------------------------------------------------------------------------------------- */

static const char *
source_of(const struct actor *by)
{
	return strcmp(by->kind, "token") == 0 ? "api" : "cli";
}

static enum kf_err
add_owned(struct app *app, struct wish *wish, struct person_row *person)
{
	enum kf_err r = person_of_email(app, wish->email, person);

	if (r == KF_OK)
		memcpy(wish->row.person_id, person->id, sizeof(wish->row.person_id));
	return r == KF_OK ? key_group(app, person, false, &wish->row.group) : r;
}

static enum kf_err
add(struct app *app, const struct actor *by, struct wish *wish)
{
	struct person_row person = {0};
	enum kf_err r = wish->email[0] != '\0' ? add_owned(app, wish, &person)
					       : key_group(app, NULL, true, &wish->row.group);

	(void)snprintf(wish->row.source, sizeof(wish->row.source), "%s", source_of(by));
	if (r != KF_OK || (r = key_insert(app, &wish->secret, &wish->row)) != KF_OK)
		return r;
	if (wish->notify) {
		r = outbox_put(app,
		    &(struct outbox_promise){
			OUTBOX_KEY_ISSUED, wish->row.id, person.email, person.name, "qr"});
		if (r != KF_OK)
			return r;
	}
	return audit_put(app, &(struct audit_note){by, "psk.add", wish->row.id, wish->row.name});
}

enum kf_err
psk_add(struct app *app, const struct actor *by, const struct psk_spec *spec, struct key_view *out,
    struct kf_buf *why)
{
	struct wish wish = {0};
	enum kf_err r;

	if ((r = wish_wlan(app, spec, &wish, why)) != KF_OK ||
	    (r = wish_names(app, spec, &wish, why)) != KF_OK ||
	    (r = wish_numbers(app, spec, &wish, why)) != KF_OK ||
	    (r = wish_pass(app, spec, &wish, why)) != KF_OK || (r = db_begin(app->db)) != KF_OK)
		goto out;
	r = db_end(app->db, add(app, by, &wish));
	if (r == KF_EEXIST)
		kf_buf_str(why,
		    "passphrase: it is, or was, another key's on this SSID; choose "
		    "another or leave it out.");
	if (r == KF_OK)
		r = key_show_id(app, wish.row.id, true, out);
out:
	kf_wipe(&wish, sizeof(wish));
	return r;
}

/* --- looking
 * ------------------------------------------------------------------------------------------- */

enum kf_err
psk_find(struct app *app, struct kf_span id, bool reveal, struct key_view *out)
{
	struct psk_row row;
	enum kf_err r = psk_row_by_id(app->db, app->org, id, &row);

	return r == KF_OK ? key_show(app, &row, reveal, out) : r;
}

enum kf_err
psk_revealed(struct app *app, const struct actor *by, const char *id)
{
	enum kf_err r;

	if ((r = db_begin(app->db)) != KF_OK)
		return r;
	return db_end(app->db, audit_put(app, &(struct audit_note){by, "psk.reveal", id, ""}));
}

struct list {
	struct app *app;
	enum kf_err (*each)(void *arg, const struct key_view *key);
	void *arg;
};

static enum kf_err
list_one(void *arg, const struct psk_row *row)
{
	struct list *list = arg;
	struct key_view view;
	enum kf_err r = key_show(list->app, row, false, &view);

	return r == KF_OK ? list->each(list->arg, &view) : r;
}

enum kf_err
psk_list(struct app *app, const struct psk_filter *filter,
    enum kf_err (*each)(void *arg, const struct key_view *key), void *arg, uint64_t *total)
{
	struct list list = {app, each, arg};
	struct psk_row_filter want = {.name = filter->name,
	    .ssid = filter->ssid,
	    .role = filter->role,
	    .limit = filter->limit,
	    .offset = (int64_t)filter->limit * ((int64_t)filter->page - 1)};
	char email[255], key[255];
	enum kf_err r;

	if (filter->limit < 1 || filter->limit > 1000 || filter->page < 1)
		return KF_EINVAL;
	if (filter->email.n > 0) {
		if ((r = kf_email_norm(filter->email, email)) != KF_OK)
			return r;
		person_email_key(email, key);
		want.email_key = kf_span_str(key);
	}
	if ((r = db_begin_read(app->db)) != KF_OK)
		return r;
	if ((r = psk_rows_count(app->db, app->org, &want, total)) == KF_OK)
		r = psk_rows(app->db, app->org, &want, list_one, &list);
	return db_end(app->db, r);
}

/* --- ending and replacing
 * -------------------------------------------------------------------------------- */

static enum kf_err
revoke(struct app *app, const struct actor *by, struct kf_span id, struct kf_span reason)
{
	char detail[256] = "";
	struct psk_row row;
	uint64_t rev;
	enum kf_err r = psk_row_by_id(app->db, app->org, id, &row);

	if (r != KF_OK || row.revoked_at > 0)
		return r;
	if (reason.n > 0)
		memcpy(detail, reason.p, reason.n);
	if ((r = change_put(app, CHANGE_PSK, row.id, &rev)) != KF_OK ||
	    (r = psk_row_revoke(app->db, row.id, kf_now_s(app->env), reason, rev)) != KF_OK)
		return r;
	return audit_put(app, &(struct audit_note){by, "psk.revoke", row.id, detail});
}

enum kf_err
psk_revoke(struct app *app, const struct actor *by, struct kf_span id, struct kf_span reason)
{
	enum kf_err r;

	if (reason.n > 255 || !kf_text_clean(reason))
		return KF_EINVAL;
	if ((r = db_begin(app->db)) != KF_OK)
		return r;
	return db_end(app->db, revoke(app, by, id, reason));
}

/* What a workflow says about its keys; fair values where there is none. */
static enum kf_err
rotate_rules(struct app *app, const struct psk_row *old, struct workflow_row *flow)
{
	*flow = (struct workflow_row){
	    .overlap_s = KEY_OVERLAP_S, .pass_groups = PASS_GROUPS, .mail_mode = "qr"};
	if (old->workflow_id[0] == '\0')
		return KF_OK;
	return workflow_row_by_id(app->db, app->org, old->workflow_id, flow);
}

static enum kf_err
rotate_mail(struct app *app, const struct psk_row *row, const char *mode)
{
	struct person_row person;
	enum kf_err r;

	if (row->person_id[0] == '\0')
		return KF_OK;
	if ((r = person_row_by_id(app->db, app->org, row->person_id, &person)) != KF_OK)
		return r;
	return outbox_put(app,
	    &(struct outbox_promise){OUTBOX_KEY_ROTATED, row->id, person.email, person.name, mode});
}

static enum kf_err
rotate(struct app *app, const struct actor *by, const struct workflow_row *flow,
    const struct key_secret *secret, struct psk_row row[2])
{
	struct psk_row *old = &row[0], *fresh = &row[1];
	int64_t now = kf_now_s(app->env);
	enum kf_err r = psk_row_by_id(app->db, app->org, kf_span_str(old->id), old);

	if (r != KF_OK)
		return r;
	if (old->replaced_by[0] != '\0')
		return KF_EEXIST;
	if (!key_alive(old, now))
		return KF_EEXPIRED;
	(void)snprintf(fresh->source, sizeof(fresh->source), "%s", source_of(by));
	fresh->expire_time = flow->validity_s > 0 ? now + flow->validity_s : old->expire_time;
	if ((r = key_replace(app, old, flow->overlap_s, secret, fresh)) != KF_OK ||
	    (r = rotate_mail(app, fresh, flow->mail_mode)) != KF_OK)
		return r;
	return audit_put(app, &(struct audit_note){by, "psk.rotate", old->id, fresh->id});
}

enum kf_err
psk_rotate(struct app *app, const struct actor *by, struct kf_span id, int64_t overlap_s,
    struct key_view *out)
{
	struct key_secret secret = {0};
	struct psk_row row[2] = {0};
	struct workflow_row flow;
	enum kf_err r;

	if ((r = psk_row_by_id(app->db, app->org, id, &row[0])) != KF_OK ||
	    (r = rotate_rules(app, &row[0], &flow)) != KF_OK)
		return r;
	if (overlap_s >= 0)
		flow.overlap_s = overlap_s;
	r = key_secret_make(app, &row[0].ssid, flow.pass_groups, &secret);
	if (r != KF_OK || (r = db_begin(app->db)) != KF_OK)
		goto out;
	r = db_end(app->db, rotate(app, by, &flow, &secret, row));
	if (r == KF_OK)
		r = key_show_id(app, row[1].id, true, out);
out:
	kf_wipe(&secret, sizeof(secret));
	return r;
}
