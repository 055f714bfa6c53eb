/* The org: its counters, and the keys that seal its secrets (wrapped). */
#ifndef STORE_ORG_ROW_H
#define STORE_ORG_ROW_H

#include "portal/store/store.h"

#define ORG_WRAPPED_MAX 128

extern const struct db_set org_set;

enum kf_err
org_row_insert(struct db *db, const char *id, struct kf_span name, int64_t now) KF_MUST_CHECK;
/* The one there is. */
enum kf_err org_row_only(struct db *db, char id[STORE_ID]) KF_MUST_CHECK;
/* The next private network's number. KF_ELIMIT: all are given out. */
enum kf_err org_row_take_group(struct db *db, const char *id, uint32_t *out) KF_MUST_CHECK;
enum kf_err org_row_idp_generation(struct db *db, const char *id, uint64_t *out) KF_MUST_CHECK;
enum kf_err org_row_idp_changed(struct db *db, const char *id) KF_MUST_CHECK;

struct data_key_row {
	char id[STORE_ID];
	const char *purpose; /* "data" or "tag"; borrowed */
	uint8_t wrapped[ORG_WRAPPED_MAX];
	size_t wrapped_n;
};
enum kf_err data_key_insert(
    struct db *db, const char *org, const struct data_key_row *row, int64_t now) KF_MUST_CHECK;
/* Fills the rest of out by its purpose. */
enum kf_err data_key_get(struct db *db, const char *org, struct data_key_row *out) KF_MUST_CHECK;

#endif
