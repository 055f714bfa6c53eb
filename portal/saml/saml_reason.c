/* The codes that a refused person reads to the help desk. They are printed on paper somewhere:
 * add new ones, never renumber. */
#include "portal/saml/saml.h"

#include <assert.h>

static const struct {
	const char *code, *word;
} reasons[] = {
    [SAML_GOOD] = {"KF-2000", "good"},
    [SAML_SIZE] = {"KF-2001", "size"},
    [SAML_BASE64] = {"KF-2002", "base64"},
    [SAML_ENCODING] = {"KF-2003", "encoding"},
    [SAML_MARKUP] = {"KF-2004", "markup-not-allowed"},
    [SAML_XML] = {"KF-2005", "xml"},
    [SAML_KIND] = {"KF-2006", "not-a-response"},
    [SAML_STATUS] = {"KF-2007", "idp-said-no"},
    [SAML_ISSUER] = {"KF-2010", "issuer-unknown"},
    [SAML_ISSUER_MIX] = {"KF-2011", "issuers-differ"},
    [SAML_UNSIGNED] = {"KF-2012", "unsigned"},
    [SAML_SIGNATURE] = {"KF-2013", "signature"},
    [SAML_ALGORITHM] = {"KF-2014", "algorithm-not-allowed"},
    [SAML_IDP_EXPIRED] = {"KF-2015", "idp-metadata-expired"},
    [SAML_ENCRYPTED] = {"KF-2020", "encrypted"},
    [SAML_ASSERTIONS] = {"KF-2021", "not-one-assertion"},
    [SAML_TREE] = {"KF-2022", "tree-not-plain"},
    [SAML_SUBJECT] = {"KF-2023", "subject"},
    [SAML_STATEMENT] = {"KF-2024", "authn-statement"},
    [SAML_CONDITIONS] = {"KF-2025", "conditions"},
    [SAML_DESTINATION] = {"KF-2030", "destination"},
    [SAML_RECIPIENT] = {"KF-2031", "recipient"},
    [SAML_AUDIENCE] = {"KF-2032", "audience"},
    [SAML_UNSOLICITED] = {"KF-2033", "unsolicited"},
    [SAML_IN_RESPONSE] = {"KF-2034", "in-response-to-differs"},
    [SAML_TIME_FORM] = {"KF-2040", "time-form"},
    [SAML_NOT_YET] = {"KF-2041", "not-yet-valid"},
    [SAML_EXPIRED] = {"KF-2042", "expired"},
    [SAML_SESSION_END] = {"KF-2043", "idp-session-over"},
    [SAML_NO_NAMEID] = {"KF-2050", "no-nameid"},
    [SAML_NAMEID_FORMAT] = {"KF-2051", "nameid-format"},
    [SAML_NAMEID_SCOPE] = {"KF-2052", "nameid-of-another-sp"},
    [SAML_NO_EMAIL] = {"KF-2053", "no-email"},
    [SAML_BAD_EMAIL] = {"KF-2054", "bad-email"},
    [SAML_TWO_EMAILS] = {"KF-2055", "two-emails"},
    [SAML_BAD_VALUE] = {"KF-2056", "bad-value"},
    [SAML_GROUPS] = {"KF-2057", "too-many-groups"},
    [SAML_NO_REQUEST] = {"KF-2070", "request-unknown"},
    [SAML_REQUEST_LATE] = {"KF-2071", "request-expired"},
    [SAML_OTHER_IDP] = {"KF-2072", "other-idp"},
    [SAML_OTHER_BROWSER] = {"KF-2073", "other-browser"},
    [SAML_REPLAY] = {"KF-2074", "replay"},
    [SAML_DOMAIN] = {"KF-2075", "email-domain"},
    [SAML_STALE] = {"KF-2076", "login-not-fresh"},
    [SAML_INTERNAL] = {"KF-2099", "internal"},
};

_Static_assert(sizeof(reasons) / sizeof(reasons[0]) == SAML_REASON__MAX, "a reason has no code");

const char *
saml_reason_code(enum saml_reason why)
{
	assert(why < SAML_REASON__MAX);
	return reasons[why].code;
}

const char *
saml_reason_str(enum saml_reason why)
{
	assert(why < SAML_REASON__MAX);
	return reasons[why].word;
}
