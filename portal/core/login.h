/* Sign-in by SAML, the part that has state: requests are answered once, replays are refused, the
 * browser that began is the one that ends. No SAML here: the caller has verified the bytes. */
#ifndef CORE_LOGIN_H
#define CORE_LOGIN_H

#include "common/span.h"
#include "portal/core/app.h"
#include "portal/core/session.h"

#define LOGIN_TTL_S 600	  /* from /login to the ACS POST */
#define LOGIN_TICKET_S 60 /* from the ACS POST to /saml/finish */
#define LOGIN_GROUPS_MAX 64
#define LOGIN_PENDING_MAX 20000 /* open requests in all */

struct login_begun {
	char request_id[34]; /* AuthnRequest ID: '_' and 32 hex digits of getrandom */
	char relay[33];	     /* RelayState: an opaque handle */
	char cookie[33];     /* for the browser; the store keeps its SHA-256 only */
	char idp[1025];	     /* entityID of the IdP to ask */
};

/* What a verified assertion said. All spans borrowed for the call. */
struct login_identity {
	struct kf_span idp, in_response_to, assertion_id;
	int64_t assertion_expires;
	struct kf_span name_id, session_index, email, name;
	const struct kf_span *group;
	size_t groups;
};

/* Starts a sign-in for the workflow with this slug ("" = the only or first published one).
 * return_path: a local path ("/my", "/k/ID") or empty. client: the peer's address, for limits.
 * KF_ENOENT no such workflow, KF_ELIMIT too many open requests (in all or by this client). */
enum kf_err login_begin(struct app *app, struct kf_span slug, struct kf_span return_path,
    struct kf_span client, struct login_begun *out) KF_MUST_CHECK;

/* The ACS POST: in one transaction consumes the request (in_response_to, of this IdP, with this
 * relay), records the assertion against replay, checks that the IdP may assert the e-mail's
 * domain and writes the identity on the pending row for LOGIN_TICKET_S.
 * KF_ENOENT unknown, used or expired request; KF_EEXIST replay; KF_EDENIED domain or group not
 * allowed; KF_EINVAL relay of another request. */
enum kf_err login_verified(
    struct app *app, const struct login_identity *id, struct kf_span relay) KF_MUST_CHECK;

/* GET /saml/finish: one DELETE … RETURNING on (relay, SHA-256 of the cookie), then the person
 * (found, joined or made as DESIGN says) and a new session. KF_ENOENT: not this browser, used or
 * too late. out: see session.h. return_path: as given to login_begin. */
enum kf_err login_finish(struct app *app, struct kf_span relay, struct kf_span cookie,
    struct session_new *out, char return_path[256]) KF_MUST_CHECK;

#endif
