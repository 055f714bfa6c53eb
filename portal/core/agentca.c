#include "portal/core/agentca.h"

#include "common/feed_enroll.h"
#include "common/log.h"
#include "portal/core/audit.h"
#include "portal/core/change.h"
#include "portal/core/config.h"
#include "portal/core/feedcert.h"
#include "portal/core/vault.h"
#include "portal/core/x509.h"
#include "portal/store/net_row.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define DAY_S 86400
#define BACKDATE_S 300 /* the peer's clock may be behind ours */
#define CODES_PLACE "agent_code"

/* The CA as it lies in the database, opened. */
struct ca {
	char id[37];
	struct kf_buf key, cert;
};

static void
ca_release(struct ca *ca)
{
	kf_buf_free(&ca->key);
	kf_buf_free(&ca->cert);
}

static enum kf_err
ca_load(struct app *app, struct ca *ca)
{
	struct vault_place at = {"agent_ca", ca->id, "private_key", 1};
	struct kf_buf sealed = {0};
	enum kf_err r;

	*ca = (struct ca){0};
	if ((r = agent_ca_get(app->db, app->org, ca->id, &sealed, &ca->cert)) == KF_OK)
		r = vault_open(app, &at, kf_buf_span(&sealed), &ca->key);
	if (r == KF_OK && ca->cert.bad)
		r = KF_ENOMEM;
	kf_buf_free(&sealed);
	if (r != KF_OK)
		ca_release(ca);
	return r;
}

static struct x509_ca
ca_span(const struct ca *ca)
{
	return (struct x509_ca){kf_buf_span(&ca->key), kf_buf_span(&ca->cert)};
}

static enum kf_err
uuid_new(struct app *app, uint8_t id[16], char text[37])
{
	enum kf_err r = kf_random_uuid(app->env, id);

	if (r == KF_OK)
		kf_uuid_str(id, text);
	return r;
}

static enum kf_err
ca_make(struct app *app)
{
	struct kf_buf key = {0}, cert = {0}, sealed = {0};
	int64_t now = kf_now_s(app->env);
	uint8_t raw[16];
	char id[37];
	struct vault_place at = {"agent_ca", id, "private_key", 1};
	enum kf_err r;

	if ((r = agent_ca_get(app->db, app->org, id, &key, &cert)) != KF_ENOENT)
		goto out; /* there is one: nothing to do */
	if ((r = uuid_new(app, raw, id)) == KF_OK &&
	    (r = x509_ca_make("Keyfob agents", now - BACKDATE_S,
		 now + (int64_t)AGENTCA_CA_DAYS * DAY_S, &key, &cert)) == KF_OK &&
	    (r = vault_seal(app, &at, kf_buf_span(&key), &sealed)) == KF_OK)
		r = agent_ca_insert(
		    app->db, app->org, id, kf_buf_span(&sealed), kf_buf_span(&cert), now);
out:
	kf_buf_free(&key);
	kf_buf_free(&cert);
	kf_buf_free(&sealed);
	return r;
}

enum kf_err
agentca_init(struct app *app)
{
	bool renewed;
	enum kf_err r;

	if (db_in_transaction(app->db))
		r = ca_make(app);
	else if ((r = db_begin(app->db)) == KF_OK)
		r = db_end(app->db, ca_make(app));
	return r == KF_OK ? agentca_renew_feed_cert(app, &renewed) : r;
}

enum kf_err
agentca_renew_feed_cert(struct app *app, bool *renewed)
{
	struct ca ca;
	enum kf_err r;

	*renewed = false;
	if ((r = ca_load(app, &ca)) != KF_OK)
		return r;
	struct feedcert_ca with = {ca_span(&ca), kf_now_s(app->env)};
	if (!feedcert_good(app->conf, &with)) {
		r = feedcert_write(app->conf, &with);
		*renewed = r == KF_OK;
	}
	ca_release(&ca);
	return r;
}

/* --- codes ----------------------------------------------------------------------------------- */
enum kf_err
agentca_code(struct app *app, const struct actor *by, struct kf_span site, struct kf_buf *out)
{
	struct feed_code code = {0};
	struct agent_code_row row;
	struct site_row at_site;
	struct kf_buf sealed = {0};
	char text[FEED_CODE_TEXT_MAX + 1];
	enum kf_err r;

	if (strlen(app->conf->base_url) > FEED_URL_MAX)
		return KF_EINVAL;
	if ((r = net_site_by_name(app->db, app->org, site, &at_site)) != KF_OK ||
	    (r = uuid_new(app, code.id, row.id)) != KF_OK ||
	    (r = app->env->random(app->env->ctx, code.code, sizeof(code.code))) != KF_OK)
		goto out;
	struct vault_place at = {CODES_PLACE, row.id, "code", 1};
	memcpy(row.site, at_site.id, sizeof(row.site));
	row.expires = kf_now_s(app->env) + FEED_CODE_TTL_S;
	if ((r = vault_seal(app, &at, kf_span_of(code.code, sizeof(code.code)), &sealed)) !=
		KF_OK ||
	    (r = db_begin(app->db)) != KF_OK)
		goto out;
	if ((r = agent_code_insert(app->db, app->org, &row, kf_buf_span(&sealed))) == KF_OK)
		r = audit_put(app, &(struct audit_note){by, "agent.code", row.id, at_site.name});
	if ((r = db_end(app->db, r)) != KF_OK)
		goto out;
	(void)snprintf(code.url, sizeof(code.url), "%s", app->conf->base_url);
	feed_code_text(&code, text);
	kf_buf_str(out, text);
	r = out->bad ? KF_ENOMEM : KF_OK;
out:
	kf_wipe(&code, sizeof(code));
	kf_wipe(text, sizeof(text));
	kf_buf_free(&sealed);
	return r;
}

/* The code that a message was made with, if there is one and the message proves it. */
static enum kf_err
code_prove(struct app *app, const struct feed_enroll *e, struct agent_code_row *row,
    uint8_t code[FEED_CODE_LEN])
{
	struct kf_buf sealed = {0}, plain = {0};
	char id[37];
	struct vault_place at = {CODES_PLACE, id, "code", 1};
	enum kf_err r;

	kf_uuid_str(e->id, id);
	if ((r = agent_code_get(app->db, id, row, &sealed)) == KF_OK &&
	    (r = vault_open(app, &at, kf_buf_span(&sealed), &plain)) == KF_OK) {
		assert(plain.n == FEED_CODE_LEN);
		memcpy(code, plain.p, FEED_CODE_LEN);
		r = feed_enroll_check(e, code);
	}
	if (r == KF_ENOENT || (r == KF_OK && row->expires <= kf_now_s(app->env)))
		r = KF_EDENIED;
	kf_buf_free(&sealed);
	kf_buf_free(&plain);
	return r;
}

/* --- agents ---------------------------------------------------------------------------------- */
/* A certificate for the agent, written down as one it may come with. */
static enum kf_err
cert_issue(struct app *app, const struct ca *ca, const char *agent, struct kf_span csr,
    struct kf_buf *cert)
{
	int64_t now = kf_now_s(app->env), end = now + (int64_t)AGENTCA_CERT_DAYS * DAY_S;
	struct x509_leaf leaf = {agent, X509_CLIENT, NULL, now - BACKDATE_S, end};
	struct x509_ca with = ca_span(ca);
	struct kf_hash fingerprint;
	enum kf_err r;

	if ((r = x509_sign_csr(&with, csr, &leaf, cert)) != KF_OK)
		return r;
	kf_sha256(kf_buf_span(cert), &fingerprint);
	return agent_cert_insert(app->db, app->org, agent, &fingerprint, end);
}

/* Inside a transaction: uses the code up, makes the agent. */
static enum kf_err
enroll_write(struct app *app, const struct agent_code_row *code, struct agent_row *row)
{
	const struct actor by = {"agent", row->name};
	uint64_t rev;
	enum kf_err r;

	if ((r = agent_code_use(app->db, code->id)) == KF_ENOENT)
		return KF_EDENIED; /* another process was quicker */
	if (r != KF_OK || (r = agent_insert(app->db, app->org, row)) != KF_OK ||
	    (r = change_put(app, CHANGE_AGENT, row->id, &rev)) != KF_OK)
		return r;
	return audit_put(app, &(struct audit_note){&by, "agent.enroll", row->id, row->site});
}

static enum kf_err
enroll_make(struct app *app, const struct agent_code_row *code, struct kf_span csr,
    struct feed_enrolled *out, struct kf_buf *cert, struct kf_buf *ca_cert)
{
	struct agent_row row = {0};
	struct ca ca = {0};
	enum kf_err r;

	if ((r = x509_csr_name(csr, row.name)) != KF_OK || (r = ca_load(app, &ca)) != KF_OK)
		return r;
	if ((r = uuid_new(app, out->agent, row.id)) != KF_OK || (r = db_begin(app->db)) != KF_OK)
		goto out;
	if (row.name[0] == '\0')
		(void)snprintf(row.name, sizeof(row.name), "agent %.8s", row.id);
	memcpy(row.site, code->site, sizeof(row.site));
	row.created = kf_now_s(app->env);
	if ((r = enroll_write(app, code, &row)) == KF_OK)
		r = cert_issue(app, &ca, row.id, csr, cert);
	if ((r = db_end(app->db, r)) != KF_OK)
		goto out;
	kf_buf_add(ca_cert, ca.cert.p, ca.cert.n);
	out->cert = kf_buf_span(cert);
	out->ca = kf_buf_span(ca_cert);
	(void)snprintf(out->url, sizeof(out->url), "%s", app->conf->feed_url);
	kf_log(LOGL_INFO, "agent", "enrolled agent=%s name=\"%s\" site=%s", row.id, row.name,
	    row.site);
out:
	ca_release(&ca);
	return r;
}

enum kf_err
agentca_enroll(struct app *app, struct kf_span msg, struct kf_buf *reply)
{
	struct kf_buf cert = {0}, ca_cert = {0};
	uint8_t code[FEED_CODE_LEN];
	struct feed_enrolled done = {0};
	struct agent_code_row row;
	struct feed_enroll e;
	enum kf_err r;

	if ((r = feed_read_enroll(msg, &e)) != KF_OK)
		return r;
	if ((r = code_prove(app, &e, &row, code)) == KF_OK &&
	    (r = enroll_make(app, &row, e.csr, &done, &cert, &ca_cert)) == KF_OK)
		feed_put_enrolled(reply, &done, code);
	if (r == KF_EDENIED)
		kf_log(LOGL_WARN, "agent", "enrolment refused: code unknown, used, over or wrong");
	kf_wipe(code, sizeof(code));
	kf_buf_free(&cert);
	kf_buf_free(&ca_cert);
	return r;
}

enum kf_err
agentca_caller(struct app *app, struct kf_span cert, struct agent_caller *out)
{
	enum kf_err r;

	kf_sha256(cert, &out->fingerprint);
	r = agent_by_cert(app->db, &out->fingerprint, kf_now_s(app->env), &out->row);
	if (r == KF_ENOENT || (r == KF_OK && out->row.revoked_at != 0))
		return KF_EDENIED;
	return r == KF_OK ? kf_parse_uuid(kf_span_str(out->row.id), out->id) : r;
}

enum kf_err
agentca_renew(
    struct app *app, const struct agent_caller *who, struct kf_span csr, struct kf_buf *reply)
{
	const struct actor by = {"agent", who->row.id};
	struct kf_buf cert = {0};
	struct ca ca = {0};
	enum kf_err r;

	if (csr.n > FEED_DER_MAX)
		return KF_EINVAL;
	if ((r = ca_load(app, &ca)) != KF_OK)
		return r;
	if ((r = db_begin(app->db)) != KF_OK)
		goto out;
	if ((r = agent_cert_keep(app->db, who->row.id, &who->fingerprint)) == KF_OK &&
	    (r = cert_issue(app, &ca, who->row.id, csr, &cert)) == KF_OK)
		r = audit_put(app, &(struct audit_note){&by, "agent.renew", who->row.id, ""});
	if ((r = db_end(app->db, r)) == KF_OK)
		feed_put_renewed(reply, kf_buf_span(&cert), kf_buf_span(&ca.cert));
out:
	kf_buf_free(&cert);
	ca_release(&ca);
	return r;
}

static enum kf_err
revoke_write(struct app *app, const struct actor *by, const struct agent_row *row)
{
	uint64_t rev;
	enum kf_err r;

	if ((r = agent_revoke(app->db, row->id, kf_now_s(app->env))) != KF_OK ||
	    (r = agent_cert_keep(app->db, row->id, NULL)) != KF_OK ||
	    (r = change_put(app, CHANGE_AGENT, row->id, &rev)) != KF_OK)
		return r;
	return audit_put(app, &(struct audit_note){by, "agent.revoke", row->id, row->name});
}

enum kf_err
agentca_revoke(struct app *app, const struct actor *by, struct kf_span id)
{
	struct agent_row row;
	uint8_t raw[16];
	char text[37];
	enum kf_err r;

	if (kf_parse_uuid(id, raw) != KF_OK)
		return KF_ENOENT;
	kf_uuid_str(raw, text);
	if ((r = agent_get(app->db, app->org, text, &row)) != KF_OK || row.revoked_at != 0 ||
	    (r = db_begin(app->db)) != KF_OK)
		return r;
	return db_end(app->db, revoke_write(app, by, &row));
}

enum kf_err
agentca_list(
    struct app *app, enum kf_err (*each)(void *arg, const struct agent_row *row), void *arg)
{
	return agent_each(app->db, app->org, each, arg);
}

enum kf_err
agentca_sweep(struct app *app)
{
	return agent_code_sweep(app->db, kf_now_s(app->env));
}
