/* Our own metadata, for the IdP's admin. saml-metadata-2.0-os 2.4.4; signed as 3.1 says. */
#include "portal/saml/saml_priv.h"

#include "common/secret.h"

#include <string.h>
#include <xmlsec/crypto.h>
#include <xmlsec/templates.h>
#include <xmlsec/transforms.h>
#include <xmlsec/xmldsig.h>

#define VALID_S (7 * 86400)
#define RENEW_S 86400

void
saml_xml_text(struct kf_buf *xml, const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '&')
			kf_buf_str(xml, "&amp;");
		else if (*s == '<')
			kf_buf_str(xml, "&lt;");
		else if (*s == '>')
			kf_buf_str(xml, "&gt;");
		else if (*s == '"')
			kf_buf_str(xml, "&quot;");
		else
			kf_buf_add(xml, s, 1);
	}
}

/* An xs:ID that differs whenever the document does. */
static void
document_id(const struct saml *saml, int64_t valid_until, struct kf_buf *xml)
{
	const struct kf_span part[] = {
	    kf_span_str(saml->entity_id), kf_span_of(&valid_until, sizeof(valid_until))};
	struct kf_hash h;

	kf_sha256_parts(part, 2, &h);
	kf_buf_str(xml, "_");
	kf_buf_hex(xml, kf_span_of(h.b, 16));
}

void
saml_metadata_xml(const struct saml *saml, int64_t valid_until, struct kf_buf *xml)
{
	char until[21];

	kf_buf_str(xml, "<EntityDescriptor xmlns=\"" NS_MD "\" ID=\"");
	document_id(saml, valid_until, xml);
	kf_buf_str(xml, "\" entityID=\"");
	saml_xml_text(xml, saml->entity_id);
	if (valid_until != 0) {
		kf_time_utc(valid_until, until);
		kf_buf_fmt(xml, "\" validUntil=\"%s\" cacheDuration=\"P1D", until);
	}
	kf_buf_str(xml,
	    "\"><SPSSODescriptor AuthnRequestsSigned=\"true\" WantAssertionsSigned=\"true\" "
	    "protocolSupportEnumeration=\"" NS_SAMLP "\">");
	kf_buf_str(xml,
	    "<KeyDescriptor use=\"signing\"><ds:KeyInfo xmlns:ds=\"" NS_DS "\">"
	    "<ds:X509Data><ds:X509Certificate>");
	kf_buf_str(xml, saml->cert_base64);
	kf_buf_str(xml,
	    "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor>"
	    "<NameIDFormat>" FORMAT_PERSISTENT "</NameIDFormat>"
	    "<AssertionConsumerService index=\"0\" isDefault=\"true\" "
	    "Binding=\"" BINDING_POST "\" Location=\"");
	saml_xml_text(xml, saml->acs);
	kf_buf_str(xml, "\"/></SPSSODescriptor></EntityDescriptor>");
}

/* The enveloped signature's skeleton, as the schema wants it: the first child. It belongs to doc
 * from then on. */
static xmlNode *
signature_add(xmlDoc *doc)
{
	xmlNode *root = xmlDocGetRootElement(doc), *sig, *ref;
	xmlAttr *attr = xmlHasProp(root, BAD_CAST "ID");
	char id[64], uri[65] = "#";

	if (attr == NULL || tree_attr(root, "ID", id, sizeof(id)) != KF_OK ||
	    xmlAddID(NULL, doc, BAD_CAST id, attr) == NULL)
		return NULL;
	memcpy(uri + 1, id, strlen(id) + 1);
	sig = xmlSecTmplSignatureCreateNsPref(
	    doc, xmlSecTransformExclC14NId, xmlSecTransformRsaSha256Id, NULL, BAD_CAST "ds");
	if (sig == NULL)
		return NULL;
	if (xmlAddPrevSibling(root->children, sig) == NULL) {
		xmlFreeNode(sig);
		return NULL;
	}
	ref =
	    xmlSecTmplSignatureAddReference(sig, xmlSecTransformSha256Id, NULL, BAD_CAST uri, NULL);
	if (ref == NULL ||
	    xmlSecTmplReferenceAddTransform(ref, xmlSecTransformEnvelopedId) == NULL ||
	    xmlSecTmplReferenceAddTransform(ref, xmlSecTransformExclC14NId) == NULL)
		return NULL;
	return sig;
}

static enum kf_err
sign(const struct saml *saml, xmlDoc *doc)
{
	xmlNode *sig = signature_add(doc);
	xmlSecDSigCtx *ctx = sig != NULL ? xmlSecDSigCtxCreate(NULL) : NULL;
	enum kf_err r = KF_EIO;

	if (ctx == NULL)
		return r;
	ctx->signKey = xmlSecKeyDuplicate(saml->key); /* freed with ctx */
	if (ctx->signKey != NULL && xmlSecDSigCtxSign(ctx, sig) == 0)
		r = KF_OK;
	xmlSecDSigCtxDestroy(ctx);
	return r;
}

static enum kf_err
renew(struct saml *saml, int64_t now)
{
	struct kf_buf xml = {0};
	xmlDoc *doc = NULL;
	xmlChar *text = NULL;
	int n = 0;
	enum kf_err r = KF_EIO;

	saml_metadata_xml(saml, now + VALID_S, &xml);
	doc = xml.bad ? NULL : tree_parse(kf_buf_span(&xml));
	if (doc == NULL || sign(saml, doc) != KF_OK)
		goto out;
	xmlDocDumpMemoryEnc(doc, &text, &n, "UTF-8");
	if (text == NULL || n <= 0)
		goto out;
	kf_buf_reset(&saml->metadata);
	kf_buf_add(&saml->metadata, text, (size_t)n);
	saml->metadata_made = now;
	r = saml->metadata.bad ? KF_ENOMEM : KF_OK;
out:
	xmlFree(text);
	xmlFreeDoc(doc);
	kf_buf_free(&xml);
	return r;
}

enum kf_err
saml_metadata(struct saml *saml, int64_t now, struct kf_buf *xml)
{
	enum kf_err r;

	if (saml->metadata.n == 0 || now < saml->metadata_made ||
	    now - saml->metadata_made > RENEW_S)
		if ((r = renew(saml, now)) != KF_OK)
			return r;
	kf_buf_add(xml, saml->metadata.p, saml->metadata.n);
	return xml->bad ? KF_ENOMEM : KF_OK;
}
