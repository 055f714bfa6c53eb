#include "portal/core/config.h"
#include "portal/http/web_impl.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <kore/kore.h>

#include <kore/http.h>

#include "common/log.h"

static struct kf_span
one_header(const struct web_req *req, const char *name)
{
	const char *v;

	if (http_request_header(req->kore, name, &v) != KORE_RESULT_OK)
		return (struct kf_span){0};
	return kf_span_str(v);
}

/* The last of the lines with this name: what the proxy nearest to us wrote. */
static struct kf_span
last_header(const struct web_req *req, const char *name)
{
	struct kf_span last = {0};
	struct http_header *h;

	TAILQ_FOREACH(h, &req->kore->req_headers, list)
	if (strcasecmp(h->header, name) == 0)
		last = kf_span_str(h->value);
	return last;
}

static size_t
count_headers(const struct web_req *req, const char *name)
{
	struct http_header *h;
	size_t n = 0;

	TAILQ_FOREACH(h, &req->kore->req_headers, list)
	n += strcasecmp(h->header, name) == 0;
	return n;
}

/* --- the life of a request ----------------------------------------------------------------- */

static void
req_release(struct http_request *kore)
{
	struct web_req *req = http_state_get(kore);

	web_unsleep(req);
	if (req->state != NULL)
		kf_wipe(req->state, req->state_n);
	kore_free(req->state);
	free(req->query);
	free(req->form);
	free(req->cookies);
}

struct web_req *
web_req_of(struct http_request *kore)
{
	return kore == NULL ? NULL : http_state_get(kore);
}

static void
client_of(struct web_req *req)
{
	const struct connection *c = req->kore->owner;
	const char *proxy = req->w->conf->trusted_proxy;
	struct kf_span hops;
	uint8_t addr[16];
	size_t i;

	req->client[0] = '\0';
	if (c->family == AF_INET)
		(void)inet_ntop(AF_INET, &c->addr.ipv4.sin_addr, req->client, sizeof(req->client));
	else if (c->family == AF_INET6)
		(void)inet_ntop(
		    AF_INET6, &c->addr.ipv6.sin6_addr, req->client, sizeof(req->client));
	if (strncmp(req->client, "::ffff:", 7) == 0 && strchr(req->client, '.') != NULL)
		memmove(req->client, req->client + 7, strlen(req->client) - 6);
	if (proxy[0] == '\0' || strcmp(proxy, req->client) != 0)
		return;
	hops = last_header(req, "x-forwarded-for");
	for (i = hops.n; i > 0 && hops.p[i - 1] != ',' && hops.p[i - 1] != ' ';)
		i--;
	/* the value is a NUL-terminated string of Kore's, so its tail is one too */
	if (hops.n > 0 && hops.n - i < sizeof(req->client) &&
	    (inet_pton(AF_INET, (const char *)hops.p + i, addr) == 1 ||
		inet_pton(AF_INET6, (const char *)hops.p + i, addr) == 1))
		memcpy(req->client, hops.p + i, hops.n - i + 1);
}

static struct web_req *
req_new(struct http_request *kore, struct web_worker *w, const struct web_route *route)
{
	struct web_req *req = http_state_create(kore, sizeof(*req), req_release);

	req->kore = kore;
	req->w = w;
	req->route = route;
	client_of(req);
	return req;
}

/* --- the checks before a handler runs --------------------------------------------------------- */

static int
refuse_method(struct web_req *req)
{
	static const struct {
		unsigned bit;
		const char *name;
	} all[] = {{WEB_GET, "GET, HEAD"}, {WEB_POST, "POST"}, {WEB_PUT, "PUT"},
	    {WEB_DELETE, "DELETE"}, {WEB_PATCH, "PATCH"}};
	struct kf_buf allow = {0};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if ((req->route->flags & all[i].bit) == 0)
			continue;
		kf_buf_str(&allow, allow.n > 0 ? ", " : "");
		kf_buf_str(&allow, all[i].name);
	}
	web_header(req, "allow", kf_buf_cstr(&allow));
	kf_buf_free(&allow);
	return web_refuse(req, 405, "This address does not take that method.");
}

/* A browser says where an unsafe request comes from; what says nothing is no browser and has no
 * cookies of a person. */
static bool
same_origin(const struct web_req *req)
{
	struct kf_span origin = one_header(req, "origin");
	struct kf_span site = one_header(req, "sec-fetch-site");

	if (origin.n > 0 && !kf_span_eq(origin, kf_span_str(req->w->conf->base_url)))
		return false;
	return site.n == 0 || kf_span_eq(site, KF_LIT("same-origin")) ||
	    kf_span_eq(site, KF_LIT("none"));
}

static const char *
take_arguments(struct web_req *req)
{
	enum kf_err r;

	r = web_pairs_form(kf_span_str(req->kore->query_string), &req->query);
	if (r == KF_OK && web_body_is(req, "application/x-www-form-urlencoded"))
		r = web_pairs_form(web_body(req), &req->form);
	if (r == KF_ELIMIT)
		return "The request has more than 64 arguments.";
	if (r != KF_OK)
		return "An argument of the request is not encoded as a form's is.";
	if (count_headers(req, "cookie") > 1)
		return "The request has more than one Cookie header.";
	if (web_pairs_cookies(one_header(req, "cookie"), &req->cookies) != KF_OK)
		return "The request has more than 32 cookies: delete this site's cookies.";
	return NULL;
}

static int
check_and_run(struct web_req *req)
{
	unsigned method = web_method(req);
	const char *wrong;

	if ((req->route->flags & method) == 0)
		return refuse_method(req);
	if ((wrong = take_arguments(req)) != NULL)
		return web_refuse(req, 400, wrong);
	if (method != WEB_GET && (req->route->flags & WEB_CROSS_SITE) == 0 && !same_origin(req)) {
		kf_log(LOGL_WARN, "http", "refused=cross-site route=%s client=%s", req->route->name,
		    req->client);
		return web_refuse(req, 403, "This form was sent from another site.");
	}
	return req->route->handler(req);
}

int
web_run(struct http_request *kore, struct web_worker *w, const struct web_route *route)
{
	struct web_req *req = http_state_get(kore);
	int did;

	if (req == NULL) {
		req = req_new(kore, w, route);
		did = check_and_run(req);
	} else {
		did = route->handler(req);
	}
	if (did == WEB_SLEEPS && req->asleep)
		return KORE_RESULT_RETRY;
	web_unsleep(req);
	if (!req->replied) {
		kf_log(LOGL_ERROR, "http", "handler=%s replied nothing", route->name);
		(void)web_refuse(req, 500, NULL);
	}
	return KORE_RESULT_OK;
}

/* --- what a handler asks ------------------------------------------------------------------------
 */

struct app *
web_app(const struct web_req *req)
{
	return req->w->app;
}

const struct config *
web_config(const struct web_req *req)
{
	return req->w->conf;
}

struct sp *
web_sp(const struct web_req *req)
{
	return req->w->sp;
}

struct web_worker *
web_worker(const struct web_req *req)
{
	return req->w;
}

unsigned
web_method(const struct web_req *req)
{
	switch (req->kore->method) {
	case HTTP_METHOD_GET:
	case HTTP_METHOD_HEAD:
		return WEB_GET;
	case HTTP_METHOD_POST:
		return WEB_POST;
	case HTTP_METHOD_PUT:
		return WEB_PUT;
	case HTTP_METHOD_DELETE:
		return WEB_DELETE;
	case HTTP_METHOD_PATCH:
		return WEB_PATCH;
	default:
		return 0;
	}
}

const char *
web_path(const struct web_req *req)
{
	return req->kore->path;
}

struct kf_span
web_capture(const struct web_req *req, unsigned n)
{
	const regmatch_t *m;

	if (req->kore->hdlr->type != HANDLER_TYPE_DYNAMIC || n == 0 || n >= HTTP_CAPTURE_GROUPS)
		return (struct kf_span){0};
	m = &req->kore->cgroups[n];
	if (m->rm_so < 0 || m->rm_eo < m->rm_so)
		return (struct kf_span){0};
	return kf_span_of(req->kore->path + m->rm_so, (size_t)(m->rm_eo - m->rm_so));
}

const char *
web_client(const struct web_req *req)
{
	return req->client;
}

struct kf_span
web_header_in(const struct web_req *req, const char *name)
{
	return one_header(req, name);
}

enum kf_err
web_peer_cert(const struct web_req *req, struct kf_buf *out)
{
	unsigned char *der = NULL;
	int n;

	if (req->kore->owner == NULL || req->kore->owner->cert == NULL)
		return KF_ENOENT;
	if ((n = i2d_X509(req->kore->owner->cert, &der)) <= 0)
		return KF_ENOMEM;
	kf_buf_add(out, der, (size_t)n);
	OPENSSL_free(der);
	return out->bad ? KF_ENOMEM : KF_OK;
}

struct kf_span
web_body(const struct web_req *req)
{
	if (req->kore->http_body == NULL)
		return (struct kf_span){0};
	return kf_span_of(req->kore->http_body->data, req->kore->http_body_length);
}

bool
web_body_is(const struct web_req *req, const char *type)
{
	struct kf_span h = one_header(req, "content-type");
	size_t n = strlen(type);

	if (h.n < n || strncasecmp((const char *)h.p, type, n) != 0)
		return false;
	return h.n == n || h.p[n] == ';' || h.p[n] == ' ';
}

enum kf_err
web_form(struct web_req *req, const char *name, struct kf_span *out)
{
	*out = (struct kf_span){0};
	if (req->form == NULL)
		return KF_EINVAL;
	return web_pairs_get(req->form, name, out);
}

enum kf_err
web_query(struct web_req *req, const char *name, struct kf_span *out)
{
	return web_pairs_get(req->query, name, out);
}

enum kf_err
web_cookie(struct web_req *req, const char *name, struct kf_span *out)
{
	return web_pairs_get(req->cookies, name, out);
}

bool
web_csrf_ok(struct web_req *req, struct kf_span want)
{
	struct kf_span got;

	if (web_form(req, "csrf", &got) != KF_OK)
		return false;
	return want.n > 0 && got.n == want.n && kf_ct_equal(got.p, want.p, want.n);
}

void *
web_state(struct web_req *req, size_t n)
{
	if (req->state == NULL) {
		req->state = kore_calloc(1, n); /* ends the worker when there is no memory */
		req->state_n = n;
	}
	return req->state;
}
