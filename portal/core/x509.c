#include "portal/core/x509.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#define SERIAL_LEN 16
#define CURVE "prime256v1"

static X509 *
cert_read(struct kf_span der)
{
	const unsigned char *p = der.p;
	X509 *x = der.n > 0 && der.n <= INT32_MAX ? d2i_X509(NULL, &p, (long)der.n) : NULL;

	if (x != NULL && p != der.p + der.n) { /* something hangs on it */
		X509_free(x);
		x = NULL;
	}
	return x;
}

static EVP_PKEY *
key_read(struct kf_span der)
{
	const unsigned char *p = der.p;

	return der.n > 0 && der.n <= INT32_MAX ? d2i_AutoPrivateKey(NULL, &p, (long)der.n) : NULL;
}

static bool
key_is_p256(EVP_PKEY *key)
{
	char group[32] = "";
	size_t n = 0;

	return key != NULL && EVP_PKEY_is_a(key, "EC") &&
	    EVP_PKEY_get_group_name(key, group, sizeof(group), &n) == 1 &&
	    strcmp(group, CURVE) == 0;
}

/* A request that is whole, P-256, and signed by the key it is for. */
static X509_REQ *
csr_read(struct kf_span der)
{
	const unsigned char *p = der.p;
	X509_REQ *csr =
	    der.n > 0 && der.n <= INT32_MAX ? d2i_X509_REQ(NULL, &p, (long)der.n) : NULL;

	if (csr == NULL)
		return NULL;
	EVP_PKEY *key = X509_REQ_get0_pubkey(csr);
	if (p == der.p + der.n && key_is_p256(key) && X509_REQ_verify(csr, key) == 1)
		return csr;
	X509_REQ_free(csr);
	return NULL;
}

static bool
extension_add(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;
	bool ok;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ok = ext != NULL && X509_add_ext(x, ext, -1) == 1;
	X509_EXTENSION_free(ext);
	return ok;
}

/* Version, serial, times, subject and key: what every certificate has. */
static X509 *
cert_start(const char *name, int64_t not_before, int64_t not_after, EVP_PKEY *key)
{
	unsigned char serial[SERIAL_LEN];
	time_t from = (time_t)not_before, to = (time_t)not_after;
	BIGNUM *bn = NULL;
	X509_NAME *subject;
	X509 *x = X509_new();
	bool ok = x != NULL && RAND_bytes(serial, sizeof(serial)) == 1;

	if (ok) {
		serial[0] = (unsigned char)((serial[0] & 0x3f) | 0x40); /* positive, 128 bits */
		bn = BN_bin2bn(serial, sizeof(serial), NULL);
		subject = X509_get_subject_name(x);
		ok = bn != NULL && X509_set_version(x, X509_VERSION_3) == 1 &&
		    BN_to_ASN1_INTEGER(bn, X509_get_serialNumber(x)) != NULL &&
		    ASN1_TIME_set(X509_getm_notBefore(x), from) != NULL &&
		    ASN1_TIME_set(X509_getm_notAfter(x), to) != NULL &&
		    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
			(const unsigned char *)name, -1, -1, 0) == 1 &&
		    X509_set_pubkey(x, key) == 1;
	}
	BN_free(bn);
	if (!ok) {
		X509_free(x);
		x = NULL;
	}
	return x;
}

static bool
cert_put(X509 *x, struct kf_buf *out)
{
	unsigned char *der = NULL;
	int n = i2d_X509(x, &der);

	if (n > 0)
		kf_buf_add(out, der, (size_t)n);
	OPENSSL_free(der);
	return n > 0 && !out->bad;
}

static bool
key_put(EVP_PKEY *key, struct kf_buf *out)
{
	PKCS8_PRIV_KEY_INFO *p8 = EVP_PKEY2PKCS8(key);
	unsigned char *der = NULL;
	int n = p8 != NULL ? i2d_PKCS8_PRIV_KEY_INFO(p8, &der) : 0;

	if (n > 0) {
		kf_buf_add(out, der, (size_t)n);
		OPENSSL_clear_free(der, (size_t)n);
	}
	PKCS8_PRIV_KEY_INFO_free(p8);
	return n > 0 && !out->bad;
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
x509_ca_make(const char *name, int64_t not_before, int64_t not_after, struct kf_buf *key,
    struct kf_buf *cert)
{
	EVP_PKEY *pkey = EVP_EC_gen(CURVE);
	X509 *x = NULL;
	enum kf_err r = KF_EIO;

	if (pkey == NULL || (x = cert_start(name, not_before, not_after, pkey)) == NULL)
		goto out;
	if (X509_set_issuer_name(x, X509_get_subject_name(x)) == 1 &&
	    extension_add(x, x, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
	    extension_add(x, x, NID_key_usage, "critical,keyCertSign,cRLSign") &&
	    extension_add(x, x, NID_subject_key_identifier, "hash") &&
	    X509_sign(x, pkey, EVP_sha256()) > 0 && cert_put(x, cert) && key_put(pkey, key))
		r = KF_OK;
out:
	X509_free(x);
	EVP_PKEY_free(pkey);
	return r;
}

static enum kf_err
leaf_sign(
    const struct x509_ca *ca, EVP_PKEY *key, const struct x509_leaf *leaf, struct kf_buf *cert)
{
	X509 *issuer = cert_read(ca->cert), *x = NULL;
	EVP_PKEY *ca_key = key_read(ca->key);
	enum kf_err r = KF_EIO;

	if (issuer == NULL || ca_key == NULL ||
	    (x = cert_start(leaf->name, leaf->not_before, leaf->not_after, key)) == NULL)
		goto out;
	if (X509_set_issuer_name(x, X509_get_subject_name(issuer)) == 1 &&
	    extension_add(x, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
	    extension_add(x, issuer, NID_key_usage, "critical,digitalSignature") &&
	    extension_add(x, issuer, NID_ext_key_usage,
		leaf->use == X509_SERVER ? "critical,serverAuth" : "critical,clientAuth") &&
	    extension_add(x, issuer, NID_subject_key_identifier, "hash") &&
	    extension_add(x, issuer, NID_authority_key_identifier, "keyid:always") &&
	    (leaf->dns == NULL || extension_add(x, issuer, NID_subject_alt_name, leaf->dns)) &&
	    X509_sign(x, ca_key, EVP_sha256()) > 0 && cert_put(x, cert))
		r = KF_OK;
out:
	X509_free(x);
	X509_free(issuer);
	EVP_PKEY_free(ca_key);
	return r;
}

enum kf_err
x509_sign_csr(
    const struct x509_ca *ca, struct kf_span csr, const struct x509_leaf *leaf, struct kf_buf *cert)
{
	X509_REQ *req = csr_read(csr);
	enum kf_err r;

	if (req == NULL)
		return KF_EINVAL;
	r = leaf_sign(ca, X509_REQ_get0_pubkey(req), leaf, cert);
	X509_REQ_free(req);
	return r;
}

enum kf_err
x509_make(const struct x509_ca *ca, const struct x509_leaf *leaf, struct kf_buf *key_pem,
    struct kf_buf *cert)
{
	EVP_PKEY *key = EVP_EC_gen(CURVE);
	BIO *bio = BIO_new(BIO_s_secmem());
	enum kf_err r = KF_EIO;

	if (key != NULL && bio != NULL &&
	    PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1 &&
	    bio_take(bio, key_pem))
		r = leaf_sign(ca, key, leaf, cert);
	BIO_free(bio);
	EVP_PKEY_free(key);
	return r;
}

enum kf_err
x509_csr_name(struct kf_span csr, char out[X509_NAME_MAX + 1])
{
	X509_REQ *req = csr_read(csr);
	int n;

	out[0] = '\0';
	if (req == NULL)
		return KF_EINVAL;
	n = X509_NAME_get_text_by_NID(
	    X509_REQ_get_subject_name(req), NID_commonName, out, X509_NAME_MAX + 1);
	X509_REQ_free(req);
	if (n <= 0 || n > X509_NAME_MAX || !kf_text_clean(kf_span_of(out, (size_t)n)))
		out[0] = '\0';
	return KF_OK;
}

enum kf_err
x509_not_after(struct kf_span cert, int64_t *out)
{
	X509 *x = cert_read(cert);
	struct tm tm;
	bool ok = x != NULL && ASN1_TIME_to_tm(X509_get0_notAfter(x), &tm) == 1;

	if (ok)
		*out = (int64_t)timegm(&tm);
	X509_free(x);
	return ok ? KF_OK : KF_EINVAL;
}

enum kf_err
x509_signed_by(struct kf_span cert, struct kf_span ca)
{
	X509 *x = cert_read(cert), *issuer = cert_read(ca);
	bool ok = x != NULL && issuer != NULL && X509_verify(x, X509_get0_pubkey(issuer)) == 1;

	X509_free(x);
	X509_free(issuer);
	return ok ? KF_OK : KF_EDENIED;
}

/* The other names as one text, in the form that OpenSSL reads them in. */
static bool
names_same(X509 *x, const char *names)
{
	X509V3_CTX ctx;
	X509_EXTENSION *want;
	int at = X509_get_ext_by_NID(x, NID_subject_alt_name, -1);
	bool same;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
	want = X509V3_EXT_conf_nid(NULL, &ctx, NID_subject_alt_name, names);
	same = want != NULL && at >= 0 &&
	    ASN1_OCTET_STRING_cmp(
		X509_EXTENSION_get_data(X509_get_ext(x, at)), X509_EXTENSION_get_data(want)) == 0;
	X509_EXTENSION_free(want);
	return same;
}

bool
x509_is_for(struct kf_span cert, struct kf_span key_pem, const char *names)
{
	X509 *x = cert_read(cert);
	BIO *bio = key_pem.n > 0 && key_pem.n <= INT32_MAX
	    ? BIO_new_mem_buf(key_pem.p, (int)key_pem.n)
	    : NULL;
	EVP_PKEY *key = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;
	bool ok =
	    x != NULL && key != NULL && X509_check_private_key(x, key) == 1 && names_same(x, names);

	EVP_PKEY_free(key);
	BIO_free(bio);
	X509_free(x);
	return ok;
}

enum kf_err
x509_to_pem(struct kf_span cert, struct kf_buf *pem)
{
	X509 *x = cert_read(cert);
	BIO *bio = BIO_new(BIO_s_mem());
	bool ok = x != NULL && bio != NULL && PEM_write_bio_X509(bio, x) == 1 && bio_take(bio, pem);

	BIO_free(bio);
	X509_free(x);
	return ok ? KF_OK : KF_EINVAL;
}

enum kf_err
x509_from_pem(struct kf_span pem, struct kf_buf *cert)
{
	BIO *bio = pem.n > 0 && pem.n <= INT32_MAX ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
	X509 *x = bio != NULL ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	bool ok = x != NULL && cert_put(x, cert);

	X509_free(x);
	BIO_free(bio);
	return ok ? KF_OK : KF_EINVAL;
}
