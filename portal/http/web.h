/* The handlers' toolbox: all that a handler needs of HTTP, without a word of Kore.
 *
 * A handler is `int name(struct web_req *req)`. It reads what came, calls one use case and returns
 * what a web_reply… or web_redirect… gave it (or WEB_SLEEPS, see web_sleep). Its line in
 * portal/kore/web.conf says path, methods and flags; before it runs, the method (405), the number
 * of cookies and arguments (400) and, for unsafe methods, the origin (403) have been checked:
 *
 *	int
 *	psk_get(struct web_req *req)
 *	{
 *		...
 *		if ((r = psk_read(web_app(req), id, &psk)) != KF_OK)
 *			return web_reply_err(req, r, "no such key");
 *		return web_reply_json(req, 200, &json);
 *	}
 *
 * Spans and strings are borrowed and live until the reply, through every sleep. */
#ifndef PORTAL_HTTP_WEB_H
#define PORTAL_HTTP_WEB_H

#include "common/err.h"
#include "common/secret.h"
#include "common/span.h"
#include "common/text.h"

struct app;
struct config;
struct sp;
struct web_req;
struct web_worker; /* one a process, kept by portal/kore/worker.c */

/* What a handler returns: Kore's own numbers. */
enum { WEB_REPLIED = 1, WEB_SLEEPS = 2 };

/* Methods and flags of a route. HEAD is served wherever GET is. */
enum {
	WEB_GET = 1,
	WEB_POST = 2,
	WEB_PUT = 4,
	WEB_DELETE = 8,
	WEB_PATCH = 16,
	WEB_CROSS_SITE = 256, /* a POST may come from another origin (the SAML ACS) */
	WEB_API = 512	      /* errors are problem+json instead of a page */
};

/* --- who asks, and for what ------------------------------------------------------------------ */
struct app *web_app(const struct web_req *req); /* this worker's; never NULL */
const struct config *web_config(const struct web_req *req);
struct web_worker *web_worker(const struct web_req *req);
struct sp *web_sp(const struct web_req *req);	 /* the SAML service provider, sp.h */
unsigned web_method(const struct web_req *req);	 /* one of WEB_GET ..; HEAD reads as GET */
const char *web_path(const struct web_req *req); /* without the query */
/* The n-th group of the route's regular expression, from 1; empty when there is none. */
struct kf_span web_capture(const struct web_req *req, unsigned n);
/* The peer's address as text. Behind trusted_proxy (and only then): X-Forwarded-For's last hop. */
const char *web_client(const struct web_req *req);
/* A request header by name (any case): the first; empty span when there is none. */
struct kf_span web_header_in(const struct web_req *req, const char *name);
/* The feed role's client certificate, DER appended to out. KF_ENOENT: none (the web role). */
enum kf_err web_peer_cert(const struct web_req *req, struct kf_buf *out) KF_MUST_CHECK;

/* --- what came with it ----------------------------------------------------------------------- */
struct kf_span web_body(const struct web_req *req); /* empty when there is none */
/* The body's type is this one, parameters aside: web_body_is(req, "application/json"). */
bool web_body_is(const struct web_req *req, const char *type);
/* One value by exact name, percent-decoded: any bytes but NUL, may be empty, '=' and line breaks
 * kept. web_form reads an application/x-www-form-urlencoded body, web_query the URI.
 * Errors: KF_ENOENT not there; KF_EINVAL the name twice, a broken escape, or not a form;
 * KF_ELIMIT more than 64 of them. out is empty on every error. */
enum kf_err web_form(struct web_req *req, const char *name, struct kf_span *out) KF_MUST_CHECK;
enum kf_err web_query(struct web_req *req, const char *name, struct kf_span *out) KF_MUST_CHECK;
/* A cookie's value as sent, by exact name. Errors: KF_ENOENT; KF_EINVAL the name twice. */
enum kf_err web_cookie(struct web_req *req, const char *name, struct kf_span *out) KF_MUST_CHECK;
/* The form field "csrf" equals want (constant time). False also when either is empty. */
bool web_csrf_ok(struct web_req *req, struct kf_span want);

/* --- the reply ------------------------------------------------------------------------------- */
/* Every reply carries CSP, nosniff, Referrer-Policy, Cache-Control: no-store and, when base_url is
 * https, HSTS. Each of these sends and returns WEB_REPLIED. A body whose building failed (bad) or
 * a header that was refused turns the reply into a 500, said in the log. */
int web_reply(struct web_req *req, int status, const char *type, const struct kf_buf *body);
int web_reply_page(struct web_req *req, int status, const struct kf_buf *html);
int web_reply_json(struct web_req *req, int status, const struct kf_buf *json);
/* application/problem+json, RFC 9457. detail: for people, may be NULL. */
int web_reply_problem(struct web_req *req, int status, const char *detail);
/* The one table of code -> status; a page or, on WEB_API routes, problem+json. KF_OK is a bug.
 * why: what was wrong and how to mend it, shown to the person; may be NULL. Never a secret. */
int web_reply_err(struct web_req *req, enum kf_err err, const char *why);
/* 303 to a path of ours: "/..." without "//" or '\\' at the start, else 500. */
int web_redirect(struct web_req *req, const char *path);
/* 303 to another site (the IdP). url: http:// or https://, from our own store, not the request. */
int web_redirect_out(struct web_req *req, const char *url);
/* True for what web_redirect takes: check a return= value before it is kept. */
bool web_path_ok(struct kf_span path);

/* Before the reply. A name or value with a control character spoils the reply (500). The same
 * name twice is sent twice, but for cache-control, referrer-policy and content-type: the last. */
void web_header(struct web_req *req, const char *name, const char *value);
/* Set-Cookie: __Host-NAME=value; Path=/; Secure; HttpOnly; SameSite=Lax. name starts with
 * "__Host-". value: cookie octets only (RFC 6265 4.1.1), so hex or base64url. max_age_s 0: until
 * the browser closes. */
void web_cookie_set(struct web_req *req, const char *name, const char *value, unsigned max_age_s);
void web_cookie_clear(struct web_req *req, const char *name);
/* Chromium applies form-action to the redirects after a form's POST as well: a page whose form
 * ends at another site must name that origin ("https://idp.example.org"). Once a reply. */
void web_form_action(struct web_req *req, const char *origin);

/* --- waiting --------------------------------------------------------------------------------- */
/* Long poll: let the request sleep until web_wake(topic) or until wait_s are over, counted from
 * its first sleep; the handler is then called again from its start. False: the time is over (or
 * the server stops), so reply now. Use:
 *	if (nothing_new && web_sleep(req, FEED, wait_s))
 *		return WEB_SLEEPS;
 * wait_s is cut to WEB_WAIT_MAX_S. topic: any number the handlers agree on. */
#define WEB_WAIT_MAX_S 60U
bool web_sleep(struct web_req *req, unsigned topic, unsigned wait_s);
/* Wake all of this worker's requests that sleep on topic. Other workers have their own tick. */
void web_wake(struct web_worker *w, unsigned topic);
/* Zeroed memory of the handler's own that lives through the sleeps; the same n each call. Freed
 * (and wiped) with the request, also when the client leaves. */
void *web_state(struct web_req *req, size_t n);

/* Call fn every 200 ms in this worker, from start on: to look at data_version and web_wake. At
 * most 8; KF_ELIMIT beyond. Registered by a `start` of portal/kore/web.conf. */
enum kf_err web_tick_register(
    struct web_worker *w, void (*fn)(struct web_worker *w, void *arg), void *arg) KF_MUST_CHECK;
/* A worker's own service provider, made by a start of the web role; borrowed. */
void web_worker_sp_set(struct web_worker *w, struct sp *sp);
struct app *web_worker_app(const struct web_worker *w);
const struct config *web_worker_config(const struct web_worker *w);

#endif
