/* Replies and their headers. */
#include "portal/core/config.h"
#include "portal/http/web_impl.h"
#include "portal/view/page.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <kore/kore.h>

#include <kore/http.h>

#include "common/log.h"

static bool
value_ok(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return false;
	return true;
}

static bool
token_ok(const char *s)
{
	return *s != '\0' && value_ok(s) && strpbrk(s, " \t:\"(),/;<=>?@[\\]{}") == NULL;
}

static void
spoil(struct web_req *req, const char *what)
{
	kf_log(LOGL_ERROR, "http", "handler=%s refused-header=%s", req->route->name, what);
	req->spoiled = true;
}

static bool
keep(char *to, size_t size, const char *value)
{
	int n = snprintf(to, size, "%s", value);

	return n >= 0 && (size_t)n < size;
}

void
web_header(struct web_req *req, const char *name, const char *value)
{
	struct web_once *o = &req->once;
	bool ok = true;

	if (!token_ok(name) || !value_ok(value))
		spoil(req, token_ok(name) ? name : "(bad name)");
	else if (strcasecmp(name, "cache-control") == 0)
		ok = keep(o->cache_control, sizeof(o->cache_control), value);
	else if (strcasecmp(name, "referrer-policy") == 0)
		ok = keep(o->referrer_policy, sizeof(o->referrer_policy), value);
	else if (strcasecmp(name, "content-type") == 0)
		ok = keep(o->content_type, sizeof(o->content_type), value);
	else
		http_response_header(req->kore, name, value);
	if (!ok)
		spoil(req, name);
}

void
web_form_action(struct web_req *req, const char *origin)
{
	bool url = strncmp(origin, "https://", 8) == 0 || strncmp(origin, "http://", 7) == 0;

	if (!url || !value_ok(origin) || strpbrk(origin, " ;,'\"") != NULL ||
	    !keep(req->form_action, sizeof(req->form_action), origin))
		spoil(req, "form-action");
}

/* Cookie octets, RFC 6265 4.1.1. */
static bool
cookie_value_ok(const char *s)
{
	return value_ok(s) && strpbrk(s, " \",;\\") == NULL;
}

void
web_cookie_set(struct web_req *req, const char *name, const char *value, unsigned max_age_s)
{
	struct kf_buf b = {0};

	if (strncmp(name, "__Host-", 7) != 0 || !token_ok(name) || !cookie_value_ok(value)) {
		spoil(req, "set-cookie");
		return;
	}
	kf_buf_fmt(&b, "%s=%s; Path=/; Secure; HttpOnly; SameSite=Lax", name, value);
	if (max_age_s > 0)
		kf_buf_fmt(&b, "; Max-Age=%u", max_age_s);
	if (b.bad)
		spoil(req, "set-cookie");
	else
		http_response_header(req->kore, "set-cookie", kf_buf_cstr(&b));
	kf_buf_free(&b);
}

void
web_cookie_clear(struct web_req *req, const char *name)
{
	struct kf_buf b = {0};

	kf_buf_fmt(&b, "%s=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0", name);
	web_header(req, "set-cookie", kf_buf_cstr(&b));
	kf_buf_free(&b);
}

static void
add(struct kf_buf *out, const char *name, const char *value)
{
	kf_buf_fmt(out, "%s: %s\r\n", name, value);
}

static const char *
or_default(const char *value, const char *otherwise)
{
	return value[0] != '\0' ? value : otherwise;
}

void
web_headers(struct kf_buf *out, const struct web_worker *w, const struct web_req *req)
{
	static const struct web_once none;
	const struct web_once *o = req != NULL ? &req->once : &none;

	/* same-origin, not no-referrer: with that, browsers send "Origin: null" with our own forms
	 */
	add(out, "referrer-policy", or_default(o->referrer_policy, "same-origin"));
	add(out, "cache-control", or_default(o->cache_control, "no-store"));
	if (o->content_type[0] != '\0')
		add(out, "content-type", o->content_type);
	add(out, "x-content-type-options", "nosniff");
	kf_buf_fmt(out,
	    "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; "
	    "img-src 'self' data:; connect-src 'self'; form-action 'self'%s%s; base-uri 'none'; "
	    "frame-ancestors 'none'\r\n",
	    req != NULL && req->form_action[0] != '\0' ? " " : "",
	    req != NULL ? req->form_action : "");
	if (w->conf->https)
		add(out, "strict-transport-security", "max-age=31536000");
}

/* A reply that cannot be sent as it was meant. What is set so far (cookies!) does not go out. */
static void
drop_headers(struct web_req *req)
{
	struct http_header *h;

	while ((h = TAILQ_FIRST(&req->kore->resp_headers)) != NULL) {
		TAILQ_REMOVE(&req->kore->resp_headers, h, list);
		kore_free(h->header);
		kore_free(h->value);
		kore_pool_put(&http_header_pool, h);
	}
	memset(&req->once, 0, sizeof(req->once));
	req->form_action[0] = '\0';
	req->spoiled = false;
}

int
web_reply(struct web_req *req, int status, const char *type, const struct kf_buf *body)
{
	if (req->replied) {
		kf_log(LOGL_ERROR, "http", "handler=%s replied twice", req->route->name);
		return WEB_REPLIED;
	}
	if (type != NULL)
		web_header(req, "content-type", type);
	if (req->spoiled || (body != NULL && body->bad)) {
		if (!req->spoiled)
			kf_log(LOGL_ERROR, "http", "handler=%s body failed", req->route->name);
		drop_headers(req);
		return web_refuse(req, 500, NULL);
	}
	req->replied = true;
	if (body == NULL || body->n == 0)
		http_response(req->kore, status, "", 0);
	else
		http_response(req->kore, status, body->p, body->n);
	return WEB_REPLIED;
}

int
web_reply_page(struct web_req *req, int status, const struct kf_buf *html)
{
	return web_reply(req, status, "text/html; charset=utf-8", html);
}

int
web_reply_json(struct web_req *req, int status, const struct kf_buf *json)
{
	return web_reply(req, status, "application/json", json);
}

/* s between quotation marks, RFC 8259 7. */
static void
json_string(struct kf_buf *b, const char *s)
{
	kf_buf_str(b, "\"");
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			kf_buf_fmt(b, "\\%c", *s);
		else if ((unsigned char)*s < 0x20)
			kf_buf_fmt(b, "\\u%04x", (unsigned)(unsigned char)*s);
		else
			kf_buf_add(b, s, 1);
	}
	kf_buf_str(b, "\"");
}

static int
problem_json(struct web_req *req, int status, const char *detail)
{
	struct kf_buf b = {0};

	kf_buf_fmt(&b, "{\"title\":");
	json_string(&b, http_status_text(status));
	kf_buf_fmt(&b, ",\"status\":%d", status);
	if (detail != NULL) {
		kf_buf_str(&b, ",\"detail\":");
		json_string(&b, detail);
	}
	kf_buf_str(&b, "}\n");
	(void)web_reply(req, status, "application/problem+json", &b);
	kf_buf_free(&b);
	return WEB_REPLIED;
}

/* What a person can do about it, where the handler says nothing better. */
static const char *
advice(int status)
{
	switch (status) {
	case 403:
		return "You may not do that here. Go back to the start and sign in again.";
	case 404:
		return "There is nothing at this address. Check it, or go back to the start.";
	case 410:
		return "This is over. Go back to the start for a new one.";
	case 429:
		return "That was too much at once. Wait a minute and try again.";
	case 503:
		return "This cannot be done right now. Nothing was lost: try again in a moment.";
	case 500:
		return "Something went wrong on our side. Try again, and tell the help desk if it "
		       "stays.";
	default:
		return "The request could not be understood. Go back to the start and try again.";
	}
}

static int
problem_page(struct web_req *req, int status, const char *detail)
{
	const struct config *conf = req->w->conf;
	struct page_shell shell = {.org_name = conf->org_name, .help_desk = conf->help_desk};
	struct page_error in = {
	    .title = http_status_text(status), .text = detail != NULL ? detail : advice(status)};
	struct kf_buf b = {0};

	page_error(&b, &shell, &in);
	if (b.bad) { /* the page of last resort has nothing that can fail */
		kf_buf_free(&b);
		return web_reply(req, status, NULL, NULL);
	}
	(void)web_reply_page(req, status, &b);
	kf_buf_free(&b);
	return WEB_REPLIED;
}

int
web_reply_problem(struct web_req *req, int status, const char *detail)
{
	return problem_json(req, status, detail);
}

int
web_refuse(struct web_req *req, int status, const char *why)
{
	if ((req->route->flags & WEB_API) != 0)
		return problem_json(req, status, why);
	return problem_page(req, status, why);
}

int
web_reply_err(struct web_req *req, enum kf_err err, const char *why)
{
	static const int status[] = {
	    [KF_OK] = 500,
	    [KF_EINVAL] = 400,
	    [KF_ENOENT] = 404,
	    [KF_EEXIST] = 409,
	    [KF_EDENIED] = 403,
	    [KF_ELIMIT] = 429,
	    [KF_EEXPIRED] = 410,
	    [KF_EAGAIN] = 503,
	    [KF_ESTALE] = 409,
	    [KF_EIO] = 503,
	    [KF_ENOMEM] = 503,
	};
	int code = (size_t)err < sizeof(status) / sizeof(status[0]) ? status[err] : 500;

	if (code == 503)
		web_header(req, "retry-after", "5");
	return web_refuse(req, code, why);
}

bool
web_path_ok(struct kf_span path)
{
	if (path.n == 0 || path.p[0] != '/')
		return false;
	if (path.n > 1 && (path.p[1] == '/' || path.p[1] == '\\'))
		return false;
	for (size_t i = 0; i < path.n; i++)
		if (path.p[i] <= 0x20 || path.p[i] >= 0x7f || path.p[i] == '\\')
			return false;
	return true;
}

int
web_redirect(struct web_req *req, const char *path)
{
	if (!web_path_ok(kf_span_str(path)))
		spoil(req, "location");
	else
		http_response_header(req->kore, "location", path);
	return web_reply(req, 303, NULL, NULL);
}

int
web_redirect_out(struct web_req *req, const char *url)
{
	if (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0)
		spoil(req, "location");
	else
		web_header(req, "location", url);
	return web_reply(req, 303, NULL, NULL);
}
