/* The way out: a signed AuthnRequest in the query of a redirect. saml-bindings-2.0-os 3.4.
 * Made without lasso on purpose: lasso signs only with a key of its own, and at each request calls
 * open(2) with the PEM text of that key as a file name, where any audit log can read it. */
#include "portal/saml/saml_priv.h"

#include <openssl/evp.h>
#include <string.h>
#define ZLIB_CONST
#include <zlib.h>

#define SIGN_ALG "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
#define REQUEST_MAX 6000 /* three URLs of SAML_URI_MAX and our own words */

/* '_' and 32 hexadecimal digits: an xs:ID with 128 bits. */
static bool
id_ok(const char *id)
{
	return id[0] == '_' && strlen(id) == SAML_ID_LEN &&
	    strspn(id + 1, "0123456789abcdef") == SAML_ID_LEN - 1;
}

static bool
relay_ok(const char *relay)
{
	size_t n = strlen(relay);

	return n >= 1 && n <= 80 &&
	    strspn(relay, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == n;
}

static void
put_attr(struct kf_buf *xml, const char *name, const char *value)
{
	kf_buf_fmt(xml, " %s=\"", name);
	saml_xml_text(xml, value);
	kf_buf_str(xml, "\"");
}

/* saml-core-2.0-os 3.4.1 */
static void
request_xml(const struct saml *saml, const struct saml_idp *idp, const struct saml_ask *ask,
    struct kf_buf *xml)
{
	char now[21];

	kf_time_utc(ask->now, now);
	kf_buf_str(xml,
	    "<samlp:AuthnRequest xmlns:samlp=\"" NS_SAMLP "\" xmlns:saml=\"" NS_SAML
	    "\" Version=\"2.0\" ProtocolBinding=\"" BINDING_POST "\"");
	put_attr(xml, "ID", ask->id);
	put_attr(xml, "IssueInstant", now);
	put_attr(xml, "Destination", idp->info.sso_url);
	put_attr(xml, "AssertionConsumerServiceURL", saml->acs);
	if (ask->force)
		put_attr(xml, "ForceAuthn", "true");
	kf_buf_str(xml, "><saml:Issuer>");
	saml_xml_text(xml, saml->entity_id);
	kf_buf_str(xml, "</saml:Issuer><samlp:NameIDPolicy AllowCreate=\"true\"");
	put_attr(
	    xml, "Format", idp->nameid == SAML_NAMEID_EMAIL ? FORMAT_EMAIL : FORMAT_PERSISTENT);
	kf_buf_str(xml, "/></samlp:AuthnRequest>");
}

/* Raw DEFLATE, RFC 1951. */
static enum kf_err
deflated(struct kf_span in, struct kf_buf *out)
{
	uint8_t packed[REQUEST_MAX + 64];
	z_stream z = {0};
	enum kf_err r = KF_EIO;

	if (in.n > REQUEST_MAX)
		return KF_EIO;
	if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return KF_ENOMEM;
	z.next_in = in.p;
	z.avail_in = (uInt)in.n;
	z.next_out = packed;
	z.avail_out = (uInt)sizeof(packed);
	if (deflate(&z, Z_FINISH) == Z_STREAM_END) {
		kf_buf_add(out, packed, (size_t)z.total_out);
		r = out->bad ? KF_ENOMEM : KF_OK;
	}
	(void)deflateEnd(&z);
	return r;
}

/* Percent-encoding of everything but RFC 3986's unreserved characters. */
static void
put_encoded(struct kf_buf *b, const char *s)
{
	for (; *s != '\0'; s++) {
		if (strchr("-._~", *s) != NULL || (*s >= '0' && *s <= '9') ||
		    (*s >= 'A' && *s <= 'Z') || (*s >= 'a' && *s <= 'z'))
			kf_buf_add(b, s, 1);
		else
			kf_buf_fmt(b, "%%%02X", (unsigned)(unsigned char)*s);
	}
}

static enum kf_err
sign(EVP_PKEY *key, struct kf_span text, struct kf_buf *base64)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sig[1024]; /* RSA up to 8192 bits */
	size_t n = sizeof(sig);
	enum kf_err r = KF_EIO;

	if (ctx != NULL && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
	    EVP_DigestSign(ctx, sig, &n, text.p, text.n) == 1) {
		kf_buf_base64(base64, kf_span_of(sig, n));
		r = base64->bad ? KF_ENOMEM : KF_OK;
	}
	EVP_MD_CTX_free(ctx);
	return r;
}

/* "SAMLRequest=...&RelayState=...&SigAlg=...": what the signature covers, octet for octet. 3.4.4.1
 */
static enum kf_err
query(const struct saml *saml, const struct saml_idp *idp, const struct saml_ask *ask,
    struct kf_buf *out)
{
	struct kf_buf xml = {0}, packed = {0}, b64 = {0};
	enum kf_err r;

	request_xml(saml, idp, ask, &xml);
	if ((r = deflated(kf_buf_span(&xml), &packed)) != KF_OK)
		goto out;
	kf_buf_base64(&b64, kf_buf_span(&packed));
	kf_buf_str(out, "SAMLRequest=");
	put_encoded(out, kf_buf_cstr(&b64));
	kf_buf_str(out, "&RelayState=");
	put_encoded(out, ask->relay);
	kf_buf_str(out, "&SigAlg=");
	put_encoded(out, SIGN_ALG);
	r = xml.bad || b64.bad || out->bad ? KF_ENOMEM : KF_OK;
out:
	kf_buf_free(&xml);
	kf_buf_free(&packed);
	kf_buf_free(&b64);
	return r;
}

enum kf_err
saml_request(
    struct saml *saml, const char *entity_id, const struct saml_ask *ask, struct kf_buf *url)
{
	const struct saml_idp *idp = saml_idp_get(saml, entity_id);
	struct kf_buf part = {0}, sig = {0};
	enum kf_err r;

	if (!id_ok(ask->id) || !relay_ok(ask->relay))
		return KF_EINVAL;
	if (idp == NULL)
		return KF_ENOENT;
	if (idp->info.valid_until != 0 && ask->now >= idp->info.valid_until)
		return KF_EEXPIRED;
	if ((r = query(saml, idp, ask, &part)) != KF_OK ||
	    (r = sign(saml->pkey, kf_buf_span(&part), &sig)) != KF_OK)
		goto out;
	kf_buf_str(url, idp->info.sso_url);
	kf_buf_str(url, strchr(idp->info.sso_url, '?') != NULL ? "&" : "?");
	kf_buf_add(url, part.p, part.n);
	kf_buf_str(url, "&Signature=");
	put_encoded(url, kf_buf_cstr(&sig));
	r = url->bad ? KF_ENOMEM : KF_OK;
out:
	kf_buf_free(&part);
	kf_buf_free(&sig);
	return r;
}
