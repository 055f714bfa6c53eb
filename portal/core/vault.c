#include "portal/core/vault.h"

#include "common/log.h"

#include <assert.h>
#include <string.h>

/* "keyfob" and the parts, each ended by a NUL: no two places give the same text. */
static void
aad_of(const char *org, const struct vault_place *at, struct kf_buf *out)
{
	const char *part[] = {"keyfob", org, at->table, at->row, at->column};

	for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++)
		kf_buf_add(out, part[i], strlen(part[i]) + 1);
	kf_buf_u32(out, at->version);
}

enum kf_err
vault_seal(struct app *app, const struct vault_place *at, struct kf_span plain, struct kf_buf *out)
{
	struct kf_buf aad = {0};
	enum kf_err r = KF_ENOMEM;

	aad_of(app->org, at, &aad);
	if (!aad.bad)
		r = kf_seal(&app->data_key, app->env, kf_buf_span(&aad), plain, out);
	kf_buf_free(&aad);
	return r;
}

enum kf_err
vault_open(struct app *app, const struct vault_place *at, struct kf_span sealed, struct kf_buf *out)
{
	struct kf_buf aad = {0};
	enum kf_err r = KF_ENOMEM;

	aad_of(app->org, at, &aad);
	if (!aad.bad)
		r = kf_unseal(&app->data_key, kf_buf_span(&aad), sealed, out);
	kf_buf_free(&aad);
	if (r == KF_EINVAL)
		kf_log(LOGL_ERROR, "vault", "a secret does not open: table=%s row=%s column=%s",
		    at->table, at->row, at->column);
	return r;
}

enum kf_err
vault_open_pmk(struct app *app, const char *psk_id, struct kf_span sealed, struct kf_pmk *out)
{
	struct kf_buf plain = {.max = 64};
	enum kf_err r =
	    vault_open(app, &(struct vault_place){"psk", psk_id, "pmk", 1}, sealed, &plain);

	if (r == KF_OK && plain.n != sizeof(out->b))
		r = KF_EINVAL;
	if (r == KF_OK)
		memcpy(out->b, plain.p, sizeof(out->b));
	kf_buf_free(&plain);
	return r;
}

enum kf_err
vault_open_pass(struct app *app, const char *psk_id, struct kf_span sealed, struct kf_pass *out)
{
	struct kf_buf plain = {.max = 64};
	enum kf_err r =
	    vault_open(app, &(struct vault_place){"psk", psk_id, "passphrase", 1}, sealed, &plain);

	if (r == KF_OK && (plain.n == 0 || plain.n > KF_PASS_MAX))
		r = KF_EINVAL;
	if (r == KF_OK) {
		memcpy(out->s, plain.p, plain.n);
		out->s[plain.n] = '\0';
		out->n = (uint8_t)plain.n;
	}
	kf_buf_free(&plain);
	return r;
}

void
vault_pmk_tag(
    const struct app *app, struct kf_span ssid, const struct kf_pmk *pmk, struct kf_hash *out)
{
	uint8_t in[sizeof(app->org) + 1 + 32 + KF_PMK_LEN];
	size_t n = sizeof(app->org);

	/* The org with its NUL, the SSID with its length: no two of them run into each other. */
	assert(ssid.n >= 1);
	assert(ssid.n <= 32);
	memcpy(in, app->org, n);
	in[n++] = (uint8_t)ssid.n;
	memcpy(in + n, ssid.p, ssid.n);
	n += ssid.n;
	memcpy(in + n, pmk->b, KF_PMK_LEN);
	n += KF_PMK_LEN;
	kf_hmac_sha256(kf_span_of(app->tag_key.b, sizeof(app->tag_key.b)), kf_span_of(in, n), out);
	kf_wipe(in, sizeof(in));
}

enum kf_err
vault_wrap(const struct kf_sealkey *master, const struct kf_env *env, const struct vault_wrap *at,
    const struct kf_sealkey *key, struct kf_buf *out)
{
	const struct vault_place place = {"data_key", at->id, at->purpose, 1};
	struct kf_buf aad = {0};
	enum kf_err r = KF_ENOMEM;

	aad_of(at->org, &place, &aad);
	if (!aad.bad)
		r = kf_seal(
		    master, env, kf_buf_span(&aad), kf_span_of(key->b, sizeof(key->b)), out);
	kf_buf_free(&aad);
	return r;
}

enum kf_err
vault_unwrap(const struct kf_sealkey *master, const struct vault_wrap *at, struct kf_span wrapped,
    struct kf_sealkey *out)
{
	const struct vault_place place = {"data_key", at->id, at->purpose, 1};
	struct kf_buf aad = {0}, plain = {.max = 64};
	enum kf_err r = KF_ENOMEM;

	aad_of(at->org, &place, &aad);
	if (!aad.bad)
		r = kf_unseal(master, kf_buf_span(&aad), wrapped, &plain);
	if (r == KF_OK && plain.n != sizeof(out->b))
		r = KF_EINVAL;
	if (r == KF_OK)
		memcpy(out->b, plain.p, sizeof(out->b));
	kf_buf_free(&aad);
	kf_buf_free(&plain);
	return r;
}
