/* Handlers for kore.test.py, which the product must not have, linked with the product's own
 * portal/main.c, glue and toolbox; and a store that opens without a database. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <sys/syscall.h>

#include "portal/core/app.h"
#include "portal/core/onair.h"
#include "portal/http/web.h"

struct bed {
	struct app app;
	unsigned ticks;
};

static int
say(struct web_req *req, struct kf_buf *b)
{
	(void)web_reply(req, 200, "text/plain", b);
	kf_buf_free(b);
	return WEB_REPLIED;
}

static void
value(struct kf_buf *b, enum kf_err r, struct kf_span v)
{
	if (r == KF_OK) {
		kf_buf_str(b, "=");
		kf_buf_hex(b, v);
	} else {
		kf_buf_str(b, kf_err_str(r));
	}
	kf_buf_str(b, "\n");
}

/* --- in place of the store ------------------------------------------------------------------- */

enum kf_err
app_open(const struct config *conf, const struct kf_env *env, const struct kf_sealkey *master,
    struct app **out)
{
	struct bed *bed;

	(void)master;
	if (getenv("BED_FAIL") != NULL)
		return KF_EIO;
	if ((bed = calloc(1, sizeof(*bed))) == NULL)
		return KF_ENOMEM;
	bed->app.conf = conf;
	bed->app.env = env;
	*out = &bed->app;
	return KF_OK;
}

void
app_close(struct app **app)
{
	free(*app);
	*app = NULL;
}

enum kf_err
onair_clear(const struct config *conf)
{
	(void)conf;
	return KF_OK;
}

static void
count(struct web_worker *w, void *arg)
{
	(void)w;
	(*(unsigned *)arg)++;
}

enum kf_err bed_start(struct web_worker *w);
enum kf_err
bed_start(struct web_worker *w)
{
	return web_tick_register(w, count, &((struct bed *)web_worker_app(w))->ticks);
}

/* --- handlers ----------------------------------------------------------------------------------
 */

#define HANDLER(name) \
	int name(struct web_req *req); \
	int name(struct web_req *req)

HANDLER(bed_header)
{
	struct kf_buf b = {0};

	value(&b, KF_OK, web_header_in(req, "x-test"));
	value(&b, KF_OK, web_header_in(req, "x-last"));
	return say(req, &b);
}

HANDLER(bed_cookie)
{
	struct kf_buf b = {0};
	struct kf_span v;

	value(&b, web_cookie(req, "__Host-sid", &v), v);
	return say(req, &b);
}

HANDLER(bed_query)
{
	struct kf_buf b = {0};
	struct kf_span v;

	value(&b, web_query(req, "v", &v), v);
	return say(req, &b);
}

HANDLER(bed_form)
{
	static const char *const names[] = {"a", "b", "c"};
	struct kf_buf b = {0};
	struct kf_span v;

	for (size_t i = 0; i < 3; i++)
		value(&b, web_form(req, names[i], &v), v);
	kf_buf_str(&b, web_csrf_ok(req, KF_LIT("right")) ? "csrf\n" : "");
	return say(req, &b);
}

HANDLER(bed_body)
{
	struct kf_buf b = {0};

	kf_buf_fmt(&b, "%zu\n", web_body(req).n);
	return say(req, &b);
}

HANDLER(bed_group)
{
	struct kf_buf b = {0};

	for (unsigned i = 1; i < 4; i++)
		value(&b, KF_OK, web_capture(req, i));
	return say(req, &b);
}

HANDLER(bed_client)
{
	struct kf_buf b = {0};

	kf_buf_fmt(&b, "%s\n", web_client(req));
	return say(req, &b);
}

/* Sets a header to what the query says. */
HANDLER(bed_set)
{
	struct kf_buf b = {0}, s = {0};
	struct kf_span v;

	if (web_query(req, "v", &v) == KF_OK)
		kf_buf_add(&s, v.p, v.n);
	web_cookie_set(req, "__Host-sid", "secret", 60);
	web_header(req, "x-test", kf_buf_cstr(&s));
	kf_buf_free(&s);
	return say(req, &b);
}

HANDLER(bed_clear)
{
	web_cookie_clear(req, "__Host-sid");
	return web_redirect(req, "/");
}

HANDLER(bed_twice)
{
	(void)web_redirect(req, "/first");
	return web_redirect(req, "/second");
}

HANDLER(bed_nothing)
{
	(void)req;
	return WEB_REPLIED;
}

HANDLER(bed_redirect)
{
	struct kf_buf s = {0};
	struct kf_span v;

	if (web_query(req, "to", &v) == KF_OK)
		kf_buf_add(&s, v.p, v.n);
	(void)web_redirect(req, kf_buf_cstr(&s));
	kf_buf_free(&s);
	return WEB_REPLIED;
}

HANDLER(bed_form_action)
{
	struct kf_buf b = {0};

	web_form_action(req, "https://idp.example.org");
	web_header(req, "cache-control", "max-age=60");
	return say(req, &b);
}

HANDLER(bed_error)
{
	return web_reply_err(req, KF_EIO, "a \"reason\" & more");
}

/* Says "woken" or "over"; counts its calls in its state. */
HANDLER(bed_sleep)
{
	struct kf_buf b = {0};
	struct kf_span v;
	unsigned *calls = web_state(req, sizeof(*calls));
	uint64_t wait_s = 1;

	if (web_query(req, "s", &v) == KF_OK && kf_parse_u64(v, 0, 60, &wait_s) != KF_OK)
		wait_s = 1;
	(*calls)++;
	if (web_query(req, "keep", &v) == KF_OK || *calls == 1) {
		if (web_sleep(req, 7, (unsigned)wait_s))
			return WEB_SLEEPS;
		kf_buf_str(&b, "over ");
	} else {
		kf_buf_str(&b, "woken ");
	}
	kf_buf_fmt(&b, "%u\n", *calls);
	return say(req, &b);
}

HANDLER(bed_wake)
{
	struct kf_buf b = {0};

	web_wake(web_worker(req), 7);
	return say(req, &b);
}

HANDLER(bed_ticks)
{
	struct kf_buf b = {0};

	kf_buf_fmt(&b, "%u\n", ((struct bed *)web_app(req))->ticks);
	return say(req, &b);
}

HANDLER(bed_abort)
{
	(void)req;
	abort();
}

HANDLER(bed_spin)
{
	volatile unsigned n = 0;

	(void)req;
	for (;;)
		n++;
}

HANDLER(bed_forbidden)
{
	struct kf_buf b = {0};

	kf_buf_fmt(&b, "%ld\n", syscall(SYS_ptrace, 0, 0, 0, 0));
	return say(req, &b);
}

HANDLER(bed_peer)
{
	struct kf_buf b = {0}, der = {0};
	enum kf_err r = web_peer_cert(req, &der);

	kf_buf_fmt(&b, "%s %zu\n", kf_err_str(r), der.n);
	kf_buf_free(&der);
	return say(req, &b);
}
