/* What lasso leaves open: for whom, in answer to what, when. saml-profiles 4.1.4.3. */
#include "portal/saml/saml_priv.h"

#include <string.h>

#define METHOD_BEARER "urn:oasis:names:tc:SAML:2.0:cm:bearer"

/* A time attribute that must be there. */
static enum saml_reason
time_attr(const xmlNode *n, const char *name, int64_t *out)
{
	char v[64];

	if (tree_attr(n, name, v, sizeof(v)) != KF_OK || saml_time(v, out) != KF_OK)
		return SAML_TIME_FORM;
	return SAML_GOOD;
}

/* One that may be missing: then out stays as it is. */
static enum saml_reason
time_attr_maybe(const xmlNode *n, const char *name, int64_t *out)
{
	char v[64];

	if (tree_attr(n, name, v, sizeof(v)) == KF_ENOENT)
		return SAML_GOOD;
	return time_attr(n, name, out);
}

static enum saml_reason
issued(const xmlNode *n, int64_t now, int64_t oldest)
{
	enum saml_reason why;
	int64_t t;

	if ((why = time_attr(n, "IssueInstant", &t)) != SAML_GOOD)
		return why;
	if (t > now + SAML_SKEW_S)
		return SAML_NOT_YET;
	return t < oldest ? SAML_EXPIRED : SAML_GOOD;
}

static enum saml_reason
check_response(
    const struct saml *saml, const xmlNode *resp, int64_t now, struct saml_assertion *out)
{
	char v[SAML_URI_MAX + 1];

	if (tree_attr(resp, "Destination", v, sizeof(v)) != KF_OK || strcmp(v, saml->acs) != 0)
		return SAML_DESTINATION;
	if (tree_attr(resp, "InResponseTo", out->in_response_to, sizeof(out->in_response_to)) !=
		KF_OK ||
	    out->in_response_to[0] == '\0')
		return SAML_UNSOLICITED;
	return issued(resp, now, now - SAML_FRESH_S - SAML_SKEW_S);
}

/* A bearer confirmation that is wholly right. */
static enum saml_reason
confirmation(const struct saml *saml, const xmlNode *sc, int64_t now, struct saml_assertion *out)
{
	const xmlNode *data = tree_only(sc, NS_SAML, "SubjectConfirmationData");
	char v[SAML_URI_MAX + 1];
	enum saml_reason why;
	int64_t end;

	/* a bearer's data must not have NotBefore: saml-profiles 4.1.4.2 */
	if (!tree_attr_is(sc, "Method", METHOD_BEARER) || data == NULL ||
	    tree_attr(data, "NotBefore", v, sizeof(v)) != KF_ENOENT)
		return SAML_SUBJECT;
	if (tree_attr(data, "Recipient", v, sizeof(v)) != KF_OK || strcmp(v, saml->acs) != 0)
		return SAML_RECIPIENT;
	/* the Response's own InResponseTo may be unsigned; this one is not */
	if (tree_attr(data, "InResponseTo", v, sizeof(v)) != KF_OK)
		return SAML_UNSOLICITED;
	if (strcmp(v, out->in_response_to) != 0)
		return SAML_IN_RESPONSE;
	if ((why = time_attr(data, "NotOnOrAfter", &end)) != SAML_GOOD)
		return why;
	if (now >= end + SAML_SKEW_S)
		return SAML_EXPIRED;
	out->expires = end + SAML_SKEW_S;
	return SAML_GOOD;
}

/* lasso refuses a Subject with two confirmations, so there is one. */
static enum saml_reason
check_subject(
    const struct saml *saml, const xmlNode *assertion, int64_t now, struct saml_assertion *out)
{
	const xmlNode *subject = tree_only(assertion, NS_SAML, "Subject");
	const xmlNode *sc = NULL;

	if (subject != NULL)
		sc = tree_only(subject, NS_SAML, "SubjectConfirmation");
	return sc != NULL ? confirmation(saml, sc, now, out) : SAML_SUBJECT;
}

/* Every restriction must name us: several are joined by AND, several audiences by OR. */
static bool
audience_ok(const struct saml *saml, const xmlNode *restriction)
{
	char v[SAML_URI_MAX + 1];

	for (const xmlNode *c = restriction->children; c != NULL; c = c->next)
		if (tree_is(c, NS_SAML, "Audience") && tree_leaf(c, v, sizeof(v)) == KF_OK &&
		    strcmp(v, saml->entity_id) == 0)
			return true;
	return false;
}

static enum saml_reason
check_conditions(
    const struct saml *saml, const xmlNode *assertion, int64_t now, struct saml_assertion *out)
{
	const xmlNode *cond = tree_only(assertion, NS_SAML, "Conditions");
	int64_t start = now, end = INT64_MAX - SAML_SKEW_S;
	enum saml_reason why;
	bool restricted = false;

	if (cond == NULL)
		return SAML_CONDITIONS;
	if ((why = time_attr_maybe(cond, "NotBefore", &start)) != SAML_GOOD ||
	    (why = time_attr_maybe(cond, "NotOnOrAfter", &end)) != SAML_GOOD)
		return why;
	if (start > now + SAML_SKEW_S)
		return SAML_NOT_YET;
	if (now - SAML_SKEW_S >= end)
		return SAML_EXPIRED;
	for (const xmlNode *c = cond->children; c != NULL; c = c->next) {
		if (tree_is(c, NS_SAML, "AudienceRestriction")) {
			if (!audience_ok(saml, c))
				return SAML_AUDIENCE;
			restricted = true;
		} else if (c->type == XML_ELEMENT_NODE && !tree_is(c, NS_SAML, "OneTimeUse") &&
		    !tree_is(c, NS_SAML, "ProxyRestriction"))
			return SAML_CONDITIONS;
	}
	/* the assertion is dead when either bound is: no need to remember it longer */
	if (end + SAML_SKEW_S < out->expires)
		out->expires = end + SAML_SKEW_S;
	return restricted ? SAML_GOOD : SAML_AUDIENCE;
}

static enum saml_reason
check_statement(const xmlNode *assertion, int64_t now, struct saml_assertion *out)
{
	const xmlNode *st = tree_child(assertion, NS_SAML, "AuthnStatement", NULL);
	int64_t end = INT64_MAX;
	enum saml_reason why;
	enum kf_err r;

	if (st == NULL)
		return SAML_STATEMENT;
	if ((why = time_attr(st, "AuthnInstant", &out->authn_instant)) != SAML_GOOD ||
	    (why = time_attr_maybe(st, "SessionNotOnOrAfter", &end)) != SAML_GOOD)
		return why;
	if (out->authn_instant > now + SAML_SKEW_S)
		return SAML_NOT_YET;
	if (now - SAML_SKEW_S >= end)
		return SAML_SESSION_END;
	out->session_end = end != INT64_MAX ? end : 0;
	r = tree_attr(st, "SessionIndex", out->session_index, sizeof(out->session_index));
	return r == KF_OK || r == KF_ENOENT ? SAML_GOOD : SAML_STATEMENT;
}

enum saml_reason
saml_check(const struct saml *saml, const xmlNode *resp, const xmlNode *assertion, int64_t now,
    struct saml_assertion *out)
{
	enum saml_reason why;

	if (tree_attr(assertion, "ID", out->assertion_id, sizeof(out->assertion_id)) != KF_OK)
		return SAML_XML;
	if ((why = check_response(saml, resp, now, out)) != SAML_GOOD ||
	    (why = issued(assertion, now, 0)) != SAML_GOOD ||
	    (why = check_subject(saml, assertion, now, out)) != SAML_GOOD ||
	    (why = check_conditions(saml, assertion, now, out)) != SAML_GOOD)
		return why;
	return check_statement(assertion, now, out);
}
