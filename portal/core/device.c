#include "portal/core/device.h"

#include "portal/core/config.h"
#include "portal/store/agent.h"
#include "portal/store/live.h"

#include <stdio.h>
#include <string.h>

struct search {
	struct app *app;
	const struct key_view *key;
	struct device *out;
	size_t max, n;
};

/* All keys of a person share one group, so the group alone does not tell the key. */
static enum kf_err
device_of_key(void *arg, const struct feed_session *s, bool on)
{
	struct search *search = arg;
	char key[37];
	enum kf_err r = sighting_key(search->app->db, search->app->org, s->mac, key);

	if (r != KF_OK)
		return r == KF_ENOENT ? KF_OK : r;
	if (!on || strcmp(key, search->key->id) != 0 || search->n == search->max)
		return KF_OK;
	memcpy(search->out[search->n].mac, s->mac, sizeof(s->mac));
	search->out[search->n++].since = s->since;
	return KF_OK;
}

enum kf_err
device_online(
    struct app *app, const struct key_view *key, struct device *out, size_t max, size_t *n)
{
	struct search search = {app, key, out, max, 0};
	char path[CONFIG_PATH_MAX + 32];
	struct db *live = NULL;
	enum kf_err r;

	*n = 0;
	(void)snprintf(path, sizeof(path), "%s/live.db", app->conf->state_dir);
	if ((r = live_db_peek(path, &live)) == KF_OK)
		r = live_of_group(live, key->group, device_of_key, &search);
	db_close(&live);
	*n = search.n;
	return r == KF_ENOENT ? KF_OK : r;
}
