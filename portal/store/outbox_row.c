#include "portal/store/outbox_row.h"

#define OUTBOX_COLS \
	"id, kind, psk_id, version, message_id, email, name, mail_mode, attempts, due_ms, created"
#define OUTBOX_COLS_N 11

enum {
	OUTBOX_INSERT,
	OUTBOX_STATE,
	OUTBOX_CLAIM,
	OUTBOX_RELEASE,
	OUTBOX_NEXT,
	OUTBOX_WAITING,
	OUTBOX_RESULT,
	OUTBOX__MAX
};

static const struct db_stmt outbox_sql[OUTBOX__MAX] = {
    [OUTBOX_INSERT] = {"INSERT INTO outbox(org_id, kind, psk_id, version, message_id, email, name,"
		       " mail_mode, due_ms, created)"
		       " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
	0},
    [OUTBOX_STATE] = {"SELECT count(CASE WHEN state = 'waiting' THEN 1 END), count(CASE WHEN "
		      "created > ?3 THEN 1 END),"
		      " coalesce(max(CASE WHEN kind = ?2 THEN version END), 0) + 1"
		      " FROM outbox WHERE psk_id = ?1",
	3},
    [OUTBOX_CLAIM] = {"UPDATE outbox SET attempts = attempts + 1, lease_ms = ?3 WHERE id ="
		      " (SELECT id FROM outbox WHERE org_id = ?1 AND state = 'waiting'"
		      " AND due_ms <= ?2 AND lease_ms <= ?2 ORDER BY due_ms, id LIMIT 1)"
		      " RETURNING " OUTBOX_COLS,
	OUTBOX_COLS_N},
    [OUTBOX_RELEASE] = {"UPDATE outbox SET lease_ms = 0 WHERE org_id = ?1 AND state = 'waiting'"
			" AND lease_ms > 0",
	0},
    [OUTBOX_NEXT] =
	{"SELECT min(CASE WHEN lease_ms > due_ms THEN lease_ms ELSE due_ms END) FROM outbox"
	 " WHERE org_id = ?1 AND state = 'waiting'",
	    1},
    [OUTBOX_WAITING] = {"SELECT " OUTBOX_COLS " FROM outbox"
			" WHERE org_id = ?1 AND id = ?2 AND state = 'waiting'",
	OUTBOX_COLS_N},
    [OUTBOX_RESULT] = {"UPDATE outbox SET state = ?3, last_code = ?4, last_text = ?5, due_ms = ?6,"
		       " done = ?7, lease_ms = 0"
		       " WHERE org_id = ?1 AND id = ?2 AND state = 'waiting'",
	0},
};
const struct db_set outbox_set = DB_SET("outbox", outbox_sql);

static enum kf_err
outbox_one(enum kf_err r, struct db_row *row, struct outbox_row *out)
{
	if (r != KF_OK)
		return r;
	out->id = db_col_int(row, 0);
	out->kind = (int)db_col_range(row, 1, 0, 255);
	db_col_str(row, 2, out->psk_id, sizeof(out->psk_id));
	out->version = db_col_int(row, 3);
	db_col_str(row, 4, out->message_id, sizeof(out->message_id));
	db_col_str(row, 5, out->email, sizeof(out->email));
	db_col_str(row, 6, out->name, sizeof(out->name));
	db_col_str(row, 7, out->mail_mode, sizeof(out->mail_mode));
	out->attempts = (uint32_t)db_col_range(row, 8, 0, UINT32_MAX);
	out->due_ms = db_col_int(row, 9);
	out->created = db_col_int(row, 10);
	return db_done(row);
}

enum kf_err
outbox_row_insert(struct db *db, const char *org, const struct outbox_row *row)
{
	return db_run(db, &outbox_set, OUTBOX_INSERT,
	    DB_ARGS(db_str(org), db_int(row->kind), db_str(row->psk_id), db_int(row->version),
		db_str(row->message_id), db_str(row->email), db_str(row->name),
		db_str(row->mail_mode), db_int(row->due_ms), db_int(row->created)));
}

enum kf_err
outbox_row_state(
    struct db *db, const char *psk_id, int kind, int64_t since, struct outbox_state *out)
{
	struct db_row row;
	enum kf_err r = db_one(db, &outbox_set, OUTBOX_STATE,
	    DB_ARGS(db_str(psk_id), db_int(kind), db_int(since)), &row);

	if (r != KF_OK)
		return r;
	out->waiting = (uint64_t)db_col_int(&row, 0);
	out->recent = (uint64_t)db_col_int(&row, 1);
	out->next_version = db_col_int(&row, 2);
	return db_done(&row);
}

enum kf_err
outbox_row_claim(
    struct db *db, const char *org, int64_t now_ms, int64_t lease_ms, struct outbox_row *out)
{
	struct db_row row;

	return outbox_one(db_one(db, &outbox_set, OUTBOX_CLAIM,
			      DB_ARGS(db_str(org), db_int(now_ms), db_int(lease_ms)), &row),
	    &row, out);
}

enum kf_err
outbox_row_release(struct db *db, const char *org)
{
	return db_run(db, &outbox_set, OUTBOX_RELEASE, DB_ARGS(db_str(org)));
}

enum kf_err
outbox_row_next(struct db *db, const char *org, int64_t *due_ms)
{
	struct db_row row;
	enum kf_err r = db_one(db, &outbox_set, OUTBOX_NEXT, DB_ARGS(db_str(org)), &row);
	bool none;

	if (r != KF_OK)
		return r;
	none = db_col_is_null(&row, 0);
	*due_ms = db_col_int(&row, 0);
	r = db_done(&row);
	return r == KF_OK && none ? KF_ENOENT : r;
}

enum kf_err
outbox_row_waiting(struct db *db, const char *org, int64_t id, struct outbox_row *out)
{
	struct db_row row;

	return outbox_one(
	    db_one(db, &outbox_set, OUTBOX_WAITING, DB_ARGS(db_str(org), db_int(id)), &row), &row,
	    out);
}

enum kf_err
outbox_row_result(struct db *db, const char *org, const struct outbox_result *result)
{
	enum kf_err r = db_run(db, &outbox_set, OUTBOX_RESULT,
	    DB_ARGS(db_str(org), db_int(result->id), db_str(result->state), db_int(result->code),
		db_str(result->text), db_int(result->due_ms), db_int(result->done)));

	return r == KF_OK && db_changes(db) == 0 ? KF_ENOENT : r;
}
