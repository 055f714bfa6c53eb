#include "portal/core/x509.h"
#include "tests/unit/tap.h"

#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>

#define NOW 1800000000

/* A request by this key, with this common name. */
static struct kf_buf
request(EVP_PKEY *key, const char *name)
{
	X509_REQ *req = X509_REQ_new();
	unsigned char *der = NULL;
	struct kf_buf b = {0};
	int n;

	(void)X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(req), "CN", MBSTRING_UTF8,
	    (const unsigned char *)name, -1, -1, 0);
	(void)X509_REQ_set_pubkey(req, key);
	(void)X509_REQ_sign(req, key, EVP_sha256());
	n = i2d_X509_REQ(req, &der);
	kf_buf_add(&b, der, n > 0 ? (size_t)n : 0);
	OPENSSL_free(der);
	X509_REQ_free(req);
	EVP_PKEY_free(key);
	return b;
}

static X509 *
read_cert(const struct kf_buf *der)
{
	const unsigned char *p = (const unsigned char *)der->p;

	return d2i_X509(NULL, &p, (long)der->n);
}

static void
test_requests(const struct x509_ca *ca)
{
	struct x509_leaf leaf = {"agent-1", X509_CLIENT, NULL, NOW - 300, NOW + 1000};
	struct kf_buf good = request(EVP_EC_gen("P-256"), "ap-7"), cert = {0};
	struct kf_buf rsa = request(EVP_RSA_gen(2048), "x");
	struct kf_buf p384 = request(EVP_EC_gen("P-384"), "x");
	char name[X509_NAME_MAX + 1];
	int64_t end = 0;

	IT("a P-256 request is signed for clients only");
	OK(x509_sign_csr(ca, kf_buf_span(&good), &leaf, &cert) == KF_OK);
	OK(x509_signed_by(kf_buf_span(&cert), ca->cert) == KF_OK);
	OK(x509_not_after(kf_buf_span(&cert), &end) == KF_OK && end == NOW + 1000);
	X509 *x = read_cert(&cert);
	OK(x != NULL && X509_check_purpose(x, X509_PURPOSE_SSL_CLIENT, 0) == 1);
	OK(X509_check_purpose(x, X509_PURPOSE_SSL_SERVER, 0) != 1 && X509_check_ca(x) == 0);
	X509_free(x);

	IT("its name is data, and only clean text");
	OK(x509_csr_name(kf_buf_span(&good), name) == KF_OK && strcmp(name, "ap-7") == 0);
	struct kf_buf dirty = request(EVP_EC_gen("P-256"), "a\nb");
	OK(x509_csr_name(kf_buf_span(&dirty), name) == KF_OK && name[0] == '\0');

	IT("another kind of key is refused");
	OK(x509_sign_csr(ca, kf_buf_span(&rsa), &leaf, &cert) == KF_EINVAL);
	OK(x509_sign_csr(ca, kf_buf_span(&p384), &leaf, &cert) == KF_EINVAL);

	IT("a request that was changed, cut or lengthened is refused");
	OK(x509_sign_csr(ca, kf_span_of(good.p, good.n - 1), &leaf, &cert) == KF_EINVAL);
	good.p[good.n - 1] ^= 1;
	OK(x509_sign_csr(ca, kf_buf_span(&good), &leaf, &cert) == KF_EINVAL);
	good.p[good.n - 1] ^= 1;
	kf_buf_u8(&good, 0);
	OK(x509_sign_csr(ca, kf_buf_span(&good), &leaf, &cert) == KF_EINVAL);
	OK(x509_sign_csr(ca, kf_span_of(NULL, 0), &leaf, &cert) == KF_EINVAL);
	kf_buf_free(&good);
	kf_buf_free(&cert);
	kf_buf_free(&rsa);
	kf_buf_free(&p384);
	kf_buf_free(&dirty);
}

static void
test_server(const struct x509_ca *ca)
{
	const char *names = "DNS:keyfob-feed,IP:127.0.0.1";
	struct x509_leaf leaf = {"keyfob-feed", X509_SERVER, names, NOW - 300, NOW + 1000};
	struct kf_buf key = {0}, cert = {0}, other = {0}, pem = {0}, back = {0};

	IT("a server's certificate has its names and its key");
	OK(x509_make(ca, &leaf, &key, &cert) == KF_OK);
	OK(x509_is_for(kf_buf_span(&cert), kf_buf_span(&key), names));
	OK(!x509_is_for(kf_buf_span(&cert), kf_buf_span(&key), "DNS:keyfob-feed,IP:127.0.0.2"));
	OK(x509_make(ca, &leaf, &other, &back) == KF_OK);
	OK(!x509_is_for(kf_buf_span(&cert), kf_buf_span(&other), names));
	X509 *x = read_cert(&cert);
	OK(x != NULL && X509_check_host(x, "keyfob-feed", 0, 0, NULL) == 1 &&
	    X509_check_ip_asc(x, "127.0.0.1", 0) == 1);
	OK(X509_check_purpose(x, X509_PURPOSE_SSL_SERVER, 0) == 1 &&
	    X509_check_purpose(x, X509_PURPOSE_SSL_CLIENT, 0) != 1);
	X509_free(x);

	IT("PEM and back");
	kf_buf_reset(&back);
	OK(x509_to_pem(kf_buf_span(&cert), &pem) == KF_OK);
	OK(x509_from_pem(kf_buf_span(&pem), &back) == KF_OK);
	OK(kf_span_eq(kf_buf_span(&cert), kf_buf_span(&back)));
	OK(x509_from_pem(KF_LIT("no certificate"), &back) == KF_EINVAL);
	kf_buf_free(&key);
	kf_buf_free(&cert);
	kf_buf_free(&other);
	kf_buf_free(&pem);
	kf_buf_free(&back);
}

int
main(void)
{
	struct kf_buf key = {0}, cert = {0}, key2 = {0}, cert2 = {0};

	IT("a CA signs, and another one did not");
	OK(x509_ca_make("Test", NOW - 300, NOW + 100000, &key, &cert) == KF_OK);
	OK(x509_ca_make("Test", NOW - 300, NOW + 100000, &key2, &cert2) == KF_OK);
	OK(x509_signed_by(kf_buf_span(&cert), kf_buf_span(&cert)) == KF_OK);
	OK(x509_signed_by(kf_buf_span(&cert), kf_buf_span(&cert2)) == KF_EDENIED);
	struct x509_ca ca = {kf_buf_span(&key), kf_buf_span(&cert)};
	test_requests(&ca);
	test_server(&ca);
	kf_buf_free(&key);
	kf_buf_free(&cert);
	kf_buf_free(&key2);
	kf_buf_free(&cert2);
	return tap_end();
}
