/* An IdP's metadata: read here, strictly; lasso is given a document of our own with only what was
 * read, so nothing in a stranger's file reaches it unchecked. saml-metadata-2.0-os 2.3, 2.4. */
#include "portal/saml/saml_priv.h"

#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#define PROTOCOL_SAML2 "urn:oasis:names:tc:SAML:2.0:protocol"
#define CERT_MAX (16UL << 10) /* base64 characters */

enum kf_err
saml_refuse(struct kf_buf *why, enum kf_err r, const char *sentence)
{
	if (why != NULL)
		kf_buf_str(why, sentence);
	return r;
}

/* --- certificates ------------------------------------------------------------------------- */

bool
saml_key_ok(EVP_PKEY *key)
{
	return EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) >= 2048;
}

static enum kf_err
cert_end(const X509 *x, int64_t *out)
{
	struct tm tm;
	time_t t;

	if (ASN1_TIME_to_tm(X509_get0_notAfter(x), &tm) != 1)
		return KF_EINVAL;
	t = timegm(&tm);
	*out = (int64_t)t;
	return KF_OK;
}

/* One certificate in DER. */
static enum kf_err
cert_check(struct kf_span der, int64_t *expires, struct kf_buf *why)
{
	const unsigned char *p = der.p;
	X509 *x = d2i_X509(NULL, &p, (long)der.n);
	EVP_PKEY *key = NULL;
	enum kf_err r = KF_EINVAL;

	if (x == NULL || p != der.p + der.n || cert_end(x, expires) != KF_OK ||
	    (key = X509_get0_pubkey(x)) == NULL)
		(void)saml_refuse(
		    why, r, "a signing certificate is damaged: copy the metadata again");
	else if (!saml_key_ok(key))
		(void)saml_refuse(why, r,
		    "a signing key is not RSA with 2048 bits or more (ECDSA cannot be "
		    "checked here): change it at the IdP");
	else
		r = KF_OK;
	X509_free(x);
	return r;
}

/* An X509Certificate element becomes the next certificate of im, unless it is there already. */
static enum kf_err
cert_add(struct saml_import *im, const xmlNode *node, struct kf_buf *why)
{
	struct kf_buf der = {.max = CERT_MAX}, b64 = {0};
	char *text = malloc(CERT_MAX);
	int64_t expires = 0;
	enum kf_err r = KF_ENOMEM;

	if (text == NULL)
		goto out;
	if (tree_leaf(node, text, CERT_MAX) != KF_OK ||
	    kf_unbase64(kf_span_str(text), &der) != KF_OK || der.n == 0) {
		r = saml_refuse(why, KF_EINVAL, "a signing certificate is not base64");
		goto out;
	}
	if ((r = cert_check(kf_buf_span(&der), &expires, why)) != KF_OK)
		goto out;
	kf_buf_base64(&b64, kf_buf_span(&der));
	for (unsigned i = 0; i < im->info.keys; i++)
		if (strcmp(im->cert[i], kf_buf_cstr(&b64)) == 0)
			goto out;
	if (im->info.keys == SAML_KEYS_MAX) {
		r = saml_refuse(why, KF_ELIMIT, "more than 8 signing certificates");
		goto out;
	}
	im->cert[im->info.keys] = strdup(kf_buf_cstr(&b64));
	if (im->cert[im->info.keys] == NULL) {
		r = KF_ENOMEM;
		goto out;
	}
	im->info.keys++;
	if (expires > im->info.cert_expires)
		im->info.cert_expires = expires;
out:
	free(text);
	kf_buf_free(&der);
	kf_buf_free(&b64);
	return r;
}

/* The first certificate of each X509Data is the key's; others are its chain. */
static enum kf_err
keys_read(struct saml_import *im, const xmlNode *role, struct kf_buf *why)
{
	enum kf_err r;

	for (const xmlNode *k = role->children; k != NULL; k = k->next) {
		const xmlNode *info, *cert;
		if (!tree_is(k, NS_MD, "KeyDescriptor") || tree_attr_is(k, "use", "encryption"))
			continue;
		info = tree_only(k, NS_DS, "KeyInfo");
		for (const xmlNode *x = info != NULL ? info->children : NULL; x != NULL;
		     x = x->next) {
			if (!tree_is(x, NS_DS, "X509Data"))
				continue;
			cert = tree_child(x, NS_DS, "X509Certificate", NULL);
			if (cert != NULL && (r = cert_add(im, cert, why)) != KF_OK)
				return r;
		}
	}
	if (im->info.keys == 0)
		return saml_refuse(
		    why, KF_EINVAL, "there is no signing certificate (X509Certificate)");
	return KF_OK;
}

/* --- the document ----------------------------------------------------------------------------- */

/* Is word among the space-separated words of the attribute? */
static bool
attr_has_word(const xmlNode *n, const char *name, const char *word)
{
	char v[SAML_URI_MAX + 1];
	size_t len = strlen(word);

	if (tree_attr(n, name, v, sizeof(v)) != KF_OK)
		return false;
	for (const char *p = v; (p = strstr(p, word)) != NULL; p += len)
		if ((p == v || p[-1] == ' ') && (p[len] == '\0' || p[len] == ' '))
			return true;
	return false;
}

static enum kf_err
role_find(const xmlNode *entity, const xmlNode **out, struct kf_buf *why)
{
	const xmlNode *role = NULL;

	for (const xmlNode *c = entity->children; c != NULL; c = c->next) {
		if (!tree_is(c, NS_MD, "IDPSSODescriptor") ||
		    !attr_has_word(c, "protocolSupportEnumeration", PROTOCOL_SAML2))
			continue;
		if (role != NULL)
			return saml_refuse(
			    why, KF_EINVAL, "two IDPSSODescriptor elements: give one");
		role = c;
	}
	*out = role;
	if (role == NULL)
		return saml_refuse(why, KF_EINVAL,
		    "no IDPSSODescriptor for SAML 2.0: this is not the metadata of an IdP");
	return KF_OK;
}

/* The earlier of what is known and node's validUntil. */
static enum kf_err
valid_until(const xmlNode *node, int64_t now, int64_t *until, struct kf_buf *why)
{
	char v[64];
	int64_t t;
	enum kf_err r = tree_attr(node, "validUntil", v, sizeof(v));

	if (r == KF_ENOENT)
		return KF_OK;
	if (r != KF_OK || saml_time(v, &t) != KF_OK)
		return saml_refuse(
		    why, KF_EINVAL, "validUntil is not a time like 2026-12-31T00:00:00Z");
	if (t <= now)
		return saml_refuse(why, KF_EEXPIRED,
		    "the metadata is past its validUntil: fetch it again from the IdP");
	if (*until == 0 || t < *until)
		*until = t;
	return KF_OK;
}

static enum kf_err
sso_read(struct saml_import *im, const xmlNode *role, struct kf_buf *why)
{
	for (const xmlNode *c = role->children; c != NULL; c = c->next) {
		if (!tree_is(c, NS_MD, "SingleSignOnService") ||
		    !tree_attr_is(c, "Binding", BINDING_REDIRECT))
			continue;
		if (tree_attr(c, "Location", im->info.sso_url, sizeof(im->info.sso_url)) != KF_OK ||
		    !saml_url_ok(im->info.sso_url))
			return saml_refuse(why, KF_EINVAL,
			    "the sign-in address (SingleSignOnService) must be https; http is for "
			    "localhost only");
		return KF_OK;
	}
	return saml_refuse(why, KF_EINVAL, "no SingleSignOnService with the HTTP-Redirect binding");
}

static enum kf_err
entity_read(struct saml_import *im, const xmlNode *entity, int64_t now, struct kf_buf *why)
{
	const xmlNode *role;
	enum kf_err r;

	if (tree_attr(entity, "entityID", im->info.entity_id, sizeof(im->info.entity_id)) !=
		KF_OK ||
	    im->info.entity_id[0] == '\0' || strpbrk(im->info.entity_id, " \t\r\n") != NULL ||
	    !kf_text_clean(kf_span_str(im->info.entity_id)))
		return saml_refuse(
		    why, KF_EINVAL, "entityID is missing, or longer than 1024 bytes");
	if ((r = role_find(entity, &role, why)) != KF_OK ||
	    (r = valid_until(entity, now, &im->info.valid_until, why)) != KF_OK ||
	    (r = valid_until(role, now, &im->info.valid_until, why)) != KF_OK ||
	    (r = sso_read(im, role, why)) != KF_OK)
		return r;
	return keys_read(im, role, why);
}

static enum kf_err
scan(struct kf_span xml, struct kf_buf *why)
{
	switch (tree_scan(xml, false)) {
	case SAML_GOOD:
		return KF_OK;
	case SAML_MARKUP:
		return saml_refuse(
		    why, KF_EINVAL, "the document has a DTD or entities: not accepted");
	case SAML_ENCODING:
		return saml_refuse(why, KF_EINVAL, "the document is not UTF-8");
	default:
		return saml_refuse(why, KF_EINVAL, "this is not XML");
	}
}

/* Some IdPs put a byte order mark or an empty line in front. */
static struct kf_span
trimmed(struct kf_span xml)
{
	if (xml.n >= 3 && memcmp(xml.p, "\xef\xbb\xbf", 3) == 0)
		xml = kf_span_of(xml.p + 3, xml.n - 3);
	while (xml.n > 0 && xml.p[0] != '\0' && strchr(" \t\r\n", xml.p[0]) != NULL)
		xml = kf_span_of(xml.p + 1, xml.n - 1);
	return xml;
}

enum kf_err
saml_import_read(struct kf_span xml, int64_t now, struct saml_import *out, struct kf_buf *why)
{
	const xmlNode *root = NULL;
	xmlDoc *doc = NULL;
	enum kf_err r;

	memset(out, 0, sizeof(*out));
	if (xml.n > SAML_METADATA_MAX)
		return saml_refuse(
		    why, KF_ELIMIT, "the metadata is larger than 1 MiB: give the one IdP's");
	xml = trimmed(xml);
	if ((r = scan(xml, why)) != KF_OK)
		return r;
	doc = tree_parse(xml);
	if (doc != NULL)
		root = xmlDocGetRootElement(doc);
	if (root == NULL)
		r = saml_refuse(
		    why, KF_EINVAL, "the XML is not well-formed: copy the metadata again");
	else if (tree_is(root, NS_MD, "EntitiesDescriptor"))
		r = saml_refuse(why, KF_EINVAL,
		    "this is a federation's list (EntitiesDescriptor): give the one IdP's "
		    "EntityDescriptor");
	else if (!tree_is(root, NS_MD, "EntityDescriptor") || doc->intSubset != NULL)
		r = saml_refuse(why, KF_EINVAL, "this is not SAML metadata (no EntityDescriptor)");
	else
		r = entity_read(out, root, now, why);
	xmlFreeDoc(doc);
	return r;
}

void
saml_import_release(struct saml_import *im)
{
	for (unsigned i = 0; i < SAML_KEYS_MAX; i++)
		free(im->cert[i]);
	memset(im, 0, sizeof(*im));
}

enum kf_err
saml_metadata_check(struct kf_span xml, int64_t now, struct saml_idp_info *out, struct kf_buf *why)
{
	struct saml_import im;
	enum kf_err r = saml_import_read(xml, now, &im, why);

	if (r == KF_OK)
		*out = im.info;
	saml_import_release(&im);
	return r;
}
