/* TLS without Kore's key manager, which Debian's build breaks (OpenSSL 3): certificate and key are
 * read in the parent, and one SSL_CTX is inherited by all workers, so that a session begun with
 * one is resumed by another. A new certificate needs a restart of the role. */
#ifndef PORTAL_KORE_TLS_H
#define PORTAL_KORE_TLS_H

#include "common/err.h"
#include "common/text.h"

struct tls;

struct tls_files {
	const char *cert; /* PEM: ours first, then its chain */
	const char *key;  /* PEM, RSA or EC, without a passphrase */
	const char
	    *ca; /* PEM: clients must show a certificate this signed itself; NULL: none asked */
};

/* TLS 1.2 and 1.3. *out is owned (tls_free). On failure why says which file and what is wrong with
 * it. Errors: KF_EIO cannot be read; KF_EINVAL not PEM, or the key is another certificate's. */
enum kf_err
tls_load(const struct tls_files *files, struct tls **out, struct kf_buf *why) KF_MUST_CHECK;
void tls_free(struct tls **tls);
/* In a worker: every server and domain of this process serves TLS with it from now on. */
void tls_attach(struct tls *tls);

#endif
