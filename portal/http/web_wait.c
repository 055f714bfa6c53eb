/* Requests that sleep, and the tick that looks after them. */
#include "portal/http/web_impl.h"

#include <kore/kore.h>

#include <kore/http.h>

void
web_unsleep(struct web_req *req)
{
	if (!req->asleep)
		return;
	*req->link = req->next;
	if (req->next != NULL)
		req->next->link = req->link;
	req->asleep = false;
}

static void
wake(struct web_req *req)
{
	web_unsleep(req);
	http_request_wakeup(req->kore);
}

bool
web_sleep(struct web_req *req, unsigned topic, unsigned wait_s)
{
	struct web_worker *w = req->w;
	int64_t now = w->env->mono_ms(w->env->ctx);

	if (wait_s > WEB_WAIT_MAX_S)
		wait_s = WEB_WAIT_MAX_S;
	if (req->until == 0)
		req->until = now + (int64_t)wait_s * 1000;
	if (now >= req->until)
		return false;
	if (req->asleep)
		return true;
	req->asleep = true;
	req->topic = topic;
	req->next = w->sleepers;
	req->link = &w->sleepers;
	if (req->next != NULL)
		req->next->link = &req->next;
	w->sleepers = req;
	req->kore->owner->http_timeout = 0; /* else Kore answers 408 for us */
	http_request_sleep(req->kore);
	return true;
}

void
web_wake(struct web_worker *w, unsigned topic)
{
	struct web_req *req, *next;

	for (req = w->sleepers; req != NULL; req = next) {
		next = req->next;
		if (req->topic == topic)
			wake(req);
	}
}

void
web_worker_tick(struct web_worker *w)
{
	int64_t now = w->env->mono_ms(w->env->ctx);
	struct web_req *req, *next;

	for (unsigned i = 0; i < w->ticks; i++)
		w->tick[i].fn(w, w->tick[i].arg);
	for (req = w->sleepers; req != NULL; req = next) {
		next = req->next;
		if (now >= req->until)
			wake(req);
	}
}

enum kf_err
web_tick_register(struct web_worker *w, void (*fn)(struct web_worker *w, void *arg), void *arg)
{
	if (w->ticks == WEB_TICKS_MAX)
		return KF_ELIMIT;
	w->tick[w->ticks++] = (struct web_tick){fn, arg};
	return KF_OK;
}

void
web_worker_sp_set(struct web_worker *w, struct sp *sp)
{
	w->sp = sp;
}

struct app *
web_worker_app(const struct web_worker *w)
{
	return w->app;
}

const struct config *
web_worker_config(const struct web_worker *w)
{
	return w->conf;
}
