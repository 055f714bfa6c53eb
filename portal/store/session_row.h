/* Who may act: signed-in browsers and API tokens; and how often one subject did something. */
#ifndef STORE_SESSION_ROW_H
#define STORE_SESSION_ROW_H

#include "common/secret.h"
#include "portal/store/store.h"

extern const struct db_set session_set;

struct session_row {
	struct kf_hash cookie_hash;
	char person_id[STORE_ID], workflow_id[STORE_ID];
	const char *idp, *name_id, *session_index; /* written only; borrowed */
	int64_t created, expires;

	/* read along with it */
	char email[255], name[256], workflow[64];
};

enum kf_err
session_row_insert(struct db *db, const char *org, const struct session_row *row) KF_MUST_CHECK;
/* KF_ENOENT: none, or over at now. */
enum kf_err session_row_get(struct db *db, const char *org, const struct kf_hash *cookie_hash,
    int64_t now, struct session_row *out) KF_MUST_CHECK;
enum kf_err
session_row_delete(struct db *db, const char *org, const struct kf_hash *cookie_hash) KF_MUST_CHECK;
enum kf_err session_row_sweep(struct db *db, const char *org, int64_t now) KF_MUST_CHECK;

struct token_row {
	char id[STORE_ID];
	struct kf_span name;
	struct kf_hash hash;
};
/* KF_EEXIST: the name is taken. */
enum kf_err token_row_insert(
    struct db *db, const char *org, const struct token_row *row, int64_t now) KF_MUST_CHECK;
enum kf_err token_row_name(
    struct db *db, const char *org, const struct kf_hash *hash, char name[64]) KF_MUST_CHECK;

struct limit_row {
	const char *kind, *subject;
	int64_t window_start, expires;
};
/* Counts one more in this window; *count: with this one. */
enum kf_err limit_row_add(
    struct db *db, const char *org, const struct limit_row *row, uint64_t *count) KF_MUST_CHECK;
enum kf_err limit_row_sweep(struct db *db, const char *org, int64_t now) KF_MUST_CHECK;

#endif
