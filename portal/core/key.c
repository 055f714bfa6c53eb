#include "portal/core/key.h"

#include "common/wpa.h"
#include "portal/core/change.h"
#include "portal/core/passphrase.h"
#include "portal/core/vault.h"
#include "portal/store/org_row.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static struct kf_span
ssid_span(const struct feed_ssid *ssid)
{
	return kf_span_of(ssid->b, ssid->n);
}

static enum kf_err
derive(struct app *app, const struct feed_ssid *ssid, struct key_secret *s)
{
	enum kf_err r = kf_pmk_derive(kf_span_of(s->pass.s, s->pass.n), ssid_span(ssid), &s->pmk);

	if (r == KF_OK)
		vault_pmk_tag(app, ssid_span(ssid), &s->pmk, &s->tag);
	return r;
}

enum kf_err
key_secret_make(
    struct app *app, const struct feed_ssid *ssid, unsigned int groups, struct key_secret *out)
{
	enum kf_err r = passphrase_make(app->env, groups, &out->pass);

	return r == KF_OK ? derive(app, ssid, out) : r;
}

enum kf_err
key_secret_given(
    struct app *app, const struct feed_ssid *ssid, struct kf_span pass, struct key_secret *out)
{
	if (!kf_pass_ok(pass))
		return KF_EINVAL;
	memcpy(out->pass.s, pass.p, pass.n);
	out->pass.s[pass.n] = '\0';
	out->pass.n = (uint8_t)pass.n;
	return derive(app, ssid, out);
}

enum key_status
key_status_at(const struct psk_row *row, int64_t now)
{
	if (row->revoked_at > 0)
		return KEY_REVOKED;
	if (row->expire_time > 0 && row->expire_time <= now)
		return KEY_EXPIRED;
	if (row->not_before > now)
		return KEY_PENDING;
	return row->replaced_by[0] != '\0' ? KEY_ROTATING : KEY_ACTIVE;
}

bool
key_alive(const struct psk_row *row, int64_t now)
{
	enum key_status s = key_status_at(row, now);

	return s != KEY_REVOKED && s != KEY_EXPIRED;
}

enum kf_err
key_group(struct app *app, struct person_row *person, bool own, uint32_t *out)
{
	enum kf_err r;

	if (!own && person != NULL && person->group != 0) {
		*out = person->group;
		return KF_OK;
	}
	if ((r = org_row_take_group(app->db, app->org, out)) != KF_OK || own || person == NULL)
		return r;
	person->group = *out;
	return person_row_set_group(app->db, person->id, *out);
}

static enum kf_err
seal(struct app *app, const struct vault_place *at, struct kf_span plain, struct psk_sealed *out)
{
	struct kf_buf sealed = {.max = sizeof(out->b) + 1};
	enum kf_err r = vault_seal(app, at, plain, &sealed);

	if (r == KF_OK && sealed.n > sizeof(out->b))
		r = KF_EIO;
	if (r == KF_OK) {
		memcpy(out->b, sealed.p, sealed.n);
		out->n = (uint8_t)sealed.n;
	}
	kf_buf_free(&sealed);
	return r;
}

enum kf_err
key_insert(struct app *app, const struct key_secret *secret, struct psk_row *row)
{
	uint8_t id[16];
	enum kf_err r;

	/* The tag first: what the insert itself refuses could be another rule's doing. */
	r = psk_row_tag_taken(app->db, app->org, ssid_span(&row->ssid), &secret->tag);
	if (r != KF_ENOENT)
		return r == KF_OK ? KF_EEXIST : r;
	if ((r = kf_random_uuid(app->env, id)) != KF_OK)
		return r;
	kf_uuid_str(id, row->id);
	row->tag = secret->tag;
	row->weak = passphrase_bits(kf_span_of(secret->pass.s, secret->pass.n)) < PASS_BITS_MIN;
	row->created = kf_now_s(app->env);
	if ((r = seal(app, &(struct vault_place){"psk", row->id, "passphrase", 1},
		 kf_span_of(secret->pass.s, secret->pass.n), &row->pass)) != KF_OK ||
	    (r = seal(app, &(struct vault_place){"psk", row->id, "pmk", 1},
		 kf_span_of(secret->pmk.b, sizeof(secret->pmk.b)), &row->pmk)) != KF_OK ||
	    (r = change_put(app, CHANGE_PSK, row->id, &row->rev)) != KF_OK)
		return r;
	return psk_row_insert(app->db, app->org, row);
}

enum kf_err
key_replace(struct app *app, const struct psk_row *old, int64_t overlap_s,
    const struct key_secret *secret, struct psk_row *row)
{
	int64_t end = kf_now_s(app->env) + overlap_s;
	uint64_t rev;
	enum kf_err r;

	assert(overlap_s >= 0);
	memcpy(row->wlan_id, old->wlan_id, sizeof(row->wlan_id));
	row->ssid = old->ssid;
	memcpy(row->name, old->name, sizeof(row->name));
	memcpy(row->person_id, old->person_id, sizeof(row->person_id));
	memcpy(row->workflow_id, old->workflow_id, sizeof(row->workflow_id));
	memcpy(row->role_id, old->role_id, sizeof(row->role_id));
	memcpy(row->rotated_from, old->id, sizeof(row->rotated_from));
	row->vlan = old->vlan;
	row->group = old->group;
	row->max_usage = old->max_usage;
	row->current = old->current;
	if (old->expire_time > 0 && old->expire_time < end)
		end = old->expire_time;
	/* In this order: two rows cannot be current at once, and replaced_by wants its row. */
	if ((r = psk_row_uncurrent(app->db, old->id)) != KF_OK ||
	    (r = key_insert(app, secret, row)) != KF_OK ||
	    (r = change_put(app, CHANGE_PSK, old->id, &rev)) != KF_OK)
		return r;
	return psk_row_replace(app->db, old->id, row->id, end, rev);
}

static void
copy(char *out, size_t size, const char *s)
{
	(void)snprintf(out, size, "%s", s); /* both ends are ours and of one size */
}

static enum feed_security
security_of(const char *word)
{
	if (strcmp(word, "wpa3") == 0)
		return FEED_WPA3;
	return strcmp(word, "wpa2-wpa3") == 0 ? FEED_WPA2_WPA3 : FEED_WPA2;
}

static void
show_mail(const struct psk_row *row, struct key_view *out)
{
	if (strcmp(row->mail_state, "waiting") == 0)
		out->mail = KEY_MAIL_WAITING;
	else if (strcmp(row->mail_state, "sent") == 0)
		out->mail = KEY_MAIL_SENT;
	else if (strcmp(row->mail_state, "dead") == 0)
		out->mail = KEY_MAIL_FAILED;
	out->mailed = out->mail == KEY_MAIL_SENT ? row->mail_done : 0;
}

enum kf_err
key_show(struct app *app, const struct psk_row *row, bool reveal, struct key_view *out)
{
	int64_t now = kf_now_s(app->env);

	*out = (struct key_view){
	    .ssid = row->ssid,
	    .security = security_of(row->security),
	    .vlan = row->vlan,
	    .group = row->group,
	    .created = row->created,
	    .not_before = row->not_before,
	    .expires = row->expire_time,
	    .validity_s = row->validity_s,
	    .overlap_s = row->overlap_s,
	    .max_usage = row->max_usage,
	    .status = key_status_at(row, now),
	    .weak = row->weak,
	    .rev = row->rev,
	};
	copy(out->id, sizeof(out->id), row->id);
	copy(out->name, sizeof(out->name), row->name);
	copy(out->email, sizeof(out->email), row->email);
	copy(out->person, sizeof(out->person), row->person_id);
	copy(out->workflow, sizeof(out->workflow), row->workflow);
	copy(out->role, sizeof(out->role), row->role);
	show_mail(row, out);
	if (!reveal || row->pass.n == 0 || !key_alive(row, now))
		return KF_OK;
	return vault_open_pass(app, row->id, kf_span_of(row->pass.b, row->pass.n), &out->pass);
}

enum kf_err
key_show_id(struct app *app, const char *id, bool reveal, struct key_view *out)
{
	struct psk_row row;
	enum kf_err r = psk_row_by_id(app->db, app->org, kf_span_str(id), &row);

	return r == KF_OK ? key_show(app, &row, reveal, out) : r;
}
