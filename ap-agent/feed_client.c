#include "ap-agent/feed_client.h"

#include "common/log.h"

#include <assert.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_TIMEOUT_S 5L
#define CALL_TIMEOUT_S (FEED_WAIT_S + 20L)
#define BACKOFF_MS 250
#define BACKOFF_MAX_MS 30000
#define FDS_MAX 64

static const char *const call_name[CALL__MAX] = {
    [CALL_FEED] = "feed",
    [CALL_SESSIONS] = "stations",
    [CALL_EVENTS] = "events",
    [CALL_RENEW] = "renew",
};

struct call {
	struct feed_client *client;
	enum feed_call kind;
	CURL *easy;
	struct feed_ask ask;
	struct kf_buf in;
	struct feed_call_state state;
	int64_t due; /* mono ms */
	char curl_error[CURL_ERROR_SIZE];
};

struct feed_client {
	const struct kf_env *env;
	struct feed_client_ops ops;
	CURLM *multi;
	struct curl_slist *connect_to, *headers;
	char base[64]; /* https://keyfob-feed:PORT */
	struct call call[CALL__MAX];
};

static size_t
body_take(char *p, size_t size, size_t n, void *arg)
{
	struct call *call = arg;

	kf_buf_add(&call->in, p, size * n);
	return call->in.bad ? 0 : size * n; /* more than FEED_BODY_MAX ends the call */
}

/* Whatever the URL's host is, the name that is asked for and checked is FEED_SERVER_NAME. */
static enum kf_err
target_set(struct feed_client *c, const char *url)
{
	char to[FEED_URL_MAX + 64];
	char *host = NULL, *port = NULL;
	CURLU *u = curl_url();
	enum kf_err r = KF_EINVAL;
	int n, m;

	if (u != NULL && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK) {
		n = snprintf(c->base, sizeof(c->base), "https://" FEED_SERVER_NAME ":%s", port);
		m = snprintf(to, sizeof(to), FEED_SERVER_NAME ":%s:%s:%s", port, host, port);
		if (n > 0 && (size_t)n < sizeof(c->base) && m > 0 && (size_t)m < sizeof(to) &&
		    (c->connect_to = curl_slist_append(NULL, to)) != NULL)
			r = KF_OK;
	}
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(u);
	return r;
}

static bool
easy_set(struct call *call, const struct identity *id)
{
	CURL *e = call->easy;
	struct feed_client *c = call->client;

	return curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_CONNECT_TO, c->connect_to) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_HTTPHEADER, c->headers) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_PROXY, "") == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_CAINFO, id->ca) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_CAPATH, NULL) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_SSLCERT, id->cert) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_SSLKEY, id->key) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_TIMEOUT, CALL_TIMEOUT_S) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_ERRORBUFFER, call->curl_error) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, body_take) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_WRITEDATA, call) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_PRIVATE, call) == CURLE_OK;
}

enum kf_err
feed_client_new(const struct identity *id, const struct kf_env *env,
    const struct feed_client_ops *ops, struct feed_client **out)
{
	struct feed_client *c = calloc(1, sizeof(*c));
	enum kf_err r = KF_EIO;

	*out = NULL;
	if (c == NULL)
		return KF_ENOMEM;
	c->env = env;
	c->ops = *ops;
	if ((c->multi = curl_multi_init()) == NULL || (r = target_set(c, id->url)) != KF_OK)
		goto out;
	r = KF_EIO;
	/* No "Expect: 100-continue" and no form type on our POSTs. */
	c->headers = curl_slist_append(NULL, "Expect:");
	if (c->headers == NULL ||
	    curl_slist_append(c->headers, "Content-Type: application/x-keyfob-feed") == NULL)
		goto out;
	for (int i = 0; i < CALL__MAX; i++) {
		struct call *call = &c->call[i];

		call->client = c;
		call->kind = (enum feed_call)i;
		call->in.max = FEED_BODY_MAX;
		call->easy = curl_easy_init();
		if (call->easy == NULL || !easy_set(call, id))
			goto out;
	}
	*out = c;
	c = NULL;
	r = KF_OK;
out:
	feed_client_free(&c);
	return r;
}

void
feed_client_free(struct feed_client **pc)
{
	struct feed_client *c = *pc;

	*pc = NULL;
	if (c == NULL)
		return;
	for (int i = 0; i < CALL__MAX; i++) {
		struct call *call = &c->call[i];

		if (call->state.busy)
			(void)curl_multi_remove_handle(c->multi, call->easy);
		curl_easy_cleanup(call->easy);
		kf_buf_free(&call->ask.body);
		kf_buf_free(&call->in);
	}
	(void)curl_multi_cleanup(c->multi);
	curl_slist_free_all(c->connect_to);
	curl_slist_free_all(c->headers);
	free(c);
}

void
feed_client_identity(struct feed_client *c, const struct identity *id)
{
	for (int i = 0; i < CALL__MAX; i++)
		if (!easy_set(&c->call[i], id))
			kf_log(LOGL_ERROR, "feed", "cannot take the new certificate");
}

static int64_t
now_ms(const struct feed_client *c)
{
	return c->env->mono_ms(c->env->ctx);
}

/* 250 ms, doubled with each failure, up to 30 s; half of it by chance. */
static int64_t
backoff_ms(struct feed_client *c, unsigned failures)
{
	unsigned shift = failures < 8 ? failures - 1 : 7;
	int64_t ms = (int64_t)BACKOFF_MS << shift;
	uint16_t chance = 0;

	if (ms > BACKOFF_MAX_MS)
		ms = BACKOFF_MAX_MS;
	(void)!c->env->random(c->env->ctx, &chance, sizeof(chance));
	return ms / 2 + ms * chance / (2 * UINT16_MAX);
}

static void
call_failed(struct call *call, const char *why)
{
	struct feed_client *c = call->client;

	if (++call->state.failures == 1)
		kf_log(LOGL_WARN, "feed", "call=%s failed says=\"%s\"", call_name[call->kind], why);
	(void)snprintf(call->state.error, sizeof(call->state.error), "%s", why);
	call->due = now_ms(c) + backoff_ms(c, call->state.failures);
}

static void
call_ended(struct call *call, CURLcode rc)
{
	struct feed_client *c = call->client;
	char why[64];
	long status = 0;

	(void)curl_multi_remove_handle(c->multi, call->easy);
	call->state.busy = false;
	kf_buf_free(&call->ask.body);
	(void)curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	call->state.status = rc == CURLE_OK ? (int)status : 0;
	if (rc != CURLE_OK) {
		call_failed(
		    call, call->curl_error[0] != '\0' ? call->curl_error : curl_easy_strerror(rc));
	} else if (status != 200) {
		(void)snprintf(why, sizeof(why), "the portal answered %ld%s", status,
		    status == 403 ? ": revoked, or not enrolled there" : "");
		call_failed(call, why);
	} else if (!c->ops.answer(c->ops.arg, call->kind, kf_buf_span(&call->in))) {
		call_failed(call, "the portal's answer is not understood");
	} else {
		if (call->state.failures > 0)
			kf_log(LOGL_INFO, "feed", "call=%s works again", call_name[call->kind]);
		call->state.failures = 0;
		call->state.error[0] = '\0';
		call->state.ok_at = kf_now_s(c->env);
		call->due = now_ms(c);
	}
	kf_buf_free(&call->in); /* may have held PMKs: wiped */
	call->in.max = FEED_BODY_MAX;
}

static void
call_start(struct call *call)
{
	struct feed_client *c = call->client;
	char url[FEED_PATH_MAX + 64];
	int n = snprintf(url, sizeof(url), "%s%s", c->base, call->ask.path);
	bool post = call->ask.body.n > 0;
	CURL *e = call->easy;

	assert(n > 0);
	assert((size_t)n < sizeof(url));
	call->curl_error[0] = '\0';
	if (curl_easy_setopt(e, CURLOPT_URL, url) != CURLE_OK ||
	    (post && curl_easy_setopt(e, CURLOPT_POSTFIELDS, call->ask.body.p) != CURLE_OK) ||
	    (post &&
		curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE, (long)call->ask.body.n) != CURLE_OK) ||
	    (!post && curl_easy_setopt(e, CURLOPT_HTTPGET, 1L) != CURLE_OK) ||
	    curl_multi_add_handle(c->multi, e) != CURLM_OK) {
		kf_buf_free(&call->ask.body);
		call_failed(call, "libcurl has no room for the call");
		return;
	}
	call->state.busy = true;
}

void
feed_client_run(struct feed_client *c)
{
	struct call *call;
	CURLMsg *msg;
	char *arg;
	int left, running;

	(void)curl_multi_perform(c->multi, &running);
	while ((msg = curl_multi_info_read(c->multi, &left)) != NULL) {
		if (msg->msg != CURLMSG_DONE)
			continue;
		CURLcode rc = msg->data.result;
		if (curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &arg) == CURLE_OK) {
			memcpy(&call, &arg, sizeof(call));
			call_ended(call, rc);
		}
	}
	for (int i = 0; i < CALL__MAX; i++) {
		call = &c->call[i];
		if (!call->state.busy && call->due <= now_ms(c) &&
		    c->ops.ask(c->ops.arg, call->kind, &call->ask))
			call_start(call);
	}
	(void)curl_multi_perform(c->multi, &running);
}

void
feed_client_wait(struct feed_client *c, struct pollfd *fd, size_t n, int ms)
{
	struct curl_waitfd w[FDS_MAX];

	assert(n <= FDS_MAX);
	for (size_t i = 0; i < n; i++)
		w[i] = (struct curl_waitfd){.fd = fd[i].fd, .events = CURL_WAIT_POLLIN};
	for (int i = 0; i < CALL__MAX; i++) {
		int64_t left = c->call[i].due - now_ms(c);

		if (!c->call[i].state.busy && left > 0 && left < ms)
			ms = (int)left;
	}
	(void)curl_multi_poll(c->multi, w, (unsigned)n, ms, NULL);
	for (size_t i = 0; i < n; i++)
		fd[i].revents = w[i].revents;
}

const struct feed_call_state *
feed_client_state(const struct feed_client *c, enum feed_call call)
{
	return &c->call[call].state;
}
