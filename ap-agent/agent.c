#include "ap-agent/agent.h"

#include "ap-agent/file.h"
#include "common/log.h"

#include <inttypes.h>
#include <string.h>

#define STATIONS_CACHED 16384
#define TOUCH_EVERY_S 600
#define SNAPSHOT_FILE "feed.sealed"
#define NFT "/usr/sbin/nft"

static enum kf_err
radius_open(struct agent *a)
{
	struct radius_conf conf = {.client = a->conf->client,
	    .clients = a->conf->clients,
	    .vlan_attr = a->conf->vlan_attr,
	    .env = a->env,
	    .stations = a->stations,
	    .events = agent_radius_events(a)};
	enum kf_err r;

	if (a->conf->radius_port == 0)
		return KF_OK;
	if ((r = radius_server_new(&conf, &a->radius)) != KF_OK)
		return r;
	return radius_server_listen(a->radius, &a->conf->radius_addr, a->conf->radius_port);
}

static enum kf_err
isolate_open(struct agent *a)
{
	struct isolate_conf conf = {.netns = a->conf->netns[0] != '\0' ? a->conf->netns : NULL,
	    .uplink = a->conf->uplink,
	    .agent_id = a->id.id,
	    .nft = NFT,
	    .event = agent_isolate_event,
	    .arg = a};

	return a->conf->isolate->open(&conf, &a->iso);
}

/* The last set that was saved. Without one, or with one that does not open, the feed gives all. */
static enum kf_err
set_load(struct agent *a)
{
	enum kf_err r = snapshot_load(&a->snapshot, a->set, &a->head, &a->feed_at);

	if (r == KF_OK || r == KF_ESTALE) {
		kf_log(LOGL_INFO, "feed", "snapshot rev=%" PRIu64 " keys=%zu", a->head.rev,
		    set_count(a->set, FEED_KEY));
		a->head_doubt = r == KF_ESTALE;
		return KF_OK;
	}
	if (r == KF_EINVAL)
		kf_log(LOGL_WARN, "feed",
		    "the snapshot does not open with seal_key_file: waiting for the portal");
	a->head = (struct feed_head){0};
	return r == KF_ENOENT || r == KF_EINVAL ? KF_OK : r;
}

static enum kf_err
identity_open(struct agent *a)
{
	enum kf_err r = identity_read(a->conf, &a->id);

	if (r == KF_ENOENT)
		kf_log(LOGL_ERROR, "agent",
		    "not enrolled: run keyfob-agent enroll with a code of keyfob agent code");
	if (r == KF_OK && (r = identity_seal_key(a->conf, a->env, false, &a->seal_key)) != KF_OK)
		kf_log(LOGL_ERROR, "agent",
		    "seal_key_file=\"%s\" is missing or not 32 bytes: enrol again",
		    a->conf->seal_key_file);
	if (r != KF_OK)
		return r;
	a->snapshot.key = &a->seal_key;
	a->snapshot.env = a->env;
	memcpy(a->snapshot.agent, a->id.id, sizeof(a->snapshot.agent));
	return file_path(
	    a->conf->state_dir, SNAPSHOT_FILE, a->snapshot.path, sizeof(a->snapshot.path));
}

enum kf_err
agent_open(struct agent *a, const struct agent_conf *conf, const struct kf_env *env)
{
	struct feed_client_ops ops = {agent_ask, agent_answer, a};
	enum kf_err r;

	memset(a, 0, sizeof(*a));
	a->conf = conf;
	a->env = env;
	a->started = kf_now_s(env);
	if ((r = identity_open(a)) != KF_OK)
		return r;
	a->slots = slots_new();
	a->roster = roster_new();
	a->report = report_new();
	if (a->slots == NULL || a->roster == NULL || a->report == NULL)
		return KF_ENOMEM;
	if ((r = set_new(&a->set)) != KF_OK || (r = set_load(a)) != KF_OK)
		return r;
	if (a->feed_at == 0)
		a->feed_at = a->started; /* a new agent is not stale */
	if ((r = station_cache_new(STATIONS_CACHED, env, &a->stations)) != KF_OK ||
	    (r = isolate_open(a)) != KF_OK || (r = radius_open(a)) != KF_OK ||
	    (r = agent_rebuild(a)) != KF_OK ||
	    (r = feed_client_new(&a->id, env, &ops, &a->client)) != KF_OK)
		return r;
	agent_adopt(a);
	report_full(a->report);
	return KF_OK;
}

static void
save(struct agent *a)
{
	a->save_due = 0;
	if (snapshot_save(&a->snapshot, a->set, &a->head) != KF_OK)
		kf_log(LOGL_ERROR, "feed",
		    "the snapshot could not be saved: a restart would "
		    "answer from an older one until the portal is back");
}

void
agent_close(struct agent *a)
{
	if (a->save_due != 0)
		save(a);
	feed_client_free(&a->client);
	radius_server_free(&a->radius);
	station_cache_free(&a->stations);
	keyring_free(&a->ring);
	set_free(&a->set);
	if (a->iso != NULL)
		a->conf->isolate->close(&a->iso);
	slots_free(&a->slots);
	roster_free(&a->roster);
	report_free(&a->report);
	kf_buf_free(&a->renew_key);
	kf_wipe(&a->seal_key, sizeof(a->seal_key));
}

/* Red after stale_after without the portal; then, if so configured, nobody new comes in. */
static void
stale_check(struct agent *a, int64_t now)
{
	bool stale = now - a->feed_at >= a->conf->stale_after_s;

	if (stale == a->stale)
		return;
	a->stale = stale;
	kf_log(stale ? LOGL_ERROR : LOGL_INFO, "feed", "stale=%s action=%s", stale ? "yes" : "no",
	    a->conf->refuse_new ? "refuse-new" : "keep");
	if (a->radius != NULL)
		radius_server_keys(a->radius, stale && a->conf->refuse_new ? NULL : a->ring);
}

void
agent_tick(struct agent *a)
{
	int64_t now = kf_now_s(a->env), mono = a->env->mono_ms(a->env->ctx);

	agent_stations_check(a);
	stale_check(a, now);
	if (a->save_due != 0 && mono >= a->save_due)
		save(a);
	if (a->feed_at - a->touched >= TOUCH_EVERY_S) {
		a->touched = a->feed_at;
		snapshot_touch(&a->snapshot);
	}
}
