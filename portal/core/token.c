#include "portal/core/psk.h"
#include "portal/store/session_row.h"

#include <string.h>

#define TOKEN_PREFIX "kf_"
#define TOKEN_CHARS 43 /* of 62: 256 bits */

static const char base62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

_Static_assert(sizeof(TOKEN_PREFIX) + TOKEN_CHARS <= 64, "token_make's out");

static enum kf_err
put(struct app *app, const struct actor *by, struct kf_span name, const char *token)
{
	struct token_row row = {.name = name};
	char label[64];
	uint8_t id[16];
	enum kf_err r = kf_random_uuid(app->env, id);

	if (r != KF_OK)
		return r;
	kf_uuid_str(id, row.id);
	kf_sha256(kf_span_str(token), &row.hash);
	memcpy(label, name.p, name.n);
	label[name.n] = '\0';
	if ((r = token_row_insert(app->db, app->org, &row, kf_now_s(app->env))) != KF_OK)
		return r;
	return audit_put(app, &(struct audit_note){by, "token.make", row.id, label});
}

enum kf_err
token_make(struct app *app, const struct actor *by, struct kf_span name, char out[64])
{
	enum kf_err r;

	if (name.n < 1 || name.n > 63 || !kf_text_clean(name))
		return KF_EINVAL;
	memcpy(out, TOKEN_PREFIX, sizeof(TOKEN_PREFIX));
	r = kf_random_text(
	    app->env, base62, sizeof(base62) - 1, out + sizeof(TOKEN_PREFIX) - 1, TOKEN_CHARS);
	if (r == KF_OK && (r = db_begin(app->db)) == KF_OK)
		r = db_end(app->db, put(app, by, name, out));
	if (r != KF_OK)
		kf_wipe(out, 64);
	return r;
}

enum kf_err
token_check(struct app *app, struct kf_span token, char name[64])
{
	const size_t prefix = sizeof(TOKEN_PREFIX) - 1;
	struct kf_hash hash;
	enum kf_err r;

	if (token.n != prefix + TOKEN_CHARS || memcmp(token.p, TOKEN_PREFIX, prefix) != 0)
		return KF_EDENIED;
	kf_sha256(token, &hash);
	r = token_row_name(app->db, app->org, &hash, name);
	return r == KF_ENOENT ? KF_EDENIED : r;
}
