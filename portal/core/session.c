#include "portal/core/session.h"

#include "portal/store/session_row.h"

#include <string.h>

#define COOKIE_LEN 64 /* hexadecimal digits: 256 bits */

static bool
cookie_hash(struct kf_span cookie, struct kf_hash *out)
{
	if (cookie.n != COOKIE_LEN)
		return false;
	kf_sha256(cookie, out);
	return true;
}

/* Follows from the cookie, which no other page or site knows, and tells nothing about it. */
static void
csrf_make(struct kf_span cookie, char out[65])
{
	struct kf_hash mac;

	kf_hmac_sha256(cookie, KF_LIT("keyfob csrf 1"), &mac);
	kf_hex(kf_span_of(mac.b, sizeof(mac.b)), out);
}

enum kf_err
session_get(struct app *app, struct kf_span cookie, struct session *out)
{
	struct session_row row;
	struct kf_hash hash;
	enum kf_err r;

	if (!cookie_hash(cookie, &hash))
		return KF_ENOENT;
	r = session_row_get(app->db, app->org, &hash, kf_now_s(app->env), &row);
	if (r != KF_OK)
		return r;
	*out = (struct session){.expires = row.expires};
	memcpy(out->person, row.person_id, sizeof(out->person));
	memcpy(out->email, row.email, sizeof(out->email));
	memcpy(out->name, row.name, sizeof(out->name));
	memcpy(out->workflow, row.workflow, sizeof(out->workflow));
	csrf_make(cookie, out->csrf);
	return KF_OK;
}

bool
session_csrf_ok(const struct session *ses, struct kf_span token)
{
	return token.n == sizeof(ses->csrf) - 1 && kf_ct_equal(token.p, ses->csrf, token.n);
}

enum kf_err
session_end(struct app *app, struct kf_span cookie)
{
	struct kf_hash hash;
	enum kf_err r;

	if (!cookie_hash(cookie, &hash))
		return KF_ENOENT;
	if ((r = db_begin(app->db)) != KF_OK)
		return r;
	return db_end(app->db, session_row_delete(app->db, app->org, &hash));
}
