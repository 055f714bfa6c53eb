/* The change log. */
#ifndef STORE_CHANGE_ROW_H
#define STORE_CHANGE_ROW_H

#include "common/secret.h"
#include "portal/store/store.h"

extern const struct db_set change_set;

struct change_row {
	uint64_t rev;
	int kind;
	char entity_id[STORE_ID];
	int64_t at_ms;
	struct kf_hash chain;
};

enum kf_err
change_row_insert(struct db *db, const char *org, const struct change_row *row) KF_MUST_CHECK;
/* The last one. KF_ENOENT: there is none yet. */
enum kf_err change_row_head(struct db *db, const char *org, struct change_row *out) KF_MUST_CHECK;
enum kf_err
change_row_at(struct db *db, const char *org, uint64_t rev, struct change_row *out) KF_MUST_CHECK;
/* Every entity that changed after rev, once, in the order of its last change; only rev, kind and
 * entity_id are filled. */
enum kf_err change_rows_since(struct db *db, const char *org, uint64_t rev,
    enum kf_err (*each)(void *arg, const struct change_row *row), void *arg) KF_MUST_CHECK;

#endif
