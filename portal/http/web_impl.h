/* What the toolbox is made of. For web*.c and the glue in portal/kore/ only. */
#ifndef PORTAL_HTTP_WEB_IMPL_H
#define PORTAL_HTTP_WEB_IMPL_H

#include "portal/http/web.h"
#include "portal/http/web_pairs.h"

#define WEB_TICK_MS 200
#define WEB_TICKS_MAX 8
#define WEB_ORIGIN_MAX 256

struct http_request; /* Kore's */

struct web_route {
	const char *name;
	int (*handler)(struct web_req *req);
	unsigned flags; /* WEB_GET | ... */
};

struct web_tick {
	void (*fn)(struct web_worker *w, void *arg);
	void *arg;
};

/* One a worker process; portal/kore/worker.c holds it. */
struct web_worker {
	const struct config *conf;
	struct app *app;
	struct sp *sp; /* NULL in the feed role */
	const struct kf_env *env;
	struct web_req *sleepers; /* a list by next */
	struct web_tick tick[WEB_TICKS_MAX];
	unsigned ticks;
};

/* Header values of which a reply has one; "" means the default. */
struct web_once {
	char cache_control[96], referrer_policy[40], content_type[96];
};

struct web_req {
	struct http_request *kore;
	struct web_worker *w;
	const struct web_route *route;
	struct web_pairs *query, *form, *cookies; /* owned; NULL: none */
	struct web_once once;
	char client[46];
	char form_action[WEB_ORIGIN_MAX];
	bool replied;
	bool spoiled; /* a header was refused: the reply becomes a 500 */

	bool asleep;
	unsigned topic;
	int64_t until; /* mono ms; 0: has not slept yet */
	struct web_req *next, **link;

	void *state; /* the handler's, web_state */
	size_t state_n;
};

/* Kore calls a route: make or find its web_req, check it, run the handler. Returns Kore's result.
 */
int web_run(struct http_request *kore, struct web_worker *w, const struct web_route *route);
/* The header block of every reply, with CR LF ends. req NULL: Kore's own refusal. */
void web_headers(struct kf_buf *out, const struct web_worker *w, const struct web_req *req);
/* An error as a page or, on WEB_API routes, problem+json. */
int web_refuse(struct web_req *req, int status, const char *why);
/* The web_req of a request of Kore's; NULL when no handler has run. */
struct web_req *web_req_of(struct http_request *kore);
/* The 200 ms tick: run the registered ones, wake who has waited long enough. */
void web_worker_tick(struct web_worker *w);
/* Take req off the list of sleepers. */
void web_unsleep(struct web_req *req);

#endif
