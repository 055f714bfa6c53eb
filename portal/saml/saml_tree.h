/* Strict reading of XML: a scan before any parser, a parser that resolves nothing, and a tree that
 * holds elements and text only. Only inside portal/saml/. */
#ifndef PORTAL_SAML_SAML_TREE_H
#define PORTAL_SAML_SAML_TREE_H

#include "common/err.h"
#include "common/span.h"
#include "portal/saml/saml.h"

#include <libxml/tree.h>

#define NS_SAML "urn:oasis:names:tc:SAML:2.0:assertion"
#define NS_SAMLP "urn:oasis:names:tc:SAML:2.0:protocol"
#define NS_MD "urn:oasis:names:tc:SAML:2.0:metadata"
#define NS_DS "http://www.w3.org/2000/09/xmldsig#"
#define NS_XENC "http://www.w3.org/2001/04/xmlenc#"

#define TREE_DEPTH_MAX 32
#define TREE_NODES_MAX 20000

/* Bytes that may go to the parser: UTF-8 without NUL, starting with '<', no other encoding
 * declared. strict: no "<!" (DTD, CDATA, comment) and no processing instruction either. In
 * well-formed XML a bare '<' is always markup, so a byte search is exact. Else only a DTD is
 * refused. Returns SAML_GOOD, SAML_ENCODING, SAML_MARKUP or SAML_XML. */
enum saml_reason tree_scan(struct kf_span xml, bool strict) KF_MUST_CHECK;

/* Parse what tree_scan passed. NULL: not well-formed. The caller frees by xmlFreeDoc. */
xmlDoc *tree_parse(struct kf_span xml);

/* Is every node below root (and root) an element or text, within the two limits? */
bool tree_plain(const xmlNode *root);

bool tree_is(const xmlNode *n, const char *ns, const char *name);
/* The first child element of that name. count (may be NULL): how many there are. */
xmlNode *tree_child(const xmlNode *parent, const char *ns, const char *name, size_t *count);
/* The only one, or NULL. */
xmlNode *tree_only(const xmlNode *parent, const char *ns, const char *name);

/* The whole text of an element that has text children only, exactly as it stands.
 * KF_EINVAL: it has other children; KF_ELIMIT: does not fit. out is "" then. */
enum kf_err tree_leaf(const xmlNode *n, char *out, size_t size) KF_MUST_CHECK;
/* An attribute without namespace. KF_ENOENT: not there; KF_EINVAL, KF_ELIMIT as above. */
enum kf_err tree_attr(const xmlNode *n, const char *name, char *out, size_t size) KF_MUST_CHECK;
/* Is the attribute there with exactly this value? */
bool tree_attr_is(const xmlNode *n, const char *name, const char *value);

/* "2026-11-22T23:00:00Z" or with a fraction of a second (cut off), years 1970..9999, no other
 * zone. saml-core 1.3.3 wants UTC. */
enum kf_err saml_time(const char *s, int64_t *out) KF_MUST_CHECK;

/* https, or http for a loopback host; no user, no fragment, printable ASCII. */
bool saml_url_ok(const char *url);

#endif
