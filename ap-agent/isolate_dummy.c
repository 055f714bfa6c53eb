/* Isolation that only remembers: for an AP of another maker, which isolates by itself, and for
 * tests. It refuses what isolate_nft would refuse without asking a kernel. */
#include "ap-agent/isolate_dummy.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define DUMMY_STATIONS_MAX 8192

struct dummy_station {
	struct station sta;
	struct place at;
};

struct dummy {
	struct isolate_conf conf;
	struct feed_vlan *vlan;
	size_t vlans, sess;
	struct dummy_station *v;
	size_t n;
};

static enum kf_err
dummy_open(const struct isolate_conf *conf, void **ctx)
{
	struct dummy *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return KF_ENOMEM;
	d->conf = *conf;
	*ctx = d;
	return KF_OK;
}

static enum kf_err
dummy_vlans(void *ctx, const struct feed_vlan *vlan, size_t n)
{
	struct dummy *d = ctx;
	struct feed_vlan *copy = calloc(n + 1, sizeof(*copy));

	if (copy == NULL)
		return KF_ENOMEM;
	for (size_t i = 0; i < n; i++)
		copy[i] = vlan[i];
	free(d->vlan);
	d->vlan = copy;
	d->vlans = n;
	return KF_OK;
}

static struct dummy_station *
find(const struct dummy *d, const struct station *sta)
{
	for (size_t i = 0; i < d->n; i++)
		if (memcmp(&d->v[i].sta, sta, sizeof(*sta)) == 0)
			return &d->v[i];
	return NULL;
}

static bool
is_wired(const struct dummy *d, const uint8_t mac[6])
{
	for (size_t i = 0; i < d->vlans; i++)
		for (size_t w = 0; w < d->vlan[i].wireds; w++)
			if (memcmp(d->vlan[i].wired[w], mac, 6) == 0)
				return true;
	return false;
}

static enum kf_err
dummy_join(void *ctx, const struct station *sta, const struct place *at)
{
	struct dummy *d = ctx;
	struct dummy_station *s = find(d, sta);
	struct isolate_event ev = {.kind = ISOLATE_MAC_FORGED, .why = "its MAC is a wired host's"};

	assert(at->vlan >= 1 && at->vlan <= 4094);
	if (is_wired(d, sta->mac)) {
		memcpy(ev.mac, sta->mac, sizeof(ev.mac));
		if (d->conf.event != NULL)
			d->conf.event(d->conf.arg, &ev);
		return KF_EDENIED;
	}
	if (s == NULL) {
		if (d->n == DUMMY_STATIONS_MAX)
			return KF_ELIMIT;
		if ((s = realloc(d->v, (d->n + 1) * sizeof(*s))) == NULL)
			return KF_ENOMEM;
		d->v = s;
		s += d->n++;
	}
	*s = (struct dummy_station){.sta = *sta, .at = *at};
	return KF_OK;
}

static enum kf_err
dummy_leave(void *ctx, const struct station *sta)
{
	struct dummy *d = ctx;
	struct dummy_station *s = find(d, sta);

	if (s != NULL)
		*s = d->v[--d->n];
	return KF_OK;
}

static enum kf_err
dummy_sessions(void *ctx, const struct feed_session *ses, size_t n)
{
	struct dummy *d = ctx;

	(void)ses;
	d->sess = n;
	return KF_OK;
}

static void
dummy_each(void *ctx, isolate_each_fn *fn, void *arg)
{
	const struct dummy *d = ctx;

	for (size_t i = 0; i < d->n; i++)
		fn(arg, &d->v[i].sta, &d->v[i].at);
}

static size_t
dummy_fds(void *ctx, int *fd, size_t max)
{
	(void)ctx;
	(void)fd;
	(void)max;
	return 0;
}

static enum kf_err
dummy_ready(void *ctx)
{
	(void)ctx;
	return KF_OK;
}

static void
dummy_close(void **ctx)
{
	struct dummy *d = *ctx;

	if (d == NULL)
		return;
	free(d->vlan);
	free(d->v);
	free(d);
	*ctx = NULL;
}

const struct place *
isolate_dummy_at(void *ctx, const struct station *sta)
{
	const struct dummy_station *s = find(ctx, sta);

	return s == NULL ? NULL : &s->at;
}

size_t
isolate_dummy_stations(void *ctx)
{
	return ((const struct dummy *)ctx)->n;
}

size_t
isolate_dummy_sessions(void *ctx)
{
	return ((const struct dummy *)ctx)->sess;
}

const struct isolate_ops isolate_dummy = {
    .name = "dummy",
    .open = dummy_open,
    .vlans = dummy_vlans,
    .join = dummy_join,
    .leave = dummy_leave,
    .sessions = dummy_sessions,
    .each = dummy_each,
    .fds = dummy_fds,
    .ready = dummy_ready,
    .close = dummy_close,
};
