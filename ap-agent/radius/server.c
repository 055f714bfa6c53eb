#include "ap-agent/radius/server.h"

#include "ap-agent/radius/acct.h"
#include "ap-agent/radius/answers.h"
#include "ap-agent/radius/clients.h"
#include "ap-agent/radius/dialect_hostapd.h"
#include "ap-agent/radius/lookup.h"
#include "ap-agent/radius/wire.h"
#include "common/log.h"
#include "common/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct sock {
	int fd;
	bool accounting;
};

/* One request under way. It points into itself: never copied. */
struct job {
	struct wire_packet wire;
	struct radius_packet pkt;
	struct client *client;
	const struct sock *sock;
	struct kf_hash who;
	struct radius_ask ask;
	bool waits; /* for a scan */
};

struct radius_server {
	struct sock sock[RADIUS_SOCKETS_MAX];
	size_t socks;
	struct clients *clients;
	struct answers *answers;
	struct lookup lookup;
	enum radius_vlan_attr vlan_attr;
	const struct kf_env *env;
	struct radius_events events;
	struct radius_counters count;
	struct job job[RADIUS_WAITING_MAX + 1]; /* those that wait, and one to receive into */
	size_t waiting;
	struct radius_reply reply;
};

static const struct radius_dialect *const dialect = &radius_dialect_hostapd;

/* --- life ---------------------------------------------------------------------------------- */

enum kf_err
radius_server_new(const struct radius_conf *conf, struct radius_server **out)
{
	struct radius_server *srv;
	enum kf_err r;

	assert(conf->env != NULL);
	assert(conf->stations != NULL);
	*out = NULL;
	srv = calloc(1, sizeof(*srv));
	if (srv == NULL)
		return KF_ENOMEM;
	srv->env = conf->env;
	srv->events = conf->events;
	srv->vlan_attr = conf->vlan_attr;
	srv->lookup.env = conf->env;
	srv->lookup.stations = conf->stations;
	if ((r = clients_new(conf->client, conf->clients, &srv->clients)) != KF_OK ||
	    (r = answers_new(&srv->answers)) != KF_OK)
		radius_server_free(&srv);
	*out = srv;
	return r;
}

void
radius_server_free(struct radius_server **srv)
{
	struct radius_server *s = *srv;

	if (s == NULL)
		return;
	for (size_t i = 0; i < s->socks; i++)
		close(s->sock[i].fd);
	clients_free(&s->clients);
	answers_free(&s->answers);
	free(s);
	*srv = NULL;
}

enum kf_err
radius_server_adopt(struct radius_server *srv, int fd, bool accounting)
{
	enum kf_err r;

	if (srv->socks == RADIUS_SOCKETS_MAX)
		return KF_ELIMIT;
	if ((r = wire_prepare(fd)) != KF_OK)
		return r;
	srv->sock[srv->socks++] = (struct sock){fd, accounting};
	return KF_OK;
}

enum kf_err
radius_server_listen(struct radius_server *srv, const struct feed_addr *addr, uint16_t port)
{
	int auth = -1, acct = -1;
	enum kf_err r;

	assert(port >= 1);
	assert(port < UINT16_MAX);
	if (srv->socks + 2 > RADIUS_SOCKETS_MAX)
		return KF_ELIMIT;
	if ((r = wire_bind(addr, port, &auth)) == KF_OK &&
	    (r = wire_bind(addr, (uint16_t)(port + 1), &acct)) == KF_OK &&
	    (r = radius_server_adopt(srv, auth, false)) == KF_OK) {
		auth = -1; /* now the server's */
		r = radius_server_adopt(srv, acct, true);
		acct = r == KF_OK ? -1 : acct;
	}
	if (auth >= 0)
		close(auth);
	if (acct >= 0)
		close(acct);
	return r;
}

size_t
radius_server_fds(const struct radius_server *srv, int *fd, size_t max)
{
	size_t n = srv->socks < max ? srv->socks : max;

	for (size_t i = 0; i < n; i++)
		fd[i] = srv->sock[i].fd;
	return n;
}

void
radius_server_keys(struct radius_server *srv, const struct keyring *ring)
{
	lookup_ring(&srv->lookup, ring);
}

const struct radius_counters *
radius_server_counters(const struct radius_server *srv)
{
	return &srv->count;
}

static int64_t
now_ms(const struct radius_server *srv)
{
	return srv->env->mono_ms(srv->env->ctx);
}

/* Drops a request: counts it, and says so the 1st, 2nd, 4th, 8th ... time. */
static void
drop(const struct job *job, uint64_t *count, const char *why)
{
	++*count;
	if ((*count & (*count - 1)) != 0)
		return;
	kf_log(LOGL_WARN, "radius", "dropped=%s client=%s from=%s count=%llu", why,
	    job->client == NULL ? "?" : job->client->conf.name, job->wire.from_text,
	    (unsigned long long)*count);
}

/* --- replies ------------------------------------------------------------------------------- */

static void
send_reply(struct radius_server *srv, struct job *job)
{
	struct kf_span bytes;

	if (radius_reply_finish(&srv->reply, &job->pkt, client_secret(job->client)) != KF_OK) {
		drop(job, &srv->count.failed, "reply-too-long");
		return;
	}
	bytes = kf_span_of(srv->reply.b, srv->reply.n);
	answers_put(srv->answers, &job->who, bytes, now_ms(srv));
	wire_send(job->sock->fd, &job->wire, bytes);
}

static void
send_plain(struct radius_server *srv, struct job *job, enum radius_code code, uint64_t *count)
{
	++*count;
	radius_reply_start(&srv->reply, code, &job->pkt);
	send_reply(srv, job);
}

static void
reject(struct radius_server *srv, struct job *job, const struct lookup_result *found)
{
	struct radius_miss miss = {
	    .ssid = job->ask.ssid,
	    .akm = job->ask.why == EAPOL_FINE ? job->ask.hs.akm : 0,
	    .candidates = found == NULL ? 0 : found->candidates,
	    .microseconds = found == NULL ? 0 : found->microseconds,
	    .why = job->ask.why,
	    .client = job->client->conf.name,
	};

	memcpy(miss.mac, job->ask.mac, 6);
	memcpy(miss.bss, job->ask.bss, 6);
	send_plain(srv, job, RADIUS_ACCESS_REJECT, &srv->count.rejects);
	if (srv->events.on_miss != NULL)
		srv->events.on_miss(srv->events.arg, &miss);
}

/* Seconds until the key ends, which the caller knows to be in the future; 0 = never. */
static uint32_t
session_s(const struct radius_server *srv, const struct feed_key *key)
{
	int64_t left = key->not_after - kf_now_s(srv->env);

	if (key->not_after == 0)
		return 0;
	if (left < 1)
		return 1;
	return left > UINT32_MAX ? UINT32_MAX : (uint32_t)left;
}

/* False: no slot is free, or no randomness. */
static bool
grant_fill(struct radius_server *srv, const struct job *job, struct radius_grant *grant)
{
	const struct radius_events *ev = &srv->events;
	const struct feed_key *key = grant->key;

	grant->session_s = session_s(srv, key);
	grant->tunnel = key->vlan;
	if (srv->vlan_attr == RADIUS_VLAN_ATTR_SLOT) {
		grant->tunnel =
		    ev->slot == NULL ? 0 : ev->slot(ev->arg, key->group, key->vlan, job->ask.bss);
		if (grant->tunnel == 0)
			return false;
	}
	return srv->env->random(srv->env->ctx, &grant->salt, sizeof(grant->salt)) == KF_OK;
}

/* Only here a PMK leaves, and found->key is set only where its MIC matched. */
static void
accept_key(struct radius_server *srv, struct job *job, const struct lookup_result *found)
{
	struct radius_grant grant = {.key = found->key};
	struct radius_match match = {
	    .key = found->key,
	    .akm = job->ask.hs.akm,
	    .candidates = found->candidates,
	    .microseconds = found->microseconds,
	    .client = job->client->conf.name,
	};

	if (!grant_fill(srv, job, &grant)) {
		kf_log(LOGL_ERROR, "radius", "rejected=no-slot-free client=%s group=%u vlan=%u",
		    job->client->conf.name, (unsigned)found->key->group,
		    (unsigned)found->key->vlan);
		send_plain(srv, job, RADIUS_ACCESS_REJECT, &srv->count.rejects);
		return;
	}
	srv->count.accepts++;
	radius_reply_start(&srv->reply, RADIUS_ACCESS_ACCEPT, &job->pkt);
	dialect->accept(&srv->reply, &job->pkt, client_secret(job->client), &grant);
	send_reply(srv, job);
	memcpy(match.mac, job->ask.mac, 6);
	memcpy(match.bss, job->ask.bss, 6);
	match.slot = srv->vlan_attr == RADIUS_VLAN_ATTR_SLOT ? grant.tunnel : 0;
	if (srv->events.on_match != NULL)
		srv->events.on_match(srv->events.arg, &match);
}

/* --- requests ------------------------------------------------------------------------------ */

/* Was it answered already? Then it gets the same bytes. */
static bool
answer_again(struct radius_server *srv, struct job *job)
{
	struct kf_span bytes = answers_get(srv->answers, &job->who, now_ms(srv));

	if (bytes.n == 0)
		return false;
	srv->count.duplicates++;
	wire_send(job->sock->fd, &job->wire, bytes);
	return true;
}

static void
access_request(struct radius_server *srv, struct job *job)
{
	struct lookup_result found;
	enum kf_err r = dialect->read(&job->pkt, &job->ask);

	if (r == KF_EINVAL) {
		drop(job, &srv->count.malformed, "bad-handshake-attributes");
		return;
	}
	if (r != KF_OK) { /* no handshake: a question that only a MAC list could answer */
		send_plain(srv, job, RADIUS_ACCESS_REJECT, &srv->count.rejects);
		return;
	}
	if (job->ask.why != EAPOL_FINE)
		reject(srv, job, NULL);
	else if (lookup_known(&srv->lookup, &job->ask, &found) == KF_OK)
		accept_key(srv, job, &found);
	else
		job->waits = true;
}

/* The second half of an Access-Request: what only a scan can tell. */
static void
access_scan(struct radius_server *srv, struct job *job)
{
	struct lookup_result found;
	enum kf_err r;

	if (answer_again(srv, job))
		return;
	if (lookup_refused(&srv->lookup, &job->ask)) {
		send_plain(srv, job, RADIUS_ACCESS_REJECT, &srv->count.rejects);
		return;
	}
	if (!client_may_scan(job->client, now_ms(srv))) {
		drop(job, &srv->count.limited, "too-many-wrong-keys");
		return; /* the AP asks again in some seconds */
	}
	r = lookup_scan(&srv->lookup, &job->ask, &found);
	if (r == KF_OK) {
		accept_key(srv, job, &found);
	} else if (r == KF_ENOENT) {
		client_charge(job->client, found.candidates);
		reject(srv, job, &found);
	} else
		drop(job, &srv->count.failed, kf_err_str(r));
}

static void
accounting_request(struct radius_server *srv, struct job *job)
{
	struct radius_acct acct;
	enum kf_err r = acct_read(&job->pkt, &acct);

	if (r == KF_EINVAL) {
		drop(job, &srv->count.malformed, "bad-accounting");
		return;
	}
	acct.client = job->client->conf.name;
	if (r == KF_OK && srv->events.on_acct != NULL &&
	    srv->events.on_acct(srv->events.arg, &acct) != KF_OK) {
		drop(job, &srv->count.failed, "not-recorded");
		return;
	}
	send_plain(srv, job, RADIUS_ACCOUNTING_RESPONSE, &srv->count.acct);
}

/* Is the request signed as its code and client demand? If not, it is dropped. */
static bool
authentic(struct radius_server *srv, struct job *job)
{
	struct kf_span secret = client_secret(job->client);

	if (job->pkt.code == RADIUS_ACCOUNTING_REQUEST) {
		if (radius_acct_ok(&job->pkt, secret))
			return true;
	} else if (job->pkt.ma_at != 0) {
		if (radius_ma_ok(&job->pkt, secret))
			return true;
	} else {
		if (job->pkt.code == RADIUS_ACCESS_REQUEST &&
		    !job->client->conf.require_message_authenticator)
			return true;
		drop(job, &srv->count.no_authenticator, "no-message-authenticator");
		return false;
	}
	drop(job, &srv->count.bad_authenticator, "wrong-authenticator-or-secret");
	return false;
}

static void
who_of(const struct job *job, struct kf_hash *out)
{
	const struct kf_span part[] = {kf_span_str(job->wire.from_text),
	    kf_span_of(&job->sock->fd, sizeof(job->sock->fd)), kf_span_of(&job->pkt.id, 1),
	    kf_span_of(job->pkt.authenticator, RADIUS_AUTH_LEN)};

	kf_sha256_parts(part, sizeof(part) / sizeof(part[0]), out);
}

static void
receive(struct radius_server *srv, struct job *job)
{
	bool acct = job->sock->accounting;

	srv->count.requests++;
	job->waits = false;
	job->client = clients_find(srv->clients, &job->wire.from);
	if (job->client == NULL) {
		drop(job, &srv->count.unknown_client, "unknown-client");
		return;
	}
	if (radius_parse(kf_span_of(job->wire.b, job->wire.n), &job->pkt) != KF_OK) {
		drop(job, &srv->count.malformed, "malformed");
		return;
	}
	if (job->pkt.code != RADIUS_STATUS_SERVER &&
	    job->pkt.code != (acct ? RADIUS_ACCOUNTING_REQUEST : RADIUS_ACCESS_REQUEST)) {
		drop(job, &srv->count.unexpected, "unexpected-code");
		return;
	}
	if (!authentic(srv, job))
		return;
	who_of(job, &job->who);
	if (answer_again(srv, job))
		return;
	if (job->pkt.code == RADIUS_STATUS_SERVER)
		send_plain(srv, job, acct ? RADIUS_ACCOUNTING_RESPONSE : RADIUS_ACCESS_ACCEPT,
		    &srv->count.status);
	else if (acct)
		accounting_request(srv, job);
	else
		access_request(srv, job);
}

/* Answers what came, except for that which only a scan can answer: that waits. When too much
 * waits it is dropped, and the AP asks again. */
static void
drain(struct radius_server *srv, const struct sock *sock)
{
	for (int i = 0; i < RADIUS_DRAIN_MAX; i++) {
		struct job *job = &srv->job[srv->waiting];

		if (wire_receive(sock->fd, &job->wire) != KF_OK)
			return;
		job->sock = sock;
		receive(srv, job);
		if (job->waits && srv->waiting == RADIUS_WAITING_MAX)
			drop(job, &srv->count.limited, "too-many-unknown-stations");
		else if (job->waits)
			srv->waiting++;
	}
}

void
radius_server_ready(struct radius_server *srv, int fd)
{
	const struct sock *sock = NULL;

	for (size_t i = 0; i < srv->socks; i++)
		if (srv->sock[i].fd == fd)
			sock = &srv->sock[i];
	if (sock == NULL)
		return;
	drain(srv, sock);
	/* Between two scans come the stations that need none. The newest first: who waits long
	 * has asked again meanwhile. After some rounds what is left is scanned and no more is
	 * taken, so that a flood does not keep the caller from its other work. */
	for (int rounds = 0; srv->waiting > 0; rounds++) {
		access_scan(srv, &srv->job[--srv->waiting]);
		if (rounds < RADIUS_WAITING_MAX)
			drain(srv, sock);
	}
}
