#include "portal/core/app.h"

#include "common/log.h"
#include "portal/core/config.h"
#include "portal/core/vault.h"
#include "portal/store/org_row.h"
#include "portal/store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kf_err
app_db_path(const struct config *conf, char *out, size_t size)
{
	int n = snprintf(out, size, "%s/keyfob.db", conf->state_dir);

	return n > 0 && (size_t)n < size ? KF_OK : KF_EINVAL;
}

static enum kf_err
unwrap(
    struct app *app, const struct kf_sealkey *master, const char *purpose, struct kf_sealkey *out)
{
	struct data_key_row row = {.purpose = purpose};
	struct vault_wrap at = {app->org, row.id, purpose};
	enum kf_err r = data_key_get(app->db, app->org, &row);

	if (r != KF_OK)
		return r;
	r = vault_unwrap(master, &at, kf_span_of(row.wrapped, row.wrapped_n), out);
	if (r == KF_EINVAL)
		kf_log(LOGL_ERROR, "app",
		    "master_key_file holds another key than the one this database was made with");
	return r;
}

enum kf_err
app_load(struct app *app, const struct kf_sealkey *master)
{
	enum kf_err r = org_row_only(app->db, app->org);

	if (r == KF_ENOENT)
		kf_log(LOGL_ERROR, "app", "the database is empty: run keyfob init");
	if (r == KF_OK && ((r = unwrap(app, master, "data", &app->data_key)) != KF_OK))
		return r;
	return r == KF_OK ? unwrap(app, master, "tag", &app->tag_key) : r;
}

enum kf_err
app_open(const struct config *conf, const struct kf_env *env, const struct kf_sealkey *master,
    struct app **out)
{
	char path[CONFIG_PATH_MAX + 16];
	struct app *app = NULL;
	enum kf_err r;
	int version;

	*out = NULL;
	if ((r = app_db_path(conf, path, sizeof(path))) != KF_OK)
		return r;
	if ((app = calloc(1, sizeof(*app))) == NULL)
		return KF_ENOMEM;
	app->conf = conf;
	app->env = env;
	r = store_open(path, &version, &app->db);
	if (r == KF_ENOENT)
		kf_log(LOGL_ERROR, "app", "no database at path=\"%s\": run keyfob init", path);
	else if (r == KF_ESTALE)
		kf_log(LOGL_ERROR, "app",
		    "path=\"%s\" has schema version=%d, not this program's: run keyfob migrate of "
		    "the same release",
		    path, version);
	if (r != KF_OK || (r = app_load(app, master)) != KF_OK)
		goto out;
	*out = app;
	app = NULL;
out:
	app_close(&app);
	return r;
}

void
app_close(struct app **papp)
{
	struct app *app = *papp;

	*papp = NULL;
	if (app == NULL)
		return;
	db_close(&app->db);
	db_close(&app->live);
	kf_wipe(app, sizeof(*app));
	free(app);
}

enum kf_err
app_data_version(struct app *app, uint32_t *out)
{
	return db_data_version(app->db, out);
}
