#include "portal/core/vault.h"

#include "tests/unit/installation.h"
#include "tests/unit/tap.h"

static struct installation in;

static enum kf_err
open_at(struct vault_place at, struct kf_span sealed)
{
	struct kf_buf plain = {0};
	enum kf_err r = vault_open(in.app, &at, sealed, &plain);

	if (r == KF_OK && !kf_span_eq(kf_buf_span(&plain), KF_LIT("open sesame")))
		r = KF_EIO;
	kf_buf_free(&plain);
	return r;
}

static void
test_place(void)
{
	const struct vault_place at = {"psk", "row-1", "passphrase", 1};
	struct kf_buf sealed = {0};
	char org[37];

	IT("opens a secret in its own place only");
	OK(vault_seal(in.app, &at, KF_LIT("open sesame"), &sealed) == KF_OK);
	OK(open_at(at, kf_buf_span(&sealed)) == KF_OK);
	OK(open_at((struct vault_place){"psk", "row-2", "passphrase", 1}, kf_buf_span(&sealed)) ==
	    KF_EINVAL);
	OK(open_at((struct vault_place){"psk", "row-1", "pmk", 1}, kf_buf_span(&sealed)) ==
	    KF_EINVAL);
	OK(open_at((struct vault_place){"idp", "row-1", "passphrase", 1}, kf_buf_span(&sealed)) ==
	    KF_EINVAL);
	OK(open_at((struct vault_place){"psk", "row-1", "passphrase", 2}, kf_buf_span(&sealed)) ==
	    KF_EINVAL);
	OK(open_at((struct vault_place){"psk", "row-1passphrase", "", 1}, kf_buf_span(&sealed)) ==
	    KF_EINVAL);
	memcpy(org, in.app->org, sizeof(org));
	in.app->org[0] ^= 1;
	OK(open_at(at, kf_buf_span(&sealed)) == KF_EINVAL);
	memcpy(in.app->org, org, sizeof(org));
	IT("notices a changed byte");
	sealed.p[sealed.n - 1] ^= 1;
	OK(open_at(at, kf_buf_span(&sealed)) == KF_EINVAL);
	kf_buf_free(&sealed);
}

static void
test_tag(void)
{
	struct kf_pmk a = {{1}}, b = {{2}};
	struct kf_hash one, two;

	IT("gives equal keys of an SSID equal tags, and nothing else");
	vault_pmk_tag(in.app, KF_LIT("net"), &a, &one);
	vault_pmk_tag(in.app, KF_LIT("net"), &a, &two);
	OK(memcmp(&one, &two, sizeof(one)) == 0);
	vault_pmk_tag(in.app, KF_LIT("net"), &b, &two);
	OK(memcmp(&one, &two, sizeof(one)) != 0);
	vault_pmk_tag(in.app, KF_LIT("net\1"), &a, &two);
	OK(memcmp(&one, &two, sizeof(one)) != 0);
	in.app->tag_key.b[0] ^= 1;
	vault_pmk_tag(in.app, KF_LIT("net"), &a, &two);
	OK(memcmp(&one, &two, sizeof(one)) != 0);
	in.app->tag_key.b[0] ^= 1;
}

static void
test_wrap(void)
{
	const struct vault_wrap at = {in.app->org, "id", "data"},
				other = {in.app->org, "id", "tag"};
	struct kf_sealkey key = {{7}}, got;
	struct kf_buf wrapped = {0};

	IT("wraps a key under the master key, for its purpose");
	OK(vault_wrap(&in.master, &in.env, &at, &key, &wrapped) == KF_OK);
	OK(vault_unwrap(&in.master, &at, kf_buf_span(&wrapped), &got) == KF_OK);
	OK(memcmp(&key, &got, sizeof(key)) == 0);
	OK(vault_unwrap(&in.master, &other, kf_buf_span(&wrapped), &got) == KF_EINVAL);
	OK(vault_unwrap(&key, &at, kf_buf_span(&wrapped), &got) == KF_EINVAL);
	kf_buf_free(&wrapped);
}

static void
test_app(void)
{
	struct kf_sealkey wrong = in.master;
	struct app *app = NULL;

	IT("does not open with another master key");
	wrong.b[0] ^= 1;
	OK(app_open(&in.conf, &in.env, &wrong, &app) == KF_EINVAL && app == NULL);
	IT("says that there is no installation");
	struct config none = in.conf;
	(void)snprintf(none.state_dir, sizeof(none.state_dir), "%s/none", in.dir);
	OK(app_open(&none, &in.env, &in.master, &app) == KF_ENOENT && app == NULL);
}

int
main(void)
{
	inst_make(&in);
	test_place();
	test_tag();
	test_wrap();
	test_app();
	inst_end(&in);
	return tap_end();
}
