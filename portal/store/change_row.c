#include "portal/store/change_row.h"

enum { CHANGE_INSERT, CHANGE_HEAD, CHANGE_AT, CHANGE_SINCE, CHANGE__MAX };

static const struct db_stmt change_sql[CHANGE__MAX] = {
    [CHANGE_INSERT] = {"INSERT INTO change_log(org_id, rev, kind, entity_id, at_ms, chain)"
		       " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	0},
    [CHANGE_HEAD] = {"SELECT rev, kind, entity_id, at_ms, chain FROM change_log"
		     " WHERE org_id = ?1 ORDER BY rev DESC LIMIT 1",
	5},
    [CHANGE_AT] = {"SELECT rev, kind, entity_id, at_ms, chain FROM change_log"
		   " WHERE org_id = ?1 AND rev = ?2",
	5},
    [CHANGE_SINCE] = {"SELECT max(rev), kind, entity_id FROM change_log"
		      " WHERE org_id = ?1 AND rev > ?2 GROUP BY kind, entity_id ORDER BY 1",
	3},
};
const struct db_set change_set = DB_SET("change_log", change_sql);

static enum kf_err
change_one(enum kf_err r, struct db_row *row, struct change_row *out)
{
	if (r != KF_OK)
		return r;
	out->rev = (uint64_t)db_col_int(row, 0);
	out->kind = (int)db_col_range(row, 1, 0, 255);
	db_col_str(row, 2, out->entity_id, sizeof(out->entity_id));
	out->at_ms = db_col_int(row, 3);
	db_col_bytes(row, 4, out->chain.b, sizeof(out->chain.b));
	return db_done(row);
}

enum kf_err
change_row_insert(struct db *db, const char *org, const struct change_row *row)
{
	return db_run(db, &change_set, CHANGE_INSERT,
	    DB_ARGS(db_str(org), db_int((int64_t)row->rev), db_int(row->kind),
		db_str(row->entity_id), db_int(row->at_ms),
		db_blob(kf_span_of(row->chain.b, sizeof(row->chain.b)))));
}

enum kf_err
change_row_head(struct db *db, const char *org, struct change_row *out)
{
	struct db_row row;

	return change_one(
	    db_one(db, &change_set, CHANGE_HEAD, DB_ARGS(db_str(org)), &row), &row, out);
}

enum kf_err
change_row_at(struct db *db, const char *org, uint64_t rev, struct change_row *out)
{
	struct db_row row;

	return change_one(
	    db_one(db, &change_set, CHANGE_AT, DB_ARGS(db_str(org), db_int((int64_t)rev)), &row),
	    &row, out);
}

enum kf_err
change_rows_since(struct db *db, const char *org, uint64_t rev,
    enum kf_err (*each)(void *arg, const struct change_row *row), void *arg)
{
	struct change_row out = {0};
	struct db_row row;
	enum kf_err done,
	    r = db_query(
		db, &change_set, CHANGE_SINCE, DB_ARGS(db_str(org), db_int((int64_t)rev)), &row);

	while (r == KF_OK && (r = db_next(&row)) == KF_OK) {
		out.rev = (uint64_t)db_col_int(&row, 0);
		out.kind = (int)db_col_range(&row, 1, 0, 255);
		db_col_str(&row, 2, out.entity_id, sizeof(out.entity_id));
		r = row.bad ? KF_EIO : each(arg, &out);
	}
	done = db_done(&row);
	return r == KF_ENOENT ? done : r;
}
