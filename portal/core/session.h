/* A signed-in browser. The cookie is 256 random bits; the store keeps their SHA-256. */
#ifndef CORE_SESSION_H
#define CORE_SESSION_H

#include "common/span.h"
#include "portal/core/app.h"

struct session_new {
	char cookie[65]; /* hex; wipe after it is sent */
};

struct session {
	char person[37];
	char email[255];
	char name[256];	   /* display name, may be empty */
	char workflow[64]; /* slug of the workflow signed in for */
	char csrf[65];	   /* to be put into forms; bound to this session */
	int64_t expires;
};

/* KF_ENOENT: none, ended or expired. */
enum kf_err session_get(struct app *app, struct kf_span cookie, struct session *out) KF_MUST_CHECK;
bool session_csrf_ok(const struct session *ses, struct kf_span token); /* in constant time */
enum kf_err session_end(struct app *app, struct kf_span cookie) KF_MUST_CHECK;

#endif
