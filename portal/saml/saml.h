/* Sign-in by SAML 2.0: we are the service provider (SP), the company's IdP asserts who came.
 * Web Browser SSO only: request by HTTP-Redirect, answer by HTTP-POST. lasso and xmlsec stay
 * behind this header. What needs a store (is the request ours, from this browser, used once;
 * may this IdP speak for this e-mail domain) is the caller's: the reasons from SAML_NO_REQUEST
 * on are theirs, so that every refusal has one code and one word.
 * Source: OASIS saml-core-2.0-os, saml-bindings, saml-profiles 4.1, saml-metadata. */
#ifndef PORTAL_SAML_SAML_H
#define PORTAL_SAML_SAML_H

#include "common/err.h"
#include "common/span.h"
#include "common/text.h"

#define SAML_RESPONSE_MAX (256UL << 10) /* base64 characters of one SAMLResponse */
#define SAML_METADATA_MAX (1UL << 20)	/* bytes of one IdP's metadata */
#define SAML_URI_MAX 1024		/* entityID, URLs. saml-core 8.3.6 */
#define SAML_NAMEID_MAX 256		/* saml-core 8.3.7 */
#define SAML_NAME_MAX 255		/* bytes of a person's or a group's name */
#define SAML_GROUPS_MAX 1000
#define SAML_IDPS_MAX 64
#define SAML_KEYS_MAX 8	 /* signing certificates of one IdP */
#define SAML_SKEW_S 60	 /* clocks may differ by so much, in every bound */
#define SAML_FRESH_S 300 /* a Response older than this, or with `force` a log-in, is refused */
#define SAML_ID_LEN 33	 /* '_' and 32 hexadecimal digits */

/* Why a sign-in was refused. The code (saml_reason_code) is what the page shows and never
 * changes its meaning; the word (saml_reason_str) is for the log and the audit. */
enum saml_reason {
	SAML_GOOD = 0,
	/* the message */
	SAML_SIZE,     /* empty or larger than SAML_RESPONSE_MAX */
	SAML_BASE64,   /* not strict base64 */
	SAML_ENCODING, /* NUL, not UTF-8, another encoding declared */
	SAML_MARKUP,   /* DTD, entity, comment, CDATA or processing instruction */
	SAML_XML,      /* not well-formed, or not shaped as SAML wants */
	SAML_KIND,     /* well-formed, but no samlp:Response of version 2.0 */
	SAML_STATUS,   /* the IdP itself says no */
	/* who speaks */
	SAML_ISSUER,	  /* the Response's issuer is no IdP of ours */
	SAML_ISSUER_MIX,  /* Response and Assertion name different issuers */
	SAML_UNSIGNED,	  /* neither the Response nor the Assertion is signed */
	SAML_SIGNATURE,	  /* a signature is wrong, or not on what it should cover */
	SAML_ALGORITHM,	  /* SHA-1, MD5, HMAC, XPath, ...: not on the list of saml_open */
	SAML_IDP_EXPIRED, /* the metadata we hold of this IdP is past its validUntil */
	/* the assertion */
	SAML_ENCRYPTED,	 /* encrypted assertion or name: we publish no encryption key */
	SAML_ASSERTIONS, /* not exactly one assertion */
	SAML_TREE,	 /* the verified tree holds more than elements and text, or is too deep */
	SAML_SUBJECT,	 /* no Subject, or no bearer confirmation */
	SAML_STATEMENT,	 /* no AuthnStatement, or one without sense */
	SAML_CONDITIONS, /* no Conditions, or one that we do not know */
	/* for whom, in answer to what */
	SAML_DESTINATION, /* Response/@Destination is not our ACS */
	SAML_RECIPIENT,	  /* SubjectConfirmationData/@Recipient is not our ACS */
	SAML_AUDIENCE,	  /* not restricted to our entityID */
	SAML_UNSOLICITED, /* no InResponseTo */
	SAML_IN_RESPONSE, /* Response and Assertion answer different requests */
	/* when */
	SAML_TIME_FORM,	  /* a time that is not YYYY-MM-DDThh:mm:ss[.f]Z, or is missing */
	SAML_NOT_YET,	  /* from the future: one of the clocks is wrong */
	SAML_EXPIRED,	  /* too late */
	SAML_SESSION_END, /* the IdP's own session is over */
	/* who came */
	SAML_NO_NAMEID,	    /* no NameID, or an empty one */
	SAML_NAMEID_FORMAT, /* transient, or not what this IdP's `nameid` option allows */
	SAML_NAMEID_SCOPE,  /* made for another SP (SPNameQualifier) */
	SAML_NO_EMAIL,	    /* no attribute of the map gives an address */
	SAML_BAD_EMAIL,	    /* not an address */
	SAML_TWO_EMAILS,    /* two different addresses */
	SAML_BAD_VALUE,	    /* a name or group with control characters, markup, or too long */
	SAML_GROUPS,	    /* more than SAML_GROUPS_MAX groups */
	/* found by the caller, with the store */
	SAML_NO_REQUEST,   /* no sign-in of ours has this id, or it was answered already */
	SAML_REQUEST_LATE, /* the sign-in took longer than it may */
	SAML_OTHER_IDP,	   /* answered by another IdP than the one asked */
	SAML_OTHER_BROWSER,
	SAML_REPLAY, /* this assertion was used before */
	SAML_DOMAIN, /* this IdP may not assert addresses of this domain */
	SAML_STALE,  /* `force` was asked, but the log-in is older than SAML_FRESH_S */
	SAML_INTERNAL,
	SAML_REASON__MAX
};

const char *saml_reason_code(enum saml_reason why); /* "KF-2071"; never NULL */
const char *saml_reason_str(enum saml_reason why);  /* "request-expired"; never NULL */

/* Which NameID an IdP may use as the person's identity. Transient is always refused. */
enum saml_nameid {
	SAML_NAMEID_PERSISTENT, /* the default */
	SAML_NAMEID_EMAIL	/* emailAddress too, for IdPs that have no other (Google) */
};

struct saml_conf {
	const char *base_url;	/* "https://wifi.example.com": no '/' at the end */
	struct kf_span key_pem; /* the SP's RSA key, >= 2048 bits; a copy is held until saml_free */
	struct kf_span cert_pem; /* its certificate */
};

/* One IdP, as the store holds it. The four lists are attribute names, one a line, in order of
 * preference; NULL or "" takes the common names (saml_map.c). */
struct saml_idp_conf {
	const char *entity_id;
	struct kf_span metadata; /* XML, as imported */
	enum saml_nameid nameid;
	const char *email_attrs, *name_attrs, *given_attrs, *group_attrs;
};

/* What a metadata document says. */
struct saml_idp_info {
	char entity_id[SAML_URI_MAX + 1];
	char sso_url[SAML_URI_MAX + 1]; /* HTTP-Redirect */
	int64_t valid_until;		/* seconds since 1970; 0: no end given */
	int64_t cert_expires;		/* the last of its signing certificates to expire */
	unsigned keys;			/* signing certificates, 1..SAML_KEYS_MAX */
};

/* One sign-in to start. */
struct saml_ask {
	const char *id; /* SAML_ID_LEN characters: see saml_request */
	const char
	    *relay;  /* an opaque handle, 1..80 characters, never a URL. saml-bindings 3.4.3 */
	bool force;  /* ask for a new log-in (ForceAuthn) */
	int64_t now; /* seconds since 1970 */
};

/* What a verified Response says. Text is clean UTF-8 without control characters. */
struct saml_assertion {
	char idp[SAML_URI_MAX + 1];	   /* entityID */
	char in_response_to[80];	   /* the request's id: from the signed part */
	char assertion_id[256];		   /* with idp the key of the replay table ... */
	int64_t expires;		   /* ... until then; the skew is in it */
	char name_id[SAML_NAMEID_MAX + 1]; /* with idp the person's identity */
	enum saml_nameid format;
	char name_qualifier[SAML_URI_MAX + 1], sp_name_qualifier[SAML_URI_MAX + 1]; /* or "" */
	char session_index[256];						    /* or "" */
	int64_t authn_instant; /* when the person logged in at the IdP */
	int64_t session_end;   /* 0: the IdP sets none */
	char email[255];       /* normalised: domain in lower case */
	char display_name[SAML_NAME_MAX + 1], given_name[SAML_NAME_MAX + 1]; /* or "" */
	struct kf_buf groups; /* each name ends in NUL: see saml_group */
	size_t n_groups;
};

/* Everything lasso needs, for one worker; not shared between threads. */
struct saml;

/* Start, once a worker and after fork. Process-wide on purpose: removes LASSO_FLAG and sets
 * TZ=UTC0 in the environment, initialises lasso, and narrows xmlsec's algorithms to RSA with
 * SHA-256/384/512, exclusive and inclusive C14N and the enveloped signature. Our entityID is
 * base_url/saml/metadata, our ACS base_url/saml/acs.
 * why: gets one English sentence on failure (NULL: not wanted). out: owned, by saml_free.
 * Errors: KF_EINVAL key, certificate or URL unfit; KF_EIO lasso does not start.
 * Cost: 40 ms. To reload, build a new one with its IdPs, swap, free the old. */
enum kf_err
saml_open(const struct saml_conf *conf, struct kf_buf *why, struct saml **out) KF_MUST_CHECK;
void saml_free(struct saml **saml);

/* Add an IdP. Its metadata passes saml_metadata_check first and must name conf->entity_id; lasso
 * gets only what that check read. now: seconds since 1970.
 * Errors: KF_EINVAL with the reason in why; KF_EEXIST; KF_ELIMIT SAML_IDPS_MAX. Cost: 19 ms. */
enum kf_err saml_idp_load(struct saml *saml, const struct saml_idp_conf *conf, int64_t now,
    struct kf_buf *why) KF_MUST_CHECK;
/* Borrowed from saml; NULL if there is none of this entityID. */
const struct saml_idp_info *saml_idp_find(const struct saml *saml, const char *entity_id);

/* May this document become an IdP of ours: one EntityDescriptor with an IDPSSODescriptor, no DTD,
 * not past its validUntil, an SSO address for HTTP-Redirect with https (http for a loopback host
 * only), 1..SAML_KEYS_MAX signing certificates, all RSA >= 2048 bits (lasso verifies no ECDSA).
 * Pure; needs no saml_open. Errors: KF_EINVAL, KF_EEXPIRED, KF_ELIMIT, each with why. */
enum kf_err saml_metadata_check(
    struct kf_span xml, int64_t now, struct saml_idp_info *out, struct kf_buf *why) KF_MUST_CHECK;

/* The address to which the browser goes to sign in: a signed AuthnRequest (RSA-SHA256) that asks
 * for a persistent NameID (with SAML_NAMEID_EMAIL for an address), to be answered at our ACS by
 * POST. Appended to url.
 * ask->id is the caller's, from kf_env.random, and all that makes two requests differ: lasso's own
 * ids come from a generator whose state fork() copies, so two workers would give out the same.
 * Errors: KF_EINVAL id or relay malformed; KF_ENOENT no such IdP; KF_EEXPIRED its metadata is;
 * KF_EIO, KF_ENOMEM. Cost: 1 ms (RSA). */
enum kf_err saml_request(struct saml *saml, const char *entity_id, const struct saml_ask *ask,
    struct kf_buf *url) KF_MUST_CHECK;

/* Bytes to an identity or a reason. Pure: no I/O, no clock, no store.
 * base64:  the form's SAMLResponse. now: seconds since 1970.
 * out:     filled on KF_OK only; release it with saml_assertion_release either way.
 * why:     always set; SAML_GOOD on KF_OK.
 * Then the caller must still: consume the request in_response_to (ours, for this idp, this
 * RelayState and browser, in time, once); with `force`, refuse an authn_instant older than
 * SAML_FRESH_S + SAML_SKEW_S; insert (idp, assertion_id) into the replay table until expires; check
 * the e-mail's domain.
 * Errors: KF_EINVAL refused; KF_ENOMEM, KF_EIO (SAML_INTERNAL). Cost: 1.2 ms. */
enum kf_err saml_verify(struct saml *saml, struct kf_span base64, int64_t now,
    struct saml_assertion *out, enum saml_reason *why) KF_MUST_CHECK;
void saml_assertion_release(struct saml_assertion *a);
/* The i-th group, i < n_groups; borrowed. */
const char *saml_group(const struct saml_assertion *a, size_t i);
bool saml_in_group(const struct saml_assertion *a, const char *group);

/* Our own metadata for the IdP: signed, valid for 7 days, without encryption key. Appended to xml.
 * The signature is made anew once a day (by now); else a copy. KF_EIO: signing failed. */
enum kf_err saml_metadata(struct saml *saml, int64_t now, struct kf_buf *xml) KF_MUST_CHECK;

#endif
