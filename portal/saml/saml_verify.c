/* The way in: size, base64, bytes, shape, issuer, signature, conditions, person; in this order, so
 * that the cheap refusals come first and nothing is read from an assertion before its signature
 * holds. */
#include "portal/saml/saml_priv.h"

#include "common/log.h"

#include <assert.h>
#include <lasso/xml/saml-2.0/saml2_assertion.h>
#include <lasso/xml/saml-2.0/samlp2_response.h>
#include <string.h>

static enum saml_reason
decode(struct kf_span base64, struct kf_buf *xml)
{
	struct kf_span s;

	if (base64.n == 0 || base64.n > SAML_RESPONSE_MAX)
		return SAML_SIZE;
	if (kf_unbase64(base64, xml) != KF_OK)
		return SAML_BASE64;
	s = kf_buf_span(xml);
	return tree_scan(s, true);
}

/* The IdP by the issuer that the message names; both issuers must be the same. */
static enum saml_reason
issuer(const struct saml *saml, const xmlNode *resp, const struct saml_idp **idp)
{
	const xmlNode *assertion = tree_only(resp, NS_SAML, "Assertion");
	const xmlNode *outer = tree_only(resp, NS_SAML, "Issuer");
	const xmlNode *inner = assertion != NULL ? tree_only(assertion, NS_SAML, "Issuer") : NULL;
	char a[SAML_URI_MAX + 1], b[SAML_URI_MAX + 1];

	if (outer == NULL || inner == NULL || tree_leaf(outer, a, sizeof(a)) != KF_OK ||
	    (*idp = saml_idp_get(saml, a)) == NULL)
		return SAML_ISSUER;
	if (tree_leaf(inner, b, sizeof(b)) != KF_OK || strcmp(a, b) != 0)
		return SAML_ISSUER_MIX;
	return SAML_GOOD;
}

static enum saml_reason
lasso_reason(lasso_error_t rc)
{
	if (rc != 0)
		kf_log(LOGL_DEBUG, "saml", "lasso=%d text=\"%s\"", rc, lasso_strerror(rc));
	switch (rc) {
	case 0:
		return SAML_GOOD;
	case LASSO_PROFILE_ERROR_MISSING_SUBJECT:
		return SAML_SUBJECT;
	case LASSO_PROFILE_ERROR_MISSING_NAME_IDENTIFIER:
		return SAML_NO_NAMEID;
	case LASSO_PROFILE_ERROR_INVALID_MSG:
		return SAML_XML;
	case LASSO_ERROR_OUT_OF_MEMORY:
		return SAML_INTERNAL;
	default:
		return SAML_SIGNATURE;
	}
}

/* The signatures. MAYBE means: the Response is signed and right, or it is unsigned and its
 * assertion signed and right; a signature that is there and wrong always fails. lasso gets our own
 * base64 of the bytes that were scanned, so no difference between two decoders matters. */
static enum saml_reason
signatures(LassoLogin *login, struct kf_span xml)
{
	LassoProfile *p = LASSO_PROFILE(login);
	struct kf_buf b64 = {0};
	enum saml_reason why = SAML_INTERNAL;

	kf_buf_base64(&b64, xml);
	if (!b64.bad) {
		lasso_profile_set_signature_verify_hint(
		    p, LASSO_PROFILE_SIGNATURE_VERIFY_HINT_MAYBE);
		why = lasso_reason(lasso_login_process_authn_response_msg(login, b64.p));
	}
	kf_buf_free(&b64);
	return why;
}

/* The assertion's element in the tree whose signature lasso verified. Its LassoNode must not be
 * asked: it loses CDATA and splits at comments. */
static enum saml_reason
verified(LassoLogin *login, const struct saml_idp *idp, const xmlNode **out)
{
	LassoProfile *p = LASSO_PROFILE(login);
	GList *list;
	LassoNode *a;

	if (!LASSO_IS_SAMLP2_RESPONSE(p->response) || p->remote_providerID == NULL ||
	    strcmp(p->remote_providerID, idp->info.entity_id) != 0)
		return SAML_ISSUER;
	list = LASSO_SAMLP2_RESPONSE(p->response)->Assertion;
	if (list == NULL || list->next != NULL || !LASSO_IS_SAML2_ASSERTION(list->data))
		return SAML_ASSERTIONS;
	a = LASSO_NODE(list->data);
	*out = lasso_node_get_original_xmlnode(a);
	if (*out == NULL || !tree_is(*out, NS_SAML, "Assertion") || !tree_plain(*out))
		return SAML_TREE;
	return SAML_GOOD;
}

/* One Response on its way. */
struct message {
	struct kf_buf xml;
	xmlDoc *doc;
	const struct saml_idp *idp;
	LassoLogin *login;
};

/* Everything up to and with the signatures. */
static enum saml_reason
authenticate(const struct saml *saml, struct kf_span base64, int64_t now, struct message *m)
{
	enum saml_reason why;

	if ((why = decode(base64, &m->xml)) != SAML_GOOD)
		return why;
	m->doc = tree_parse(kf_buf_span(&m->xml));
	if (m->doc == NULL)
		return SAML_XML;
	if ((why = saml_shape(m->doc)) != SAML_GOOD ||
	    (why = issuer(saml, xmlDocGetRootElement(m->doc), &m->idp)) != SAML_GOOD)
		return why;
	if (m->idp->info.valid_until != 0 && now >= m->idp->info.valid_until)
		return SAML_IDP_EXPIRED;
	m->login = lasso_login_new(saml->server);
	if (m->login == NULL)
		return SAML_INTERNAL;
	return signatures(m->login, kf_buf_span(&m->xml));
}

static enum saml_reason
identify(const struct saml *saml, const struct message *m, int64_t now, struct saml_assertion *out)
{
	const xmlNode *assertion = NULL;
	enum saml_reason why;

	if ((why = verified(m->login, m->idp, &assertion)) != SAML_GOOD ||
	    (why = saml_check(saml, xmlDocGetRootElement(m->doc), assertion, now, out)) !=
		SAML_GOOD ||
	    (why = saml_map_nameid(saml, m->idp, assertion, out)) != SAML_GOOD)
		return why;
	memcpy(out->idp, m->idp->info.entity_id, sizeof(out->idp));
	return saml_map_attributes(&m->idp->map, assertion, out);
}

enum kf_err
saml_verify(struct saml *saml, struct kf_span base64, int64_t now, struct saml_assertion *out,
    enum saml_reason *why)
{
	struct message m = {.xml = {.max = SAML_RESPONSE_MAX}};

	memset(out, 0, sizeof(*out));
	*why = authenticate(saml, base64, now, &m);
	if (*why == SAML_GOOD)
		*why = identify(saml, &m, now, out);
	if (m.login != NULL)
		lasso_login_destroy(m.login);
	xmlFreeDoc(m.doc);
	kf_buf_free(&m.xml);
	if (*why == SAML_GOOD)
		return KF_OK;
	/* nobody may use half an identity */
	saml_assertion_release(out);
	return *why == SAML_INTERNAL ? KF_EIO : KF_EINVAL;
}

void
saml_assertion_release(struct saml_assertion *a)
{
	kf_buf_free(&a->groups);
	memset(a, 0, sizeof(*a));
}

const char *
saml_group(const struct saml_assertion *a, size_t i)
{
	const char *s = a->groups.p;

	assert(i < a->n_groups);
	for (; i > 0; i--)
		s += strlen(s) + 1;
	return s;
}

bool
saml_in_group(const struct saml_assertion *a, const char *group)
{
	const char *s = a->groups.p;

	for (size_t i = 0; i < a->n_groups; i++, s += strlen(s) + 1)
		if (strcmp(s, group) == 0)
			return true;
	return false;
}
