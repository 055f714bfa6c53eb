#include "portal/kore/tls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <kore/kore.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

/* 1.2: forward secrecy and AEAD only. 1.3 has its own list. */
#define TLS12_CIPHERS \
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:" \
	"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:" \
	"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"

struct tls {
	SSL_CTX *ctx;
	char *ca; /* Kore asks for a certificate where a domain has one */
};

static enum kf_err
refuse(struct kf_buf *why, const char *file, const char *what)
{
	kf_buf_fmt(why, "%s: %s", file, what);
	ERR_clear_error();
	return KF_EINVAL;
}

static enum kf_err
load_own(SSL_CTX *ctx, const struct tls_files *f, struct kf_buf *why)
{
	const char *all[] = {f->cert, f->key, f->ca};

	for (size_t i = 0; i < 3; i++) {
		if (all[i] == NULL || access(all[i], R_OK) == 0)
			continue;
		kf_buf_fmt(why, "%s: %s", all[i], strerror(errno));
		return KF_EIO;
	}
	if (SSL_CTX_use_certificate_chain_file(ctx, f->cert) != 1)
		return refuse(why, f->cert, "expected a PEM certificate, then its chain");
	if (SSL_CTX_use_PrivateKey_file(ctx, f->key, SSL_FILETYPE_PEM) == 1)
		return KF_OK;
	if (ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH ||
	    ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_TYPE_MISMATCH)
		return refuse(why, f->key, "is not the key of that certificate");
	return refuse(why, f->key, "expected a PEM private key without a passphrase");
}

/* The CA signs agents' certificates itself, so a chain of one step is the longest. OpenSSL checks
 * the extended key usage: a server's certificate is no agent's. */
static enum kf_err
load_ca(SSL_CTX *ctx, const char *ca, struct kf_buf *why)
{
	STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(ca);

	if (names == NULL || SSL_CTX_load_verify_file(ctx, ca) != 1) {
		sk_X509_NAME_pop_free(names, X509_NAME_free);
		return refuse(why, ca, "expected PEM certificates of the CA");
	}
	SSL_CTX_set_client_CA_list(ctx, names);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_verify_depth(ctx, 1);
	return KF_OK;
}

enum kf_err
tls_load(const struct tls_files *files, struct tls **out, struct kf_buf *why)
{
	static const unsigned char session_of[] = "keyfob";
	struct tls *tls;
	enum kf_err r = KF_ENOMEM;

	if ((tls = calloc(1, sizeof(*tls))) == NULL)
		return KF_ENOMEM;
	if ((tls->ctx = SSL_CTX_new(TLS_server_method())) == NULL)
		goto out;
	if (files->ca != NULL && (tls->ca = strdup(files->ca)) == NULL)
		goto out;
	if (SSL_CTX_set_min_proto_version(tls->ctx, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_cipher_list(tls->ctx, TLS12_CIPHERS) != 1)
		goto out;
	(void)SSL_CTX_set_options(tls->ctx,
	    SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
	(void)SSL_CTX_set_mode(tls->ctx, SSL_MODE_ENABLE_PARTIAL_WRITE);
	(void)SSL_CTX_set_session_id_context(tls->ctx, session_of, sizeof(session_of) - 1);
	(void)SSL_CTX_set_tlsext_servername_callback(tls->ctx, kore_tls_sni_cb);
	if ((r = load_own(tls->ctx, files, why)) != KF_OK)
		goto out;
	if (files->ca != NULL && (r = load_ca(tls->ctx, files->ca, why)) != KF_OK)
		goto out;
	*out = tls;
	tls = NULL;
	r = KF_OK;
out:
	tls_free(&tls);
	return r;
}

void
tls_free(struct tls **tls)
{
	if (*tls == NULL)
		return;
	SSL_CTX_free((*tls)->ctx);
	free((*tls)->ca);
	free(*tls);
	*tls = NULL;
}

/* The servers were configured without TLS, so that Kore did not start its key manager. */
void
tls_attach(struct tls *tls)
{
	struct kore_server *server;
	struct kore_domain *domain;

	LIST_FOREACH(server, &kore_servers, list)
	{
		server->tls = 1;
		TAILQ_FOREACH(domain, &server->domains, list)
		{
			(void)SSL_CTX_up_ref(tls->ctx);
			domain->ssl_ctx = tls->ctx;
			if (tls->ca != NULL)
				domain->cafile = kore_strdup(tls->ca);
			primary_dom = domain;
		}
	}
}
