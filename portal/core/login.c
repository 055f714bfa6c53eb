#include "portal/core/login.h"

#include "portal/core/audit.h"
#include "portal/core/config.h"
#include "portal/core/person.h"
#include "portal/store/idp_row.h"
#include "portal/store/login_row.h"
#include "portal/store/session_row.h"
#include "portal/store/workflow_row.h"

#include <stdio.h>
#include <string.h>

#define CLIENT_PENDING_MAX 300 /* open requests of one address: a whole office may share it */

static enum kf_err
random_hex(const struct kf_env *env, char *out, size_t bytes)
{
	uint8_t raw[32];
	enum kf_err r = env->random(env->ctx, raw, bytes);

	kf_hex(kf_span_of(raw, bytes), out);
	kf_wipe(raw, sizeof(raw));
	return r;
}

/* A local path or nothing: "//host" and "/\host" would leave the site. */
static bool
path_ok(struct kf_span path)
{
	if (path.n == 0)
		return true;
	if (path.n > 255 || path.p[0] != '/' ||
	    (path.n > 1 && (path.p[1] == '/' || path.p[1] == '\\')))
		return false;
	for (size_t i = 0; i < path.n; i++)
		if (path.p[i] <= 0x20 || path.p[i] >= 0x7f || path.p[i] == '\\')
			return false;
	return true;
}

/* Text into a field of a row; what does not fit is refused. */
static bool
put_text(char *out, size_t size, struct kf_span s)
{
	if (s.n >= size || (s.n > 0 && memchr(s.p, '\0', s.n) != NULL))
		return false;
	if (s.n > 0)
		memcpy(out, s.p, s.n);
	out[s.n] = '\0';
	return true;
}

/* --- /login
 * --------------------------------------------------------------------------------------- */

static enum kf_err
begin_put(struct app *app, const struct login_row *row)
{
	uint64_t all = 0, of_client = 0;
	enum kf_err r =
	    login_row_count(app->db, app->org, kf_span_str(row->client), &all, &of_client);

	if (r != KF_OK)
		return r;
	if (all >= LOGIN_PENDING_MAX || of_client >= CLIENT_PENDING_MAX)
		return KF_ELIMIT;
	return login_row_insert(app->db, app->org, row);
}

enum kf_err
login_begin(struct app *app, struct kf_span slug, struct kf_span return_path, struct kf_span client,
    struct login_begun *out)
{
	struct login_row row = {.expires = kf_now_s(app->env) + LOGIN_TTL_S};
	struct workflow_row flow;
	enum kf_err r;

	if ((r = workflow_row_published(app->db, app->org, slug, &flow)) != KF_OK ||
	    (r = idp_row_pick(app->db, app->org, flow.idp_id, row.idp, sizeof(row.idp))) != KF_OK)
		return r;
	memcpy(row.workflow_id, flow.id, sizeof(row.workflow_id));
	if (!put_text(row.client, sizeof(row.client), client))
		return KF_EINVAL;
	/* A path that we do not like is no reason to keep somebody out. */
	if (path_ok(return_path))
		(void)put_text(row.return_path, sizeof(row.return_path), return_path);
	*out = (struct login_begun){.request_id = "_"};
	if ((r = random_hex(app->env, out->request_id + 1, 16)) != KF_OK ||
	    (r = random_hex(app->env, out->relay, 16)) != KF_OK ||
	    (r = random_hex(app->env, out->cookie, 16)) != KF_OK)
		return r;
	memcpy(out->idp, row.idp, sizeof(out->idp));
	memcpy(row.id, out->request_id, sizeof(row.id));
	memcpy(row.relay, out->relay, sizeof(row.relay));
	kf_sha256(kf_span_str(out->cookie), &row.cookie_hash);
	if ((r = db_begin(app->db)) != KF_OK)
		return r;
	return db_end(app->db, begin_put(app, &row));
}

/* --- the ACS POST
 * ----------------------------------------------------------------------------------- */

/* Is word one of the parts of list? */
static bool
listed(struct kf_span list, char separator, struct kf_span word)
{
	size_t from = 0;

	for (size_t i = 0; i <= list.n; i++) {
		if (i < list.n && list.p[i] != (uint8_t)separator)
			continue;
		if (i > from && kf_span_eq(kf_span_of(list.p + from, i - from), word))
			return true;
		from = i + 1;
	}
	return false;
}

/* KF_EDENIED: this IdP may not speak for addresses of this domain. email: normalised. */
static enum kf_err
domain_check(struct app *app, struct kf_span idp, const char *email)
{
	struct kf_buf domains = {.max = 1 << 16};
	const char *at = strrchr(email, '@');
	enum kf_err r = idp_row_domains(app->db, app->org, idp, &domains);

	if (r == KF_OK && (at == NULL || !listed(kf_buf_span(&domains), ',', kf_span_str(at + 1))))
		r = KF_EDENIED;
	kf_buf_free(&domains);
	return r == KF_ENOENT ? KF_EDENIED : r;
}

static enum kf_err
group_check(struct app *app, const char *workflow_id, const struct login_identity *id)
{
	struct workflow_row flow;
	enum kf_err r = workflow_row_by_id(app->db, app->org, workflow_id, &flow);

	if (r != KF_OK || flow.idp_groups[0] == '\0')
		return r;
	for (size_t i = 0; i < id->groups; i++)
		if (listed(kf_span_str(flow.idp_groups), '\n', id->group[i]))
			return KF_OK;
	return KF_EDENIED;
}

/* The request that this assertion answers; it is spent whatever comes now. */
static enum kf_err
consume(
    struct app *app, const struct login_identity *id, struct kf_span relay, struct login_row *out)
{
	const struct replay_row seen = {id->idp, id->assertion_id, id->assertion_expires};
	enum kf_err r;

	if ((r = replay_row_insert(app->db, app->org, &seen)) != KF_OK)
		return r;
	r = login_row_open(app->db, app->org, id->in_response_to, kf_now_s(app->env), out);
	if (r != KF_OK)
		return r;
	if (!kf_span_eq(kf_span_str(out->idp), id->idp))
		return KF_ENOENT;
	return kf_span_eq(kf_span_str(out->relay), relay) ? KF_OK : KF_EINVAL;
}

/* Spends the request without letting anybody in, and says so. */
static enum kf_err
refuse(struct app *app, const struct login_row *row, const char *why)
{
	const struct actor by = {"person", row->email};
	enum kf_err r = login_row_delete(app->db, app->org, row->id);

	return r == KF_OK
	    ? audit_put(app, &(struct audit_note){&by, "login.refused", row->idp, why})
	    : r;
}

/* *denied: committed, but the answer is no. */
static enum kf_err
verified(struct app *app, const struct login_identity *id, struct kf_span relay, bool *denied)
{
	struct login_row row = {0};
	enum kf_err r;

	if ((r = consume(app, id, relay, &row)) != KF_OK)
		return r;
	if (kf_email_norm(id->email, row.email) != KF_OK ||
	    !put_text(row.name_id, sizeof(row.name_id), id->name_id) || id->name_id.n == 0 ||
	    !put_text(row.session_index, sizeof(row.session_index), id->session_index) ||
	    !put_text(row.name, sizeof(row.name), id->name))
		return KF_EINVAL;
	r = domain_check(app, id->idp, row.email);
	if (r == KF_OK)
		r = group_check(app, row.workflow_id, id);
	if (r == KF_EDENIED) {
		*denied = true;
		return refuse(app, &row, "domain or group not allowed");
	}
	row.expires = kf_now_s(app->env) + LOGIN_TICKET_S;
	return r == KF_OK ? login_row_verified(app->db, app->org, &row) : r;
}

enum kf_err
login_verified(struct app *app, const struct login_identity *id, struct kf_span relay)
{
	bool denied = false;
	enum kf_err r;

	if ((r = db_begin(app->db)) != KF_OK)
		return r;
	r = db_end(app->db, verified(app, id, relay, &denied));
	return r == KF_OK && denied ? KF_EDENIED : r;
}

/* --- /saml/finish
 * ------------------------------------------------------------------------------------- */

static enum kf_err
session_put(struct app *app, const struct login_row *ticket, const struct person_row *person,
    const char *cookie)
{
	struct session_row row = {
	    .idp = ticket->idp,
	    .name_id = ticket->name_id,
	    .session_index = ticket->session_index,
	    .created = kf_now_s(app->env),
	};

	row.expires = row.created + (int64_t)app->conf->session_hours * 3600;
	memcpy(row.person_id, person->id, sizeof(row.person_id));
	memcpy(row.workflow_id, ticket->workflow_id, sizeof(row.workflow_id));
	kf_sha256(kf_span_str(cookie), &row.cookie_hash);
	return session_row_insert(app->db, app->org, &row);
}

static enum kf_err
finish(struct app *app, const struct login_row *key, const char *cookie, struct login_row *ticket)
{
	static const char *const said[] = {"", "joined the person with this e-mail", "new person"};
	struct person_row person;
	enum person_how how;
	struct actor by;
	enum kf_err r;

	if ((r = login_row_take(app->db, app->org, key, kf_now_s(app->env), ticket)) != KF_OK)
		return r;
	r = person_of_identity(app,
	    &(struct person_proof){
		ticket->idp, ticket->name_id, ticket->email, ticket->name, false},
	    &person, &how);
	if (r != KF_OK || (r = session_put(app, ticket, &person, cookie)) != KF_OK)
		return r;
	by = (struct actor){"person", person.email};
	return audit_put(app, &(struct audit_note){&by, "login", person.id, said[how]});
}

enum kf_err
login_finish(struct app *app, struct kf_span relay, struct kf_span cookie, struct session_new *out,
    char return_path[256])
{
	struct login_row key = {0}, ticket = {0};
	enum kf_err r;

	if (cookie.n == 0 || relay.n == 0 || !put_text(key.relay, sizeof(key.relay), relay))
		return KF_ENOENT;
	kf_sha256(cookie, &key.cookie_hash);
	if ((r = random_hex(app->env, out->cookie, 32)) != KF_OK ||
	    (r = db_begin(app->db)) != KF_OK)
		return r;
	r = db_end(app->db, finish(app, &key, out->cookie, &ticket));
	if (r == KF_OK)
		memcpy(return_path, ticket.return_path, sizeof(ticket.return_path));
	else
		kf_wipe(out, sizeof(*out));
	return r;
}
