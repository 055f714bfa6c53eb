#include "ap-agent/identity.h"

#include "ap-agent/file.h"
#include "common/log.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>
#include <time.h>

#define FILE_MAX 8192
#define STATE_FILE "agent.conf"
#define NEXT_KEY "agent-key-next.pem"

static enum kf_err
paths_set(const struct agent_conf *conf, struct identity *id)
{
	enum kf_err r;

	if ((r = file_path(conf->state_dir, "agent-key.pem", id->key, sizeof(id->key))) != KF_OK ||
	    (r = file_path(conf->state_dir, "agent-cert.pem", id->cert, sizeof(id->cert))) != KF_OK)
		return r;
	return file_path(conf->state_dir, "agent-ca.pem", id->ca, sizeof(id->ca));
}

/* "agent UUID\nfeed_url URL\n" */
static enum kf_err
state_parse(struct kf_span s, struct identity *id)
{
	const uint8_t *end = memchr(s.p, '\n', s.n);
	size_t first = end != NULL ? (size_t)(end - s.p) : 0, url_len;

	if (first < 6 || memcmp(s.p, "agent ", 6) != 0 || s.n < first + 1 + 10 + 1 ||
	    memcmp(end + 1, "feed_url ", 9) != 0 || s.p[s.n - 1] != '\n')
		return KF_EINVAL;
	url_len = s.n - first - 1 - 9 - 1;
	if (url_len > FEED_URL_MAX ||
	    kf_parse_uuid(kf_span_of(s.p + 6, first - 6), id->id) != KF_OK)
		return KF_EINVAL;
	memcpy(id->url, end + 10, url_len);
	id->url[url_len] = '\0';
	kf_uuid_str(id->id, id->text);
	return strncmp(id->url, "https://", 8) == 0 ? KF_OK : KF_EINVAL;
}

static X509 *
cert_of_pem(struct kf_span pem)
{
	BIO *bio = pem.n > 0 && pem.n <= FILE_MAX ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
	X509 *x = bio != NULL ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;

	BIO_free(bio);
	return x;
}

static bool
key_fits(X509 *x, struct kf_span pem)
{
	BIO *bio = pem.n > 0 && pem.n <= FILE_MAX ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
	EVP_PKEY *key = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;
	bool ok = key != NULL && X509_check_private_key(x, key) == 1;

	EVP_PKEY_free(key);
	BIO_free(bio);
	return ok;
}

/* A renewal that was cut off after the certificate was written: the key waits beside. */
static enum kf_err
key_check(const struct agent_conf *conf, const struct identity *id, X509 *x)
{
	char next[CONF_PATH_MAX];
	struct kf_buf b = {0};
	enum kf_err r;

	if ((r = file_read(id->key, FILE_MAX, &b)) == KF_OK && key_fits(x, kf_buf_span(&b)))
		goto out;
	kf_buf_reset(&b);
	if ((r = file_path(conf->state_dir, NEXT_KEY, next, sizeof(next))) == KF_OK &&
	    (r = file_read(next, FILE_MAX, &b)) == KF_OK)
		r = key_fits(x, kf_buf_span(&b)) ? file_write(id->key, 0600, kf_buf_span(&b))
						 : KF_EINVAL;
out:
	kf_buf_free(&b);
	return r;
}

static enum kf_err
cert_times(X509 *x, struct identity *id)
{
	struct tm from, to;

	if (ASN1_TIME_to_tm(X509_get0_notBefore(x), &from) != 1 ||
	    ASN1_TIME_to_tm(X509_get0_notAfter(x), &to) != 1)
		return KF_EINVAL;
	id->cert_start = (int64_t)timegm(&from);
	id->cert_end = (int64_t)timegm(&to);
	return KF_OK;
}

enum kf_err
identity_read(const struct agent_conf *conf, struct identity *out)
{
	char path[CONF_PATH_MAX];
	struct kf_buf b = {0};
	X509 *x = NULL;
	enum kf_err r;

	memset(out, 0, sizeof(*out));
	if ((r = paths_set(conf, out)) != KF_OK ||
	    (r = file_path(conf->state_dir, STATE_FILE, path, sizeof(path))) != KF_OK ||
	    (r = file_read(path, FILE_MAX, &b)) != KF_OK)
		goto out;
	r = state_parse(kf_buf_span(&b), out);
	kf_buf_reset(&b);
	if (r != KF_OK || (r = file_read(out->cert, FILE_MAX, &b)) != KF_OK)
		goto out;
	x = cert_of_pem(kf_buf_span(&b));
	if ((r = x != NULL ? cert_times(x, out) : KF_EINVAL) == KF_OK)
		r = key_check(conf, out, x);
	if (r != KF_OK)
		kf_log(LOGL_ERROR, "agent",
		    "state_dir=\"%s\" is broken: enrol again with a new code", conf->state_dir);
out:
	X509_free(x);
	kf_buf_free(&b);
	return r;
}

static enum kf_err
write_pem(const char *path, struct kf_span der)
{
	const unsigned char *p = der.p;
	X509 *x = d2i_X509(NULL, &p, (long)der.n);
	BIO *bio = BIO_new(BIO_s_mem());
	char *pem = NULL;
	enum kf_err r = KF_EINVAL;

	if (x != NULL && p == der.p + der.n && bio != NULL && PEM_write_bio_X509(bio, x) == 1) {
		long n = BIO_get_mem_data(bio, &pem);
		r = file_write(path, 0644, kf_span_of(pem, (size_t)n));
	}
	BIO_free(bio);
	X509_free(x);
	return r;
}

enum kf_err
identity_write(const struct agent_conf *conf, const struct feed_enrolled *e, struct kf_span key_pem)
{
	char path[CONF_PATH_MAX];
	struct identity id = {0};
	struct kf_buf b = {0};
	enum kf_err r;

	kf_uuid_str(e->agent, id.text);
	kf_buf_fmt(&b, "agent %s\nfeed_url %s\n", id.text, e->url);
	if ((r = paths_set(conf, &id)) == KF_OK &&
	    (r = file_path(conf->state_dir, STATE_FILE, path, sizeof(path))) == KF_OK &&
	    (r = file_write(id.key, 0600, key_pem)) == KF_OK &&
	    (r = write_pem(id.ca, e->ca)) == KF_OK && (r = write_pem(id.cert, e->cert)) == KF_OK)
		r = b.bad ? KF_ENOMEM : file_write(path, 0644, kf_buf_span(&b));
	kf_buf_free(&b);
	return r;
}

enum kf_err
identity_renew(
    const struct agent_conf *conf, struct identity *id, struct kf_span cert, struct kf_span key_pem)
{
	char next[CONF_PATH_MAX];
	enum kf_err r;

	if ((r = file_path(conf->state_dir, NEXT_KEY, next, sizeof(next))) != KF_OK ||
	    (r = file_write(next, 0600, key_pem)) != KF_OK ||
	    (r = write_pem(id->cert, cert)) != KF_OK ||
	    (r = file_write(id->key, 0600, key_pem)) != KF_OK)
		return r;
	return identity_read(conf, id);
}

static bool
bio_take(BIO *bio, struct kf_buf *out)
{
	char *p = NULL;
	long n = BIO_get_mem_data(bio, &p);

	if (n > 0)
		kf_buf_add(out, p, (size_t)n);
	return n > 0 && !out->bad;
}

enum kf_err
identity_request(const char *name, struct kf_buf *key_pem, struct kf_buf *csr)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509_REQ *req = X509_REQ_new();
	BIO *bio = BIO_new(BIO_s_secmem());
	unsigned char *der = NULL;
	enum kf_err r = KF_EIO;
	int n = 0;

	if (key == NULL || req == NULL || bio == NULL ||
	    X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(req), "CN", MBSTRING_UTF8,
		(const unsigned char *)name, -1, -1, 0) != 1 ||
	    X509_REQ_set_pubkey(req, key) != 1 || X509_REQ_sign(req, key, EVP_sha256()) <= 0 ||
	    PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1)
		goto out;
	if (!bio_take(bio, key_pem) || (n = i2d_X509_REQ(req, &der)) <= 0)
		goto out;
	kf_buf_add(csr, der, (size_t)n);
	r = csr->bad ? KF_ENOMEM : KF_OK;
out:
	OPENSSL_free(der);
	BIO_free(bio);
	X509_REQ_free(req);
	EVP_PKEY_free(key);
	return r;
}

enum kf_err
identity_seal_key(
    const struct agent_conf *conf, const struct kf_env *env, bool make, struct kf_sealkey *out)
{
	struct kf_buf b = {0};
	enum kf_err r = file_read(conf->seal_key_file, sizeof(out->b), &b);

	if (r == KF_ENOENT && make && (r = env->random(env->ctx, out->b, sizeof(out->b))) == KF_OK)
		r = file_write(conf->seal_key_file, 0400, kf_span_of(out->b, sizeof(out->b)));
	else if (r == KF_OK && b.n == sizeof(out->b))
		memcpy(out->b, b.p, b.n);
	else if (r == KF_OK || r == KF_ELIMIT)
		r = KF_EINVAL;
	kf_buf_free(&b);
	return r;
}
