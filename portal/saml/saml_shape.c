/* Signature wrapping lives from messages that hold more than they need: a second assertion, a
 * signature somewhere else, a transform that cuts. This lets only the one plain shape through, so
 * that what lasso verifies and what we read cannot be two things. */
#include "portal/saml/saml_priv.h"

#include <string.h>

#define ALG_DS "http://www.w3.org/2000/09/xmldsig#"
#define ALG_MORE "http://www.w3.org/2001/04/xmldsig-more#"
#define ALG_ENC "http://www.w3.org/2001/04/xmlenc#"
#define ALG_EXC "http://www.w3.org/2001/10/xml-exc-c14n#"
#define ALG_C14N "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"

#define STATUS_SUCCESS "urn:oasis:names:tc:SAML:2.0:status:Success"

static const char *const sign_algs[] = {
    ALG_MORE "rsa-sha256", ALG_MORE "rsa-sha384", ALG_MORE "rsa-sha512", NULL};
static const char *const digest_algs[] = {
    ALG_ENC "sha256", ALG_MORE "sha384", ALG_ENC "sha512", NULL};
static const char *const transforms[] = {ALG_DS "enveloped-signature", ALG_EXC, ALG_C14N, NULL};
static const char *const c14ns[] = {ALG_EXC, ALG_C14N, NULL};

static const struct {
	const char *element;
	const char *const *allowed;
} algorithms[] = {
    {"SignatureMethod", sign_algs},
    {"DigestMethod", digest_algs},
    {"Transform", transforms},
    {"CanonicalizationMethod", c14ns},
};

struct shape {
	unsigned responses, assertions, signatures, misplaced, encrypted;
	bool algorithm_bad;
};

static bool
algorithm_ok(const xmlNode *n, const char *const *allowed)
{
	for (; *allowed != NULL; allowed++)
		if (tree_attr_is(n, "Algorithm", *allowed))
			return true;
	return false;
}

static void
look(const xmlNode *n, struct shape *s)
{
	if (tree_is(n, NS_SAMLP, "Response"))
		s->responses++;
	else if (tree_is(n, NS_SAML, "Assertion"))
		s->assertions++;
	else if (tree_is(n, NS_SAML, "EncryptedAssertion") || tree_is(n, NS_SAML, "EncryptedID") ||
	    tree_is(n, NS_SAML, "EncryptedAttribute") || tree_is(n, NS_XENC, "EncryptedData"))
		s->encrypted++;
	else if (tree_is(n, NS_DS, "Signature")) {
		const xmlNode *p = n->parent;
		size_t same;
		(void)tree_child(p, NS_DS, "Signature", &same);
		s->signatures++;
		if (same != 1 ||
		    (!tree_is(p, NS_SAMLP, "Response") && !tree_is(p, NS_SAML, "Assertion")))
			s->misplaced++;
	}
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		if (tree_is(n, NS_DS, algorithms[i].element) &&
		    !algorithm_ok(n, algorithms[i].allowed))
			s->algorithm_bad = true;
}

/* The next node in document order; the depth is bounded by tree_plain. */
static const xmlNode *
after(const xmlNode *n, const xmlNode *root)
{
	if (n->children != NULL && n->type == XML_ELEMENT_NODE)
		return n->children;
	while (n != root && n->next == NULL)
		n = n->parent;
	return n == root ? NULL : n->next;
}

static bool
status_good(const xmlNode *resp)
{
	const xmlNode *status = tree_only(resp, NS_SAMLP, "Status");
	const xmlNode *code = status != NULL ? tree_only(status, NS_SAMLP, "StatusCode") : NULL;

	return code != NULL && tree_attr_is(code, "Value", STATUS_SUCCESS);
}

/* ID, and nothing that could be mistaken for it. */
static bool
ids_ok(const xmlNode *resp, const xmlNode *assertion)
{
	char a[256], b[256];

	return tree_attr(resp, "ID", a, sizeof(a)) == KF_OK && a[0] != '\0' &&
	    tree_attr(assertion, "ID", b, sizeof(b)) == KF_OK && b[0] != '\0' && strcmp(a, b) != 0;
}

enum saml_reason
saml_shape(const xmlDoc *doc)
{
	const xmlNode *root = xmlDocGetRootElement(doc), *assertion;
	struct shape s = {0};

	if (root == NULL || doc->intSubset != NULL || doc->extSubset != NULL)
		return SAML_MARKUP;
	if (doc->children != root || root->next != NULL || !tree_plain(root))
		return SAML_TREE;
	if (!tree_is(root, NS_SAMLP, "Response") || !tree_attr_is(root, "Version", "2.0"))
		return SAML_KIND;
	if (!status_good(root))
		return SAML_STATUS;
	for (const xmlNode *n = root; n != NULL; n = after(n, root))
		look(n, &s);
	if (s.encrypted > 0)
		return SAML_ENCRYPTED;
	assertion = tree_only(root, NS_SAML, "Assertion");
	if (s.responses != 1 || s.assertions != 1 || assertion == NULL)
		return SAML_ASSERTIONS;
	if (!tree_attr_is(assertion, "Version", "2.0"))
		return SAML_KIND;
	if (!ids_ok(root, assertion))
		return SAML_XML;
	if (s.signatures == 0)
		return SAML_UNSIGNED;
	if (s.misplaced > 0)
		return SAML_SIGNATURE;
	return s.algorithm_bad ? SAML_ALGORITHM : SAML_GOOD;
}
