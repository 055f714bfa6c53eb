#include "portal/core/idp.h"

#include "portal/core/vault.h"
#include "portal/store/idp_row.h"
#include "portal/store/org_row.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define DOMAINS_MAX 4096

enum kf_err
idp_generation(struct app *app, uint64_t *out)
{
	return org_row_idp_generation(app->db, app->org, out);
}

struct each {
	enum kf_err (*each)(void *arg, struct kf_span entity_id, struct kf_span metadata);
	void *arg;
};

static enum kf_err
each_one(void *arg, const struct idp_row *row)
{
	struct each *e = arg;

	return row->enabled ? e->each(e->arg, row->entity_id, row->metadata) : KF_OK;
}

enum kf_err
idp_each(struct app *app,
    enum kf_err (*each)(void *arg, struct kf_span entity_id, struct kf_span metadata), void *arg)
{
	struct each e = {each, arg};

	return idp_rows(app->db, app->org, each_one, &e);
}

enum kf_err
idp_sp_keypair(struct app *app, struct kf_buf *key, struct kf_buf *cert)
{
	struct kf_buf sealed = {0};
	char id[STORE_ID];
	enum kf_err r = sp_key_get(app->db, app->org, id, &sealed, cert);

	if (r == KF_OK)
		r = vault_open(app, &(struct vault_place){"sp_key", id, "private_key", 1},
		    kf_buf_span(&sealed), key);
	kf_buf_free(&sealed);
	return r;
}

/* One domain: labels of letters, digits and '-', joined by dots. RFC 1035 2.3.1 */
static bool
domain_ok(struct kf_span d)
{
	size_t label = 0;

	if (d.n < 1 || d.n > 253)
		return false;
	for (size_t i = 0; i < d.n; i++) {
		if (d.p[i] == '.') {
			if (label == 0 || d.p[i - 1] == '-')
				return false;
			label = 0;
		} else if (!isalnum(d.p[i]) && (d.p[i] != '-' || label == 0))
			return false;
		else if (++label > 63)
			return false;
	}
	return label > 0 && d.p[d.n - 1] != '-';
}

/* "Example.test, corp.example.test" to "example.test,corp.example.test". */
static enum kf_err
domains_norm(struct kf_span s, struct kf_buf *out, struct kf_buf *why)
{
	size_t from = 0;

	for (size_t i = 0; i <= s.n; i++) {
		struct kf_span d;

		if (i < s.n && s.p[i] != ',')
			continue;
		d = kf_span_of(s.p + from, i - from);
		from = i + 1;
		while (d.n > 0 && d.p[0] == ' ')
			d = kf_span_of(d.p + 1, d.n - 1);
		while (d.n > 0 && d.p[d.n - 1] == ' ')
			d.n--;
		if (!domain_ok(d)) {
			kf_buf_str(why,
			    "domains: expected e-mail domains such as example.com, "
			    "separated by commas.");
			return KF_EINVAL;
		}
		if (out->n > 0)
			kf_buf_str(out, ",");
		for (size_t k = 0; k < d.n; k++)
			kf_buf_u8(out, (uint8_t)tolower(d.p[k]));
	}
	return out->bad ? KF_EINVAL : KF_OK;
}

static enum kf_err
put(struct app *app, const struct actor *by, const struct idp_row *row)
{
	char name[1025], id_text[STORE_ID];
	uint8_t id[16];
	int64_t now = kf_now_s(app->env);
	enum kf_err r = idp_row_update(app->db, app->org, row, now);

	if (r == KF_ENOENT && (r = kf_random_uuid(app->env, id)) == KF_OK) {
		kf_uuid_str(id, id_text);
		r = idp_row_insert(app->db, app->org, id_text, row, now);
	}
	if (r != KF_OK || (r = org_row_idp_changed(app->db, app->org)) != KF_OK)
		return r;
	memcpy(name, row->entity_id.p, row->entity_id.n);
	name[row->entity_id.n] = '\0';
	return audit_put(app, &(struct audit_note){by, "idp.put", name, ""});
}

enum kf_err
idp_put(struct app *app, const struct actor *by, struct kf_span entity_id, struct kf_span metadata,
    struct kf_span domains, struct kf_buf *why)
{
	struct kf_buf norm = {.max = DOMAINS_MAX};
	struct idp_row row = {.entity_id = entity_id, .metadata = metadata, .enabled = true};
	enum kf_err r;

	if (entity_id.n < 1 || entity_id.n > 1024 || !kf_text_clean(entity_id)) {
		kf_buf_str(why, "entityID: expected 1 to 1024 bytes without control characters.");
		return KF_EINVAL;
	}
	if ((r = domains_norm(domains, &norm, why)) != KF_OK || (r = db_begin(app->db)) != KF_OK)
		goto out;
	row.domains = kf_buf_span(&norm);
	r = db_end(app->db, put(app, by, &row));
out:
	kf_buf_free(&norm);
	return r;
}
