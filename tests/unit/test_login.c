#include "portal/core/login.h"

#include "portal/core/idp.h"
#include "portal/core/issue.h"
#include "portal/core/lifecycle.h"
#include "portal/core/psk.h"
#include "tests/unit/installation.h"
#include "tests/unit/tap.h"

#define IDP "https://idp.example.test/metadata"
#define IDP2 "https://other.example.test/metadata"
#define NONE KF_LIT("")

static struct installation in;
static int assertions;

struct answer {
	const char *idp, *name_id, *email;
	const char *assertion; /* NULL: a new one */
};

static enum kf_err
begin(struct login_begun *out)
{
	return login_begin(in.app, NONE, KF_LIT("/my"), KF_LIT("192.0.2.1"), out);
}

static enum kf_err
verified(const struct login_begun *b, const struct answer *a, const char *relay)
{
	char id[32];
	struct login_identity who = {
	    .idp = kf_span_str(a->idp),
	    .in_response_to = kf_span_str(b->request_id),
	    .assertion_expires = kf_now_s(&in.env) + 300,
	    .name_id = kf_span_str(a->name_id),
	    .session_index = KF_LIT("s1"),
	    .email = kf_span_str(a->email),
	    .name = KF_LIT("Some One"),
	};

	(void)snprintf(id, sizeof(id), "_a%d", ++assertions);
	who.assertion_id = kf_span_str(a->assertion != NULL ? a->assertion : id);
	return login_verified(in.app, &who, kf_span_str(relay));
}

static enum kf_err
finish(const struct login_begun *b, struct session *ses)
{
	struct session_new made = {""};
	char path[256] = "";
	enum kf_err r =
	    login_finish(in.app, kf_span_str(b->relay), kf_span_str(b->cookie), &made, path);

	if (r == KF_OK && ses != NULL)
		r = session_get(in.app, kf_span_str(made.cookie), ses);
	return r == KF_OK && strcmp(path, "/my") != 0 ? KF_EIO : r;
}

/* A whole sign-in; gives the person. */
static enum kf_err
sign_in(const char *idp, const char *name_id, const char *email, struct session *ses)
{
	const struct answer a = {idp, name_id, email, NULL};
	struct login_begun b;
	enum kf_err r;

	/* the workflow asks the first IdP; a test that wants the other one says so in the row */
	if ((r = begin(&b)) != KF_OK)
		return r;
	if (strcmp(idp, IDP) != 0)
		(void)inst_count(&in, "UPDATE saml_request SET idp = '" IDP2 "'; SELECT 1");
	return (r = verified(&b, &a, b.relay)) == KF_OK ? finish(&b, ses) : r;
}

static void
idp_add(const char *entity, const char *domains)
{
	struct kf_buf why = {0};

	if (idp_put(in.app, &inst_by, kf_span_str(entity), KF_LIT("<xml/>"), kf_span_str(domains),
		&why) != KF_OK)
		exit(2);
	kf_buf_free(&why);
}

static void
test_idp(void)
{
	struct login_begun b;
	struct kf_buf why = {0};
	uint64_t before = 0, after = 0;

	IT("has nobody to ask before there is an IdP");
	OK(begin(&b) == KF_ENOENT);
	OK(idp_generation(in.app, &before) == KF_OK);
	idp_add(IDP, "Example.test , corp.example.test");
	in.now_ms += 1000;
	idp_add(IDP2, "example.test");
	IT("counts the changes of IdPs");
	OK(idp_generation(in.app, &after) == KF_OK && after == before + 2);
	IT("refuses what is no domain");
	OK(idp_put(in.app, &inst_by, KF_LIT("x"), KF_LIT("y"), KF_LIT("a b"), &why) == KF_EINVAL);
	OK(idp_put(in.app, &inst_by, KF_LIT("x"), KF_LIT("y"), KF_LIT(""), &why) == KF_EINVAL);
	OK(idp_put(in.app, &inst_by, KF_LIT("x"), KF_LIT("y"), KF_LIT("a..b"), &why) == KF_EINVAL);
	OK(idp_put(in.app, &inst_by, KF_LIT(""), KF_LIT("y"), KF_LIT("a"), &why) == KF_EINVAL);
	OK(why.n > 0);
	kf_buf_free(&why);
	IT("keeps our SAML key sealed");
	struct kf_buf key = {0}, cert = {0};
	OK(idp_sp_keypair(in.app, &key, &cert) == KF_OK);
	OK(strstr(kf_buf_cstr(&key), "PRIVATE KEY") != NULL &&
	    strstr(kf_buf_cstr(&cert), "CERTIFICATE") != NULL);
	OK(inst_count(&in, "SELECT count(*) FROM sp_key WHERE instr(private_key, 'PRIVATE')") == 0);
	kf_buf_free(&key);
	kf_buf_free(&cert);
}

static void
test_once(void)
{
	const struct answer alice = {IDP, "n-alice", "alice@example.test", NULL};
	const struct answer replay = {IDP, "n-alice", "alice@example.test", "_same"};
	struct login_begun b, c;

	IT("answers a request once");
	OK(begin(&b) == KF_OK && strcmp(b.idp, IDP) == 0 && strlen(b.request_id) == 33);
	OK(finish(&b, NULL) == KF_ENOENT);
	OK(verified(&b, &alice, b.relay) == KF_OK);
	OK(verified(&b, &alice, b.relay) == KF_ENOENT);
	IT("lets only the browser that began it end it, and once");
	OK(begin(&c) == KF_OK);
	memcpy(c.relay, b.relay, sizeof(c.relay));
	OK(finish(&c, NULL) == KF_ENOENT);
	OK(finish(&b, NULL) == KF_OK);
	OK(finish(&b, NULL) == KF_ENOENT);
	IT("refuses an assertion that was seen, for whatever request");
	OK(begin(&b) == KF_OK && verified(&b, &replay, b.relay) == KF_OK);
	OK(begin(&b) == KF_OK && verified(&b, &replay, b.relay) == KF_EEXIST);
	IT("leaves the request usable when somebody replays into it");
	OK(verified(&b, &alice, b.relay) == KF_OK);
	IT("refuses the relay of another request, unknown ids and another IdP");
	OK(begin(&b) == KF_OK && begin(&c) == KF_OK);
	OK(verified(&b, &alice, c.relay) == KF_EINVAL);
	OK(verified(&b, &(struct answer){IDP2, "n", "a@example.test", NULL}, b.relay) == KF_ENOENT);
	b.request_id[5] = b.request_id[5] == 'a' ? 'b' : 'a';
	OK(verified(&b, &alice, b.relay) == KF_ENOENT);
	IT("forgets a request after LOGIN_TTL_S and a ticket after LOGIN_TICKET_S");
	OK(begin(&b) == KF_OK);
	inst_pass_s(&in, LOGIN_TTL_S);
	OK(verified(&b, &alice, b.relay) == KF_ENOENT);
	OK(begin(&b) == KF_OK && verified(&b, &alice, b.relay) == KF_OK);
	inst_pass_s(&in, LOGIN_TICKET_S);
	OK(finish(&b, NULL) == KF_ENOENT);
}

static void
test_refused(void)
{
	struct login_begun b;
	char path[256];
	struct session_new ses;

	IT("refuses an address of a domain that is not the IdP's, and spends the request");
	OK(begin(&b) == KF_OK);
	OK(verified(&b, &(struct answer){IDP, "n", "eve@evil.test", NULL}, b.relay) == KF_EDENIED);
	OK(verified(&b, &(struct answer){IDP, "n", "eve@example.test", NULL}, b.relay) ==
	    KF_ENOENT);
	OK(begin(&b) == KF_OK);
	OK(verified(&b, &(struct answer){IDP, "n", "eve@sub.example.test", NULL}, b.relay) ==
	    KF_EDENIED);
	OK(inst_count(&in, "SELECT count(*) FROM audit WHERE action = 'login.refused'") == 2);
	IT("refuses an address that is none, or no name");
	OK(begin(&b) == KF_OK);
	OK(verified(&b, &(struct answer){IDP, "n", "eve", NULL}, b.relay) == KF_EINVAL);
	OK(verified(&b, &(struct answer){IDP, "", "eve@example.test", NULL}, b.relay) == KF_EINVAL);
	IT("goes to local paths only");
	OK(login_begin(in.app, NONE, KF_LIT("//evil.test"), KF_LIT("192.0.2.9"), &b) == KF_OK);
	OK(verified(&b, &(struct answer){IDP, "n-p", "p@example.test", NULL}, b.relay) == KF_OK);
	OK(login_finish(in.app, kf_span_str(b.relay), kf_span_str(b.cookie), &ses, path) == KF_OK);
	OK(path[0] == '\0');
	IT("knows no workflow that is not there");
	OK(login_begin(in.app, KF_LIT("nope"), NONE, NONE, &b) == KF_ENOENT);
	IT("lets in only whoever is in a group of the workflow");
	OK(inst_count(&in, "UPDATE workflow SET idp_groups = 'wifi'; SELECT 1") == 1);
	OK(sign_in(IDP, "n-alice", "alice@example.test", NULL) == KF_EDENIED);
	OK(inst_count(&in, "UPDATE workflow SET idp_groups = ''; SELECT 1") == 1);
}

static void
test_limit(void)
{
	struct login_begun b;
	int n = 0;

	IT("stops one client that opens requests without end, not the others");
	while (n < 1000 && login_begin(in.app, NONE, NONE, KF_LIT("198.51.100.7"), &b) == KF_OK)
		n++;
	OK(n == 300);
	OK(begin(&b) == KF_OK);
	inst_pass_s(&in, LOGIN_TTL_S);
	OK(lifecycle_sweep(in.app) == KF_OK);
	OK(inst_count(&in, "SELECT count(*) FROM saml_request") == 0);
	OK(login_begin(in.app, NONE, NONE, KF_LIT("198.51.100.7"), &b) == KF_OK);
}

static void
test_person(void)
{
	struct session a, b, c;
	struct psk_spec tv = {.name = KF_LIT("tv"), .email = KF_LIT("Carol@Example.test")};
	struct key_view key;
	struct kf_buf why = {0};

	IT("knows a person again by IdP and NameID");
	OK(sign_in(IDP, "n-bob", "bob@example.test", &a) == KF_OK);
	OK(sign_in(IDP, "n-bob", "bob@example.test", &b) == KF_OK);
	OK(strcmp(a.person, b.person) == 0 && strcmp(a.csrf, b.csrf) != 0);
	IT("takes over a new address of a known identity");
	OK(sign_in(IDP, "n-bob", "robert@example.test", &b) == KF_OK);
	OK(strcmp(a.person, b.person) == 0 && strcmp(b.email, "robert@example.test") == 0);
	OK(sign_in(IDP, "n-bob", "bob@example.test", &b) == KF_OK);
	IT("gives another identity with the same address a person of its own");
	OK(sign_in(IDP2, "n-bob", "bob@example.test", &b) == KF_OK);
	OK(strcmp(a.person, b.person) != 0);
	OK(sign_in(IDP, "n-other", "bob@example.test", &c) == KF_OK);
	OK(strcmp(a.person, c.person) != 0 && strcmp(b.person, c.person) != 0);
	IT("lets the first sign-in claim what an admin made for its address, and no second");
	OK(psk_add(in.app, &inst_by, &tv, &key, &why) == KF_OK && key.person[0] != '\0');
	OK(sign_in(IDP, "n-carol", "carol@example.test", &a) == KF_OK);
	OK(strcmp(a.person, key.person) == 0);
	OK(sign_in(IDP2, "n-carol", "carol@example.test", &b) == KF_OK);
	OK(strcmp(a.person, b.person) != 0);
	kf_buf_free(&why);
}

static void
test_session(void)
{
	struct session ses;
	struct session_new made;
	struct login_begun b;
	char path[256];

	IT("keeps a session until its end, and not the cookie itself");
	OK(begin(&b) == KF_OK);
	OK(verified(&b, &(struct answer){IDP, "n-alice", "alice@example.test", NULL}, b.relay) ==
	    KF_OK);
	OK(login_finish(in.app, kf_span_str(b.relay), kf_span_str(b.cookie), &made, path) == KF_OK);
	struct kf_span cookie = kf_span_str(made.cookie);
	OK(session_get(in.app, cookie, &ses) == KF_OK);
	OK(strcmp(ses.workflow, "employees") == 0 && strcmp(ses.name, "Some One") == 0);
	IT("binds the form token to the session");
	OK(session_csrf_ok(&ses, kf_span_str(ses.csrf)));
	OK(!session_csrf_ok(&ses, NONE) && !session_csrf_ok(&ses, cookie));
	IT("knows no other cookie");
	made.cookie[0] ^= 1;
	OK(session_get(in.app, cookie, &ses) == KF_ENOENT);
	made.cookie[0] ^= 1;
	OK(session_get(in.app, kf_span_of(cookie.p, 63), &ses) == KF_ENOENT);
	IT("ends when told, and by itself");
	inst_pass_s(&in, 12 * 3600 - 1);
	OK(session_get(in.app, cookie, &ses) == KF_OK);
	inst_pass_s(&in, 1);
	OK(session_get(in.app, cookie, &ses) == KF_ENOENT);
	in.now_ms -= 3600 * 1000;
	OK(session_end(in.app, cookie) == KF_OK && session_get(in.app, cookie, &ses) == KF_ENOENT);
	OK(session_end(in.app, cookie) == KF_ENOENT);
}

int
main(void)
{
	inst_make(&in);
	test_idp();
	test_once();
	test_refused();
	test_limit();
	test_person();
	test_session();
	inst_end(&in);
	return tap_end();
}
