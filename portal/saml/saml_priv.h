/* What the files of portal/saml/ share. */
#ifndef PORTAL_SAML_SAML_PRIV_H
#define PORTAL_SAML_SAML_PRIV_H

#include "portal/saml/saml.h"
#include "portal/saml/saml_tree.h"

#include <lasso/lasso.h>
#include <openssl/evp.h>
#include <xmlsec/keys.h>

#define FORMAT_PERSISTENT "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
#define FORMAT_EMAIL "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
#define BINDING_POST "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
#define BINDING_REDIRECT "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"

/* Attribute names, one a line, in order of preference. */
struct saml_map {
	const char *email, *name, *given, *groups;
};

struct saml_idp {
	struct saml_idp_info info;
	enum saml_nameid nameid;
	char *list[4];	     /* owned copies behind map, or NULL */
	struct saml_map map; /* complete: the common names where the IdP's own are missing */
};

struct saml {
	LassoServer *server;
	EVP_PKEY *pkey; /* signs requests */
	xmlSecKey *key; /* the same, signs our metadata */
	char entity_id[SAML_URI_MAX + 1], acs[SAML_URI_MAX + 1];
	char *cert_base64;
	struct saml_idp *idp[SAML_IDPS_MAX];
	size_t n_idps;
	struct kf_buf metadata; /* signed at metadata_made; empty: not yet */
	int64_t metadata_made;
};

/* An IdP's metadata, read. cert[i]: base64 of the DER, owned. */
struct saml_import {
	struct saml_idp_info info;
	char *cert[SAML_KEYS_MAX];
};

/* saml_import.c: put the sentence into why, unless that is NULL, and give r back. */
enum kf_err saml_refuse(struct kf_buf *why, enum kf_err r, const char *sentence);
/* Errors as saml_metadata_check. Release either way. */
enum kf_err saml_import_read(
    struct kf_span xml, int64_t now, struct saml_import *out, struct kf_buf *why) KF_MUST_CHECK;
void saml_import_release(struct saml_import *im);
/* Is this key RSA with 2048 bits or more? lasso 2.8 verifies no ECDSA. */
bool saml_key_ok(EVP_PKEY *key);

/* saml_open.c */
const struct saml_idp *saml_idp_get(const struct saml *saml, const char *entity_id);

/* saml_metadata.c: our EntityDescriptor without signature. valid_until 0: none. */
void saml_metadata_xml(const struct saml *saml, int64_t valid_until, struct kf_buf *xml);
/* Text as XML character data or attribute value. */
void saml_xml_text(struct kf_buf *xml, const char *s);

/* saml_shape.c: everything that can be told from the message alone, before its signature: one
 * Response with one Assertion in its place, signatures only where they belong, known algorithms. */
enum saml_reason saml_shape(const xmlDoc *doc) KF_MUST_CHECK;

/* saml_check.c: is this assertion for us, in answer to one request, now? resp and assertion are
 * the two elements, the assertion from the verified tree. Fills everything but who came. */
enum saml_reason saml_check(const struct saml *saml, const xmlNode *resp, const xmlNode *assertion,
    int64_t now, struct saml_assertion *out) KF_MUST_CHECK;

/* saml_map.c: who came. */
enum saml_reason saml_map_nameid(const struct saml *saml, const struct saml_idp *idp,
    const xmlNode *assertion, struct saml_assertion *out) KF_MUST_CHECK;
enum saml_reason saml_map_attributes(
    const struct saml_map *map, const xmlNode *assertion, struct saml_assertion *out) KF_MUST_CHECK;
/* Fill the empty lists of map with the common names. */
void saml_map_defaults(struct saml_map *map);

#endif
