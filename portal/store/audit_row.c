#include "portal/store/audit_row.h"

enum { AUDIT_INSERT, AUDIT_HEAD, AUDIT_ALL, AUDIT__MAX };

static const struct db_stmt audit_sql[AUDIT__MAX] = {
    [AUDIT_INSERT] = {"INSERT INTO audit(org_id, seq, at_ms, actor_kind, actor, action, target,"
		      " detail, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	0},
    [AUDIT_HEAD] = {"SELECT seq, hash FROM audit WHERE org_id = ?1 ORDER BY seq DESC LIMIT 1", 2},
    [AUDIT_ALL] = {"SELECT seq, at_ms, actor_kind, actor, action, target, detail, hash FROM audit"
		   " WHERE org_id = ?1 ORDER BY seq",
	8},
};
const struct db_set audit_set = DB_SET("audit", audit_sql);

enum kf_err
audit_row_insert(struct db *db, const char *org, const struct audit_row *row)
{
	return db_run(db, &audit_set, AUDIT_INSERT,
	    DB_ARGS(db_str(org), db_int((int64_t)row->seq), db_int(row->at_ms),
		db_text(row->actor_kind), db_text(row->actor), db_text(row->action),
		db_text(row->target), db_text(row->detail),
		db_blob(kf_span_of(row->hash.b, sizeof(row->hash.b)))));
}

enum kf_err
audit_row_head(struct db *db, const char *org, uint64_t *seq, struct kf_hash *hash)
{
	struct db_row row;
	enum kf_err r = db_one(db, &audit_set, AUDIT_HEAD, DB_ARGS(db_str(org)), &row);

	if (r != KF_OK)
		return r;
	*seq = (uint64_t)db_col_int(&row, 0);
	db_col_bytes(&row, 1, hash->b, sizeof(hash->b));
	return db_done(&row);
}

enum kf_err
audit_rows(struct db *db, const char *org,
    enum kf_err (*each)(void *arg, const struct audit_row *row), void *arg)
{
	struct audit_row out = {0};
	struct db_row row;
	enum kf_err done, r = db_query(db, &audit_set, AUDIT_ALL, DB_ARGS(db_str(org)), &row);

	while (r == KF_OK && (r = db_next(&row)) == KF_OK) {
		out.seq = (uint64_t)db_col_int(&row, 0);
		out.at_ms = db_col_int(&row, 1);
		out.actor_kind = db_col_span(&row, 2);
		out.actor = db_col_span(&row, 3);
		out.action = db_col_span(&row, 4);
		out.target = db_col_span(&row, 5);
		out.detail = db_col_span(&row, 6);
		db_col_bytes(&row, 7, out.hash.b, sizeof(out.hash.b));
		r = row.bad ? KF_EIO : each(arg, &out);
	}
	done = db_done(&row);
	return r == KF_ENOENT ? done : r;
}
