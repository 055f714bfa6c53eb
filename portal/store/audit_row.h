/* The audit: append-only. */
#ifndef STORE_AUDIT_ROW_H
#define STORE_AUDIT_ROW_H

#include "common/secret.h"
#include "portal/store/store.h"

extern const struct db_set audit_set;

/* Spans are borrowed: of the caller at insert, of the row under the cursor in audit_rows. */
struct audit_row {
	uint64_t seq;
	int64_t at_ms;
	struct kf_span actor_kind, actor, action, target, detail;
	struct kf_hash hash;
};

enum kf_err
audit_row_insert(struct db *db, const char *org, const struct audit_row *row) KF_MUST_CHECK;
/* Number and hash of the last entry. KF_ENOENT: none yet. */
enum kf_err
audit_row_head(struct db *db, const char *org, uint64_t *seq, struct kf_hash *hash) KF_MUST_CHECK;
/* All, in their order. */
enum kf_err audit_rows(struct db *db, const char *org,
    enum kf_err (*each)(void *arg, const struct audit_row *row), void *arg) KF_MUST_CHECK;

#endif
