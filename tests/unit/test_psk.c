#include "portal/core/psk.h"

#include "tests/unit/installation.h"
#include "tests/unit/tap.h"

#define DAY 86400

static struct installation in;
static const struct actor api = {"token", "ci"};

/* Adds; on a refusal checks that why begins with the name of the field. */
static enum kf_err
add(const struct psk_spec *spec, struct key_view *out, const char *field)
{
	struct kf_buf why = {0};
	enum kf_err r = psk_add(in.app, &api, spec, out, &why);

	if (r != KF_OK && strncmp(kf_buf_cstr(&why), field, strlen(field)) != 0)
		r = KF_EIO;
	kf_buf_free(&why);
	return r;
}

static void
test_add(void)
{
	struct key_view a, b, c;
	const struct psk_spec tv = {.name = KF_LIT("tv")};
	const struct psk_spec his = {.name = KF_LIT("his"), .email = KF_LIT("bob@example.test")};
	const struct psk_spec all = {
	    .name = KF_LIT("all"),
	    .ssid = KF_LIT("Keyfob Test"),
	    .passphrase = KF_LIT("Some-Good-Passphrase-1"),
	    .role = KF_LIT("employee"),
	    .email = KF_LIT("BOB@example.test"),
	    .vlan_id = 20,
	    .expire_time = kf_now_s(&in.env) + DAY,
	    .max_usage = 3,
	    .notify = true,
	};

	IT("fills in what is not wished");
	OK(add(&tv, &a, "") == KF_OK);
	OK(a.pass.n == 24 && a.vlan == 20 && a.expires == 0 && a.person[0] == '\0');
	OK(a.mail == KEY_MAIL_NONE && a.status == KEY_ACTIVE);
	IT("gives a key without owner a group of its own, an owner's keys one group");
	OK(add(&his, &b, "") == KF_OK && b.group != a.group && b.person[0] != '\0');
	OK(add(&all, &c, "") == KF_OK && c.group == b.group && strcmp(c.person, b.person) == 0);
	IT("takes every wish");
	OK(strcmp(c.pass.s, "Some-Good-Passphrase-1") == 0 && c.max_usage == 3);
	OK(strcmp(c.role, "employee") == 0 && c.expires == all.expire_time);
	OK(c.mail == KEY_MAIL_WAITING);
	IT("refuses a passphrase that another key of the SSID has, and says no whose");
	OK(add(&all, &c, "passphrase:") == KF_EEXIST);
}

static void
test_refusals(void)
{
	char long_name[65];
	struct psk_spec s;
	struct key_view key;
	int64_t rows = inst_count(&in, "SELECT count(*) FROM psk");

	memset(long_name, 'x', sizeof(long_name));
	IT("refuses what is not valid, and says which field");
	s = (struct psk_spec){.name = KF_LIT("")};
	OK(add(&s, &key, "name:") == KF_EINVAL);
	s = (struct psk_spec){.name = kf_span_of(long_name, 64)};
	OK(add(&s, &key, "name:") == KF_EINVAL);
	s = (struct psk_spec){.name = KF_LIT("a\nb")};
	OK(add(&s, &key, "name:") == KF_EINVAL);
	s = (struct psk_spec){.name = KF_LIT("a"), .ssid = KF_LIT("nope")};
	OK(add(&s, &key, "ssid:") == KF_EINVAL);
	s = (struct psk_spec){.name = KF_LIT("a"), .role = KF_LIT("nope")};
	OK(add(&s, &key, "role:") == KF_EINVAL);
	s = (struct psk_spec){.name = KF_LIT("a"), .email = KF_LIT("nope")};
	OK(add(&s, &key, "email:") == KF_EINVAL);
	s = (struct psk_spec){.name = KF_LIT("a"), .notify = true};
	OK(add(&s, &key, "notify:") == KF_EINVAL);
	s = (struct psk_spec){.name = KF_LIT("a"), .vlan_id = 21};
	OK(add(&s, &key, "vlan_id:") == KF_EINVAL);
	s = (struct psk_spec){.name = KF_LIT("a"), .vlan_id = 4095};
	OK(add(&s, &key, "vlan_id:") == KF_EINVAL);
	s = (struct psk_spec){.name = KF_LIT("a"), .expire_time = kf_now_s(&in.env)};
	OK(add(&s, &key, "expire_time:") == KF_EINVAL);
	s = (struct psk_spec){.name = KF_LIT("a"), .passphrase = KF_LIT("1234567")};
	OK(add(&s, &key, "passphrase:") == KF_EINVAL);
	s = (struct psk_spec){.name = KF_LIT("a"), .passphrase = KF_LIT("p\xc3\xa4sswords")};
	OK(add(&s, &key, "passphrase:") == KF_EINVAL);
	IT("takes a weak passphrase only if told to, and never for ever");
	s = (struct psk_spec){.name = KF_LIT("a"), .passphrase = KF_LIT("password1")};
	OK(add(&s, &key, "passphrase: too weak") == KF_EINVAL);
	s.weak = true;
	OK(add(&s, &key, "expire_time:") == KF_EINVAL);
	OK(inst_count(&in, "SELECT count(*) FROM psk") == rows);
	s.expire_time = kf_now_s(&in.env) + DAY;
	OK(add(&s, &key, "") == KF_OK && key.weak);
	IT("does not call a strong one weak");
	s = (struct psk_spec){.name = KF_LIT("a"), .weak = true};
	OK(add(&s, &key, "") == KF_OK && !key.weak);
}

static int listed;

static enum kf_err
list_one(void *arg, const struct key_view *key)
{
	(void)arg;
	listed += key->pass.n == 0 ? 1 : 1000; /* never with its passphrase */
	return KF_OK;
}

static void
test_list(void)
{
	struct psk_filter f = {.limit = 100, .page = 1};
	uint64_t total = 0;

	IT("lists by name, SSID, role and e-mail, page by page");
	OK(psk_list(in.app, &f, list_one, NULL, &total) == KF_OK);
	OK(total == 5 && listed == 5);
	f.email = KF_LIT("Bob@Example.test");
	OK(psk_list(in.app, &f, list_one, NULL, &total) == KF_OK && total == 2);
	f = (struct psk_filter){.limit = 1, .page = 2, .name = KF_LIT("a")};
	listed = 0;
	OK(psk_list(in.app, &f, list_one, NULL, &total) == KF_OK && total == 2 && listed == 1);
	f = (struct psk_filter){.limit = 10, .page = 1, .role = KF_LIT("employee")};
	OK(psk_list(in.app, &f, list_one, NULL, &total) == KF_OK && total == 1);
	f = (struct psk_filter){.limit = 10, .page = 1, .ssid = KF_LIT("other")};
	OK(psk_list(in.app, &f, list_one, NULL, &total) == KF_OK && total == 0);
	f.limit = 1001;
	OK(psk_list(in.app, &f, list_one, NULL, &total) == KF_EINVAL);
	f = (struct psk_filter){.limit = 1};
	OK(psk_list(in.app, &f, list_one, NULL, &total) == KF_EINVAL);
}

static void
test_ends(void)
{
	const struct psk_spec spec = {
	    .name = KF_LIT("box"), .expire_time = kf_now_s(&in.env) + 3600};
	struct key_view key, fresh, old;

	IT("rotates into the same group, no longer than the old key had");
	OK(add(&spec, &key, "") == KF_OK);
	struct kf_span id = kf_span_str(key.id);
	OK(psk_rotate(in.app, &api, id, -1, &fresh) == KF_OK);
	OK(fresh.group == key.group && fresh.expires == key.expires);
	OK(psk_find(in.app, id, true, &old) == KF_OK && old.status == KEY_ROTATING);
	OK(old.expires == key.expires);
	OK(psk_rotate(in.app, &api, id, -1, &old) == KF_EEXIST);
	OK(psk_rotate(in.app, &api, KF_LIT("nope"), -1, &old) == KF_ENOENT);
	OK(psk_rotate(in.app, &api, kf_span_str(fresh.id), 0, &key) == KF_OK);
	OK(psk_find(in.app, kf_span_str(fresh.id), true, &old) == KF_OK);
	OK(old.status == KEY_EXPIRED && old.pass.n == 0);
	IT("revokes at once, twice without harm, and for good");
	id = kf_span_str(key.id);
	OK(psk_revoke(in.app, &api, id, KF_LIT("lost")) == KF_OK);
	OK(psk_find(in.app, id, true, &old) == KF_OK && old.status == KEY_REVOKED);
	OK(old.pass.n == 0 && old.rev > key.rev);
	OK(psk_revoke(in.app, &api, id, KF_LIT("")) == KF_OK);
	OK(psk_find(in.app, id, false, &key) == KF_OK && key.rev == old.rev);
	OK(psk_rotate(in.app, &api, id, -1, &old) == KF_EEXPIRED);
	OK(psk_revoke(in.app, &api, KF_LIT("nope"), KF_LIT("")) == KF_ENOENT);
	OK(psk_revoke(in.app, &api, id, KF_LIT("a\nb")) == KF_EINVAL);
	IT("tells the audit who looked at a passphrase");
	OK(psk_revealed(in.app, &inst_by, key.id) == KF_OK);
	OK(inst_count(&in, "SELECT count(*) FROM audit WHERE action = 'psk.reveal'") == 1);
	IT("never writes a passphrase into the audit");
	OK(inst_count(&in, "SELECT count(*) FROM audit WHERE detail LIKE '%Passphrase%'") == 0);
}

static void
test_tokens(void)
{
	char token[64], name[64] = "", forged[64];

	IT("knows a token it made by its name, and no other");
	OK(token_make(in.app, &inst_by, KF_LIT("ci"), token) == KF_OK && strlen(token) == 46);
	OK(token_check(in.app, kf_span_str(token), name) == KF_OK && strcmp(name, "ci") == 0);
	memcpy(forged, token, sizeof(forged));
	forged[20] = forged[20] == 'x' ? 'y' : 'x';
	OK(token_check(in.app, kf_span_str(forged), name) == KF_EDENIED);
	OK(token_check(in.app, KF_LIT(""), name) == KF_EDENIED);
	OK(token_check(in.app, KF_LIT("kf_"), name) == KF_EDENIED);
	IT("keeps names apart and clean");
	OK(token_make(in.app, &inst_by, KF_LIT("ci"), forged) == KF_EEXIST && forged[0] == '\0');
	OK(token_make(in.app, &inst_by, KF_LIT(""), forged) == KF_EINVAL);
	OK(token_make(in.app, &inst_by, KF_LIT("a\tb"), forged) == KF_EINVAL);
}

int
main(void)
{
	inst_make(&in);
	test_add();
	test_refusals();
	test_list();
	test_ends();
	test_tokens();
	inst_end(&in);
	return tap_end();
}
