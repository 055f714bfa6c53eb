/* The certificates of the feed: a P-256 CA, and what it signs. Bytes in, bytes out; DER unless it
 * says PEM. RFC 5280; nothing here reads a file or a clock. */
#ifndef CORE_X509_H
#define CORE_X509_H

#include "common/env.h"
#include "common/err.h"
#include "common/secret.h"
#include "common/text.h"

#define X509_NAME_MAX 63

enum x509_use { X509_CLIENT, X509_SERVER }; /* extended key usage: never both */

struct x509_ca {
	struct kf_span key;  /* private key, DER (PKCS#8) */
	struct kf_span cert; /* DER */
};

struct x509_leaf {
	const char *name; /* CN */
	enum x509_use use;
	const char *dns; /* "DNS:a,DNS:b,IP:1.2.3.4" for a server; NULL for a client */
	int64_t not_before, not_after; /* seconds since 1970 */
};

/* A new key and its self-signed certificate. Both appended; wipe key. KF_EIO: OpenSSL failed. */
enum kf_err x509_ca_make(const char *name, int64_t not_before, int64_t not_after,
    struct kf_buf *key, struct kf_buf *cert) KF_MUST_CHECK;
/* Signs the key of a certificate request. KF_EINVAL: not a request, not signed by its own key, or
 * not a P-256 key. */
enum kf_err x509_sign_csr(const struct x509_ca *ca, struct kf_span csr,
    const struct x509_leaf *leaf, struct kf_buf *cert) KF_MUST_CHECK;
/* A new key (PEM, appended; wipe it) and a certificate for it. */
enum kf_err x509_make(const struct x509_ca *ca, const struct x509_leaf *leaf,
    struct kf_buf *key_pem, struct kf_buf *cert) KF_MUST_CHECK;

/* The request's common name, "" when it has none or it is not clean text of 63 bytes at most.
 * KF_EINVAL as x509_sign_csr. */
enum kf_err x509_csr_name(struct kf_span csr, char out[X509_NAME_MAX + 1]) KF_MUST_CHECK;
/* When a certificate ends. KF_EINVAL: not a certificate. */
enum kf_err x509_not_after(struct kf_span cert, int64_t *out) KF_MUST_CHECK;
/* Was cert signed by ca? KF_EDENIED: no. */
enum kf_err x509_signed_by(struct kf_span cert, struct kf_span ca) KF_MUST_CHECK;
/* A server's certificate with exactly these names (as in struct x509_leaf) and this key (PEM). */
bool x509_is_for(struct kf_span cert, struct kf_span key_pem, const char *names);
enum kf_err x509_to_pem(struct kf_span cert, struct kf_buf *pem) KF_MUST_CHECK;
/* The first certificate of a PEM text. */
enum kf_err x509_from_pem(struct kf_span pem, struct kf_buf *cert) KF_MUST_CHECK;

#endif
