/* Start of lasso and xmlsec, our own SP, the IdPs. */
#include "portal/saml/saml_priv.h"

#include "common/log.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xmlsec/crypto.h>
#include <xmlsec/list.h>
#include <xmlsec/transforms.h>
#include <xmlsec/xmlsec.h>

/* exported by lasso, declared in no installed header */
extern gboolean lasso_flag_verify_signature;

/* --- process-wide ------------------------------------------------------------------------- */

/* DEBUG holds whole certificates, and every bad message would fill the log: the caller writes one
 * line with the reason. What is left is for KEYFOB_DEBUG=1. */
static void
on_glib_log(const gchar *domain, GLogLevelFlags level, const gchar *text, gpointer arg)
{
	(void)arg;
	if ((level & (G_LOG_LEVEL_DEBUG | G_LOG_LEVEL_INFO)) == 0)
		kf_log(LOGL_DEBUG, "saml", "from=%s text=\"%s\"", domain != NULL ? domain : "glib",
		    text);
}

static bool
algorithm_kept(const xmlChar *name)
{
	static const char *const keep[] = {"enveloped-signature", "c14n", "exc-c14n", "sha256",
	    "sha384", "sha512", "rsa-sha256", "rsa-sha384", "rsa-sha512", NULL};

	for (const char *const *k = keep; *k != NULL; k++)
		if (strcmp((const char *)name, *k) == 0)
			return true;
	return false;
}

/* An algorithm that xmlsec does not know fails closed. Debian's lasso takes SHA-1 and does not
 * export the call that would raise the bar. xmlSecPtrListRemove leaves holes that break every
 * later look-up, so the list is emptied and filled again. */
static bool
algorithms_narrow(void)
{
	xmlSecPtrListPtr list = xmlSecTransformIdsGet();
	xmlSecTransformId kept[16];
	xmlSecSize n = 0;

	for (xmlSecSize i = 0; i < xmlSecPtrListGetSize(list); i++) {
		xmlSecTransformId t = (xmlSecTransformId)xmlSecPtrListGetItem(list, i);
		if (t != NULL && t->name != NULL && algorithm_kept(t->name) && n < 16)
			kept[n++] = t;
	}
	xmlSecPtrListEmpty(list);
	for (xmlSecSize i = 0; i < n; i++) {
		union {
			xmlSecTransformId id;
			xmlSecPtr item;
		} u = {.id = kept[i]}; /* the list takes them without const, and never writes */
		if (xmlSecPtrListAdd(list, u.item) < 0)
			return false;
	}
	return n == 9;
}

/* Twice in a process does nothing the second time: the list of algorithms tells. */
static bool
start_lasso(void)
{
	if (unsetenv("LASSO_FLAG") != 0 || setenv("TZ", "UTC0", 1) != 0)
		return false;
	(void)g_log_set_default_handler(on_glib_log, NULL);
	if (xmlSecTransformIdsGet()->id == NULL && (lasso_init() != 0 || !algorithms_narrow()))
		return false;
	/* LASSO_FLAG could have turned every check off before we removed it */
	return lasso_flag_verify_signature;
}

/* --- our SP -------------------------------------------------------------------------------------
 */

/* Certificate and key belong together and are fit. Sets pkey and cert_base64 of s. */
static enum kf_err
pair_read(struct saml *s, const struct saml_conf *conf)
{
	BIO *cb = BIO_new_mem_buf(conf->cert_pem.p, (int)conf->cert_pem.n);
	BIO *kb = BIO_new_mem_buf(conf->key_pem.p, (int)conf->key_pem.n);
	X509 *x = cb != NULL ? PEM_read_bio_X509(cb, NULL, NULL, NULL) : NULL;
	struct kf_buf b64 = {0};
	unsigned char *der = NULL;
	int n;
	enum kf_err r = KF_EINVAL;

	s->pkey = kb != NULL ? PEM_read_bio_PrivateKey(kb, NULL, NULL, NULL) : NULL;
	if (x == NULL || s->pkey == NULL || !saml_key_ok(s->pkey) ||
	    X509_check_private_key(x, s->pkey) != 1)
		goto out;
	n = i2d_X509(x, &der);
	if (n <= 0)
		goto out;
	kf_buf_base64(&b64, kf_span_of(der, (size_t)n));
	s->cert_base64 = strdup(kf_buf_cstr(&b64));
	r = s->cert_base64 != NULL && !b64.bad ? KF_OK : KF_ENOMEM;
out:
	OPENSSL_free(der);
	kf_buf_free(&b64);
	X509_free(x);
	BIO_free(kb);
	BIO_free(cb);
	return r;
}

static enum kf_err
names_set(struct saml *s, const char *base_url)
{
	size_t n = strlen(base_url);
	int a, b;

	if (n == 0 || n > SAML_URI_MAX - 32 || base_url[n - 1] == '/' || !saml_url_ok(base_url))
		return KF_EINVAL;
	a = snprintf(s->entity_id, sizeof(s->entity_id), "%s/saml/metadata", base_url);
	b = snprintf(s->acs, sizeof(s->acs), "%s/saml/acs", base_url);
	return a > 0 && b > 0 ? KF_OK : KF_EINVAL;
}

/* lasso verifies only: it gets our metadata but no key (see saml_request.c). */
static enum kf_err
server_make(struct saml *s, const struct saml_conf *conf)
{
	struct kf_buf md = {0};

	saml_metadata_xml(s, 0, &md);
	if (!md.bad)
		s->server = lasso_server_new_from_buffers(kf_buf_cstr(&md), NULL, NULL, NULL);
	kf_buf_free(&md);
	s->key = xmlSecCryptoAppKeyLoadMemory(
	    conf->key_pem.p, (xmlSecSize)conf->key_pem.n, xmlSecKeyDataFormatPem, NULL, NULL, NULL);
	return s->server != NULL && s->key != NULL ? KF_OK : KF_EIO;
}

enum kf_err
saml_open(const struct saml_conf *conf, struct kf_buf *why, struct saml **out)
{
	struct saml *s = calloc(1, sizeof(*s));
	enum kf_err r = KF_ENOMEM;

	if (s == NULL)
		goto out;
	if ((r = names_set(s, conf->base_url)) != KF_OK) {
		r = saml_refuse(why, r,
		    "base_url must be https (http for localhost only), without '/' at the end");
		goto out;
	}
	if ((r = pair_read(s, conf)) != KF_OK) {
		r = saml_refuse(why, r,
		    "the SAML key and certificate must be one RSA pair of 2048 bits or more, in "
		    "PEM");
		goto out;
	}
	r = start_lasso() ? server_make(s, conf) : KF_EIO;
	if (r != KF_OK) {
		r = saml_refuse(why, r, "lasso or xmlsec did not start");
		goto out;
	}
	*out = s;
	s = NULL;
out:
	saml_free(&s);
	return r;
}

/* --- IdPs ---------------------------------------------------------------------------------------
 */

static void
idp_free(struct saml_idp *idp)
{
	if (idp == NULL)
		return;
	for (size_t i = 0; i < 4; i++)
		free(idp->list[i]);
	free(idp);
}

void
saml_free(struct saml **saml)
{
	struct saml *s = *saml;

	if (s == NULL)
		return;
	if (s->server != NULL)
		lasso_server_destroy(s->server);
	if (s->key != NULL)
		xmlSecKeyDestroy(s->key);
	EVP_PKEY_free(s->pkey); /* OpenSSL wipes it */
	for (size_t i = 0; i < s->n_idps; i++)
		idp_free(s->idp[i]);
	kf_buf_free(&s->metadata);
	free(s->cert_base64);
	free(s);
	*saml = NULL;
}

const struct saml_idp *
saml_idp_get(const struct saml *saml, const char *entity_id)
{
	for (size_t i = 0; i < saml->n_idps; i++)
		if (strcmp(saml->idp[i]->info.entity_id, entity_id) == 0)
			return saml->idp[i];
	return NULL;
}

const struct saml_idp_info *
saml_idp_find(const struct saml *saml, const char *entity_id)
{
	const struct saml_idp *idp = saml_idp_get(saml, entity_id);

	return idp != NULL ? &idp->info : NULL;
}

/* Our copy of the options. */
static enum kf_err
idp_new(const struct saml_idp_conf *conf, const struct saml_idp_info *info, struct saml_idp **out)
{
	const char *const from[4] = {
	    conf->email_attrs, conf->name_attrs, conf->given_attrs, conf->group_attrs};
	struct saml_idp *idp = calloc(1, sizeof(*idp));

	if (idp == NULL)
		return KF_ENOMEM;
	for (size_t i = 0; i < 4; i++)
		if (from[i] != NULL && (idp->list[i] = strdup(from[i])) == NULL) {
			idp_free(idp);
			return KF_ENOMEM;
		}
	idp->info = *info;
	idp->nameid = conf->nameid;
	idp->map = (struct saml_map){idp->list[0], idp->list[1], idp->list[2], idp->list[3]};
	saml_map_defaults(&idp->map);
	*out = idp;
	return KF_OK;
}

/* What lasso may know of the IdP. */
static void
idp_xml(const struct saml_import *im, struct kf_buf *xml)
{
	kf_buf_str(xml, "<EntityDescriptor xmlns=\"" NS_MD "\" xmlns:ds=\"" NS_DS "\" entityID=\"");
	saml_xml_text(xml, im->info.entity_id);
	kf_buf_str(xml, "\"><IDPSSODescriptor protocolSupportEnumeration=\"" NS_SAMLP "\">");
	for (unsigned i = 0; i < im->info.keys; i++)
		kf_buf_fmt(xml,
		    "<KeyDescriptor use=\"signing\"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>%s"
		    "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor>",
		    im->cert[i]);
	kf_buf_str(xml, "<SingleSignOnService Binding=\"" BINDING_REDIRECT "\" Location=\"");
	saml_xml_text(xml, im->info.sso_url);
	kf_buf_str(xml, "\"/></IDPSSODescriptor></EntityDescriptor>");
}

static enum kf_err
idp_add(struct saml *saml, const struct saml_idp_conf *conf, const struct saml_import *im,
    struct kf_buf *why)
{
	struct saml_idp *idp = NULL;
	struct kf_buf xml = {0};
	enum kf_err r;

	if ((r = idp_new(conf, &im->info, &idp)) != KF_OK)
		return r;
	idp_xml(im, &xml);
	if (xml.bad)
		r = KF_ENOMEM;
	else if (lasso_server_add_provider_from_buffer(
		     saml->server, LASSO_PROVIDER_ROLE_IDP, kf_buf_cstr(&xml), NULL, NULL) != 0)
		r = saml_refuse(why, KF_EINVAL, "lasso does not take this IdP");
	else {
		saml->idp[saml->n_idps++] = idp;
		idp = NULL;
	}
	idp_free(idp);
	kf_buf_free(&xml);
	return r;
}

enum kf_err
saml_idp_load(struct saml *saml, const struct saml_idp_conf *conf, int64_t now, struct kf_buf *why)
{
	struct saml_import im;
	enum kf_err r;

	if (saml->n_idps == SAML_IDPS_MAX)
		return saml_refuse(why, KF_ELIMIT, "there are 64 IdPs already");
	if ((r = saml_import_read(conf->metadata, now, &im, why)) != KF_OK)
		goto out;
	if (strcmp(im.info.entity_id, conf->entity_id) != 0)
		r = saml_refuse(
		    why, KF_EINVAL, "the metadata is of another IdP (its entityID differs)");
	else if (strcmp(im.info.entity_id, saml->entity_id) == 0)
		r = saml_refuse(why, KF_EINVAL, "the metadata is our own: give the IdP's");
	else if (saml_idp_get(saml, conf->entity_id) != NULL)
		r = saml_refuse(why, KF_EEXIST, "this IdP is loaded already");
	else
		r = idp_add(saml, conf, &im, why);
out:
	saml_import_release(&im);
	return r;
}
