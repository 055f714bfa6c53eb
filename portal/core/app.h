/* What every use case stands on: the database, the clock and randomness, the keys that seal.
 * One app per process, opened after fork. */
#ifndef CORE_APP_H
#define CORE_APP_H

#include "common/env.h"
#include "common/err.h"
#include "common/secret.h"

struct config;
struct db;

struct app {
	struct db *db;		    /* keyfob.db; store/db.h */
	struct db *live;	    /* live.db, of the feed role only: core/onair.h */
	const struct config *conf;  /* borrowed, outlives the app */
	const struct kf_env *env;   /* borrowed */
	struct kf_sealkey data_key; /* seals secrets at rest; unwrapped by the master key */
	struct kf_sealkey tag_key;  /* keys pmk_tag */
	char org[37];		    /* the one org of this installation; the API calls it "self" */
};

/* Opens state_dir/keyfob.db, checks the schema's version, unwraps the keys. master: the 32 bytes
 * of master_key_file, read by the caller (the portal's parent reads it before the workers).
 * *out is owned. Errors are logged with what to do: KF_ENOENT no database (run keyfob init),
 * KF_ESTALE older or newer schema (run keyfob migrate), KF_EINVAL wrong master key. */
enum kf_err app_open(const struct config *conf, const struct kf_env *env,
    const struct kf_sealkey *master, struct app **out) KF_MUST_CHECK;
void app_close(struct app **app);

/* Another number whenever another process committed; costs no disk access. Look every 200 ms:
 * there is no other notification between processes. */
enum kf_err app_data_version(struct app *app, uint32_t *out) KF_MUST_CHECK;

/* state_dir/keyfob.db. KF_EINVAL: longer than size. */
enum kf_err app_db_path(const struct config *conf, char *out, size_t size) KF_MUST_CHECK;
/* For setup: fills org and keys of an app whose database was opened otherwise. */
enum kf_err app_load(struct app *app, const struct kf_sealkey *master) KF_MUST_CHECK;

#endif
