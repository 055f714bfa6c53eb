#include "common/feed_enroll.h"
#include "portal/core/agentca.h"
#include "tests/unit/installation.h"
#include "tests/unit/tap.h"

#include <openssl/ec.h>
#include <openssl/x509.h>

static struct kf_buf
request(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509_REQ *req = X509_REQ_new();
	unsigned char *der = NULL;
	struct kf_buf b = {0};
	int n;

	(void)X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(req), "CN", MBSTRING_UTF8,
	    (const unsigned char *)"ap-1", -1, -1, 0);
	(void)X509_REQ_set_pubkey(req, key);
	(void)X509_REQ_sign(req, key, EVP_sha256());
	n = i2d_X509_REQ(req, &der);
	kf_buf_add(&b, der, n > 0 ? (size_t)n : 0);
	OPENSSL_free(der);
	X509_REQ_free(req);
	EVP_PKEY_free(key);
	return b;
}

static struct feed_code
code_make(struct installation *in)
{
	struct feed_code code = {0};
	struct kf_buf text = {0};

	OK(agentca_code(in->app, &inst_by, KF_LIT("main"), &text) == KF_OK);
	OK(feed_code_parse(kf_buf_span(&text), &code) == KF_OK);
	kf_buf_free(&text);
	return code;
}

/* Enrols with this code; cert gets the certificate. */
static enum kf_err
enroll(struct installation *in, const struct feed_code *code, struct kf_buf *cert)
{
	struct kf_buf csr = request(), msg = {0}, reply = {0};
	struct feed_enrolled done;
	enum kf_err r;

	feed_put_enroll(&msg, code, kf_buf_span(&csr));
	r = agentca_enroll(in->app, kf_buf_span(&msg), &reply);
	if (r == KF_OK && (r = feed_read_enrolled(kf_buf_span(&reply), code->code, &done)) == KF_OK)
		kf_buf_add(cert, done.cert.p, done.cert.n);
	kf_buf_free(&csr);
	kf_buf_free(&msg);
	kf_buf_free(&reply);
	return r;
}

static void
test_codes(struct installation *in, struct kf_buf *cert)
{
	struct feed_code code = code_make(in), wrong = code, late = code_make(in);
	struct kf_buf none = {0};

	IT("a code of another site than there is");
	OK(agentca_code(in->app, &inst_by, KF_LIT("nowhere"), &none) == KF_ENOENT);
	IT("a wrong code is refused and uses nothing up");
	wrong.code[0] ^= 1;
	OK(enroll(in, &wrong, &none) == KF_EDENIED);
	wrong = code;
	wrong.id[0] ^= 1;
	OK(enroll(in, &wrong, &none) == KF_EDENIED);
	OK(inst_count(in, "SELECT count(*) FROM agent_code") == 2);
	IT("the right one makes an agent, once");
	OK(enroll(in, &code, cert) == KF_OK && cert->n > 100);
	OK(enroll(in, &code, &none) == KF_EDENIED);
	OK(inst_count(in, "SELECT count(*) FROM agent WHERE name = 'ap-1'") == 1);
	IT("an hour later it is over");
	inst_pass_s(in, FEED_CODE_TTL_S);
	OK(enroll(in, &late, &none) == KF_EDENIED);
	OK(agentca_sweep(in->app) == KF_OK &&
	    inst_count(in, "SELECT count(*) FROM agent_code") == 0);
	IT("a malformed message is refused");
	OK(agentca_enroll(in->app, KF_LIT("KF\1\7junk"), &none) == KF_EINVAL);
	kf_buf_free(&none);
}

static enum kf_err
comes(struct installation *in, const struct kf_buf *cert, struct agent_caller *who)
{
	return agentca_caller(in->app, kf_buf_span(cert), who);
}

static enum kf_err
renew(struct installation *in, const struct agent_caller *who, struct kf_buf *cert)
{
	struct kf_buf csr = request(), reply = {0};
	struct kf_span c, ca;
	enum kf_err r = agentca_renew(in->app, who, kf_buf_span(&csr), &reply);

	if (r == KF_OK && (r = feed_read_renewed(kf_buf_span(&reply), &c, &ca)) == KF_OK)
		kf_buf_add(cert, c.p, c.n);
	kf_buf_free(&csr);
	kf_buf_free(&reply);
	return r;
}

static void
test_callers(struct installation *in, const struct kf_buf *cert)
{
	struct kf_buf second = {0}, third = {0}, none = {0};
	struct agent_caller who, again;

	IT("an agent is known by its certificate");
	OK(comes(in, cert, &who) == KF_OK && strcmp(who.row.name, "ap-1") == 0);
	OK(agentca_caller(in->app, KF_LIT("another"), &again) == KF_EDENIED);
	IT("renewed: both are good, until a third");
	OK(renew(in, &who, &second) == KF_OK);
	OK(comes(in, cert, &again) == KF_OK && comes(in, &second, &again) == KF_OK);
	OK(renew(in, &again, &third) == KF_OK);
	OK(comes(in, cert, &who) == KF_EDENIED && comes(in, &second, &who) == KF_OK &&
	    comes(in, &third, &who) == KF_OK);
	IT("a malformed request renews nothing");
	OK(agentca_renew(in->app, &who, KF_LIT("junk"), &none) == KF_EINVAL);
	IT("a certificate ends");
	inst_pass_s(in, (int64_t)AGENTCA_CERT_DAYS * 86400);
	OK(comes(in, &third, &who) == KF_EDENIED);
	inst_pass_s(in, -(int64_t)AGENTCA_CERT_DAYS * 86400);
	IT("revoked: over at once, twice is not an error");
	OK(agentca_revoke(in->app, &inst_by, kf_span_str(who.row.id)) == KF_OK);
	OK(comes(in, &second, &who) == KF_EDENIED && comes(in, &third, &who) == KF_EDENIED);
	OK(agentca_revoke(in->app, &inst_by, kf_span_str(who.row.id)) == KF_OK);
	OK(agentca_revoke(in->app, &inst_by, KF_LIT("nobody")) == KF_ENOENT);
	kf_buf_free(&second);
	kf_buf_free(&third);
	kf_buf_free(&none);
}

static void
test_feed_cert(struct installation *in)
{
	char path[640];
	bool renewed = true;

	IT("the feed's certificate is made once");
	OK(agentca_renew_feed_cert(in->app, &renewed) == KF_OK && !renewed);
	IT("again when a file is missing");
	(void)snprintf(path, sizeof(path), "%s/feed-key.pem", in->conf.state_dir);
	OK(unlink(path) == 0);
	OK(agentca_renew_feed_cert(in->app, &renewed) == KF_OK && renewed);
	IT("when feed_url names another host");
	inst_text(in->conf.feed_url, sizeof(in->conf.feed_url), "", "https://feed.example:9");
	OK(agentca_renew_feed_cert(in->app, &renewed) == KF_OK && renewed);
	OK(agentca_renew_feed_cert(in->app, &renewed) == KF_OK && !renewed);
	IT("and from day 60 on");
	inst_pass_s(in, (int64_t)AGENTCA_RENEW_DAYS * 86400 - 60);
	OK(agentca_renew_feed_cert(in->app, &renewed) == KF_OK && !renewed);
	inst_pass_s(in, 120);
	OK(agentca_renew_feed_cert(in->app, &renewed) == KF_OK && renewed);
}

int
main(void)
{
	struct installation in;
	struct kf_buf cert = {0};

	inst_make(&in);
	test_codes(&in, &cert);
	test_callers(&in, &cert);
	test_feed_cert(&in);
	kf_buf_free(&cert);
	inst_end(&in);
	return tap_end();
}
