#include "portal/core/spkey.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>

#define BITS 3072
#define YEARS_S (10LL * 365 * 86400)

static bool
self_sign(X509 *x, EVP_PKEY *pkey, const char *name, int64_t now)
{
	X509_NAME *subject = X509_get_subject_name(x);

	/* Serial 1: each key has its one certificate. */
	return X509_set_version(x, 2) && ASN1_INTEGER_set(X509_get_serialNumber(x), 1) &&
	    ASN1_TIME_set(X509_getm_notBefore(x), (time_t)(now - 3600)) != NULL &&
	    ASN1_TIME_set(X509_getm_notAfter(x), (time_t)(now + YEARS_S)) != NULL &&
	    X509_NAME_add_entry_by_txt(
		subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0) &&
	    X509_set_issuer_name(x, subject) && X509_set_pubkey(x, pkey) &&
	    X509_sign(x, pkey, EVP_sha256()) > 0;
}

static void
add_bio(BIO *bio, struct kf_buf *out)
{
	char *p = NULL;
	long n = BIO_get_mem_data(bio, &p);

	if (n > 0)
		kf_buf_add(out, p, (size_t)n);
}

enum kf_err
spkey_make(const char *name, int64_t now, struct kf_buf *key, struct kf_buf *cert)
{
	EVP_PKEY *pkey = EVP_RSA_gen(BITS);
	BIO *key_pem = BIO_new(BIO_s_secmem()), *cert_pem = BIO_new(BIO_s_mem());
	X509 *x = X509_new();
	enum kf_err r = KF_EIO;
	char cn[65] = "";

	(void)snprintf(cn, sizeof(cn), "%.64s", name); /* X.520: 64 characters at most */
	if (pkey == NULL || key_pem == NULL || cert_pem == NULL || x == NULL ||
	    !self_sign(x, pkey, cn, now) ||
	    !PEM_write_bio_PrivateKey(key_pem, pkey, NULL, NULL, 0, NULL, NULL) ||
	    !PEM_write_bio_X509(cert_pem, x))
		goto out;
	add_bio(key_pem, key);
	add_bio(cert_pem, cert);
	r = key->bad || cert->bad ? KF_ENOMEM : KF_OK;
out:
	X509_free(x);
	BIO_free(cert_pem);
	BIO_free(key_pem);
	EVP_PKEY_free(pkey);
	return r;
}
