/* What the pages of a signed-in person share: who it is, and what surrounds the page. */
#ifndef PORTAL_HTTP_GUARD_H
#define PORTAL_HTTP_GUARD_H

#include "portal/core/session.h"
#include "portal/http/web.h"
#include "portal/view/page.h"

#define COOKIE_SESSION "__Host-kf_session"
#define COOKIE_LOGIN "__Host-kf_login"

/* The session of the request's cookie. KF_ENOENT: nobody is signed in. */
enum kf_err guard_session(struct web_req *req, struct session *ses) KF_MUST_CHECK;
/* The same for a form's POST: KF_EDENIED when its csrf field is not this session's. */
enum kf_err guard_form(struct web_req *req, struct session *ses) KF_MUST_CHECK;
/* Replies to what a guard refused: nobody signed in goes to /login and comes back to return_path
 * (a constant of ours or a checked path; NULL: to the key page). */
int guard_refuse(struct web_req *req, enum kf_err err, const char *return_path);
/* The frame of a page; ses NULL: nobody is signed in. Borrows from both. */
struct page_shell guard_shell(const struct web_req *req, const struct session *ses);

#endif
