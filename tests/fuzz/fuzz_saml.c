/* sources: portal/saml/s*.c common/[a-z]*.c; pkg: lasso xmlsec1 gobject-2.0 zlib libcrypto */
/* saml_verify on any bytes. The input is the XML; base64 is put around it here, so that the fuzzer
 * works on what matters. A first byte 'b' means: the rest is the base64 itself; 'm': metadata.
 * Nothing may pass: the IdP's private key was thrown away when the seeds were made, so the one
 * good seed may be accepted, but only with the identity that was signed. */
#include "portal/saml/saml.h"

#include "tests/fuzz/fuzz_saml_idp.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The SP's key, a new one at each start: it signs nothing here. */
static void
pair_make(BIO *key_pem, BIO *cert_pem)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	X509 *x = X509_new();

	if (key == NULL || x == NULL || X509_set_pubkey(x, key) != 1 ||
	    X509_gmtime_adj(X509_getm_notBefore(x), 0) == NULL ||
	    X509_gmtime_adj(X509_getm_notAfter(x), 86400) == NULL ||
	    X509_sign(x, key, EVP_sha256()) == 0 || PEM_write_bio_X509(cert_pem, x) != 1 ||
	    PEM_write_bio_PrivateKey(key_pem, key, NULL, NULL, 0, NULL, NULL) != 1)
		abort();
	X509_free(x);
	EVP_PKEY_free(key);
}

static struct kf_span
bio_span(BIO *b)
{
	char *p = NULL;
	long n = BIO_get_mem_data(b, &p);

	return kf_span_of(p, (size_t)n);
}

static struct saml *
open_once(void)
{
	BIO *key = BIO_new(BIO_s_mem()), *cert = BIO_new(BIO_s_mem());
	struct saml_idp_conf idp = {
	    .entity_id = FUZZ_IDP, .metadata = kf_span_str(fuzz_idp_metadata)};
	struct saml_conf conf = {.base_url = "https://wifi.example.test"};
	struct saml *saml = NULL;

	pair_make(key, cert);
	conf.key_pem = bio_span(key);
	conf.cert_pem = bio_span(cert);
	if (saml_open(&conf, NULL, &saml) != KF_OK ||
	    saml_idp_load(saml, &idp, FUZZ_NOW, NULL) != KF_OK)
		abort();
	BIO_free(key);
	BIO_free(cert);
	return saml;
}

/* A change that keeps the signature valid must not change who came. */
static void
must_be_alice(const struct saml_assertion *a)
{
	if (strcmp(a->name_id, "persistent-alice-1") != 0 ||
	    strcmp(a->email, "alice@example.test") != 0 || strcmp(a->idp, FUZZ_IDP) != 0 ||
	    saml_in_group(a, "root"))
		abort();
}

static void
verify(struct saml *saml, struct kf_span base64)
{
	struct saml_assertion a;
	enum saml_reason why;

	if (saml_verify(saml, base64, FUZZ_NOW, &a, &why) == KF_OK)
		must_be_alice(&a);
	else if (why == SAML_GOOD || a.email[0] != '\0' || a.name_id[0] != '\0')
		abort();
	saml_assertion_release(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct saml *saml;
	struct saml_idp_info info;
	struct kf_buf b64 = {0}, why = {0};

	if (saml == NULL)
		saml = open_once();
	if (size > 0 && data[0] == 'b')
		verify(saml, kf_span_of(data + 1, size - 1));
	else if (size > 0 && data[0] == 'm') {
		if (saml_metadata_check(kf_span_of(data + 1, size - 1), FUZZ_NOW, &info, &why) !=
			KF_OK &&
		    why.n == 0)
			abort();
	} else {
		kf_buf_base64(&b64, kf_span_of(data, size));
		verify(saml, kf_buf_span(&b64));
	}
	kf_buf_free(&b64);
	kf_buf_free(&why);
	return 0;
}
