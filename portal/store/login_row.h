/* Open sign-ins, and assertions that were seen. */
#ifndef STORE_LOGIN_ROW_H
#define STORE_LOGIN_ROW_H

#include "common/secret.h"
#include "portal/store/store.h"

extern const struct db_set login_set;

struct login_row {
	char id[34], relay[33];
	struct kf_hash cookie_hash;
	char idp[1025], workflow_id[STORE_ID];
	char return_path[256], client[64];
	int64_t expires;

	/* once verified */
	char name_id[257], session_index[256], email[255], name[256];
};

enum kf_err
login_row_insert(struct db *db, const char *org, const struct login_row *row) KF_MUST_CHECK;
/* Open ones in all, and those of this client. */
enum kf_err login_row_count(struct db *db, const char *org, struct kf_span client, uint64_t *all,
    uint64_t *of_client) KF_MUST_CHECK;
/* An unanswered one that is not over. KF_ENOENT */
enum kf_err login_row_open(struct db *db, const char *org, struct kf_span id, int64_t now,
    struct login_row *out) KF_MUST_CHECK;
/* Writes the identity of row->id, which nothing can do twice, and row->expires. */
enum kf_err
login_row_verified(struct db *db, const char *org, const struct login_row *row) KF_MUST_CHECK;
enum kf_err login_row_delete(struct db *db, const char *org, const char *id) KF_MUST_CHECK;
/* The one DELETE … RETURNING: gives a verified row to its browser, once. */
enum kf_err login_row_take(struct db *db, const char *org, const struct login_row *key, int64_t now,
    struct login_row *out) KF_MUST_CHECK;
enum kf_err login_row_sweep(struct db *db, const char *org, int64_t now) KF_MUST_CHECK;

struct replay_row {
	struct kf_span idp, assertion_id;
	int64_t expires;
};
/* KF_EEXIST: it was seen. */
enum kf_err
replay_row_insert(struct db *db, const char *org, const struct replay_row *row) KF_MUST_CHECK;
enum kf_err replay_row_sweep(struct db *db, const char *org, int64_t now) KF_MUST_CHECK;

#endif
