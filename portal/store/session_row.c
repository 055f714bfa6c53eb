#include "portal/store/session_row.h"

enum {
	SESSION_INSERT,
	SESSION_GET,
	SESSION_DELETE,
	SESSION_SWEEP,
	TOKEN_INSERT,
	TOKEN_NAME,
	LIMIT_ADD,
	LIMIT_SWEEP,
	SESSION__MAX
};

static const struct db_stmt session_sql[SESSION__MAX] = {
    [SESSION_INSERT] = {"INSERT INTO session(cookie_hash, org_id, person_id, workflow_id, idp,"
			" name_id, session_index, created, expires)"
			" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	0},
    [SESSION_GET] = {"SELECT s.person_id, s.workflow_id, s.created, s.expires, o.email, o.name,"
		     " f.slug FROM session s JOIN person o ON o.id = s.person_id"
		     " JOIN workflow f ON f.id = s.workflow_id"
		     " WHERE s.org_id = ?1 AND s.cookie_hash = ?2 AND s.expires > ?3",
	7},
    [SESSION_DELETE] = {"DELETE FROM session WHERE org_id = ?1 AND cookie_hash = ?2", 0},
    [SESSION_SWEEP] = {"DELETE FROM session WHERE org_id = ?1 AND expires <= ?2", 0},
    [TOKEN_INSERT] = {"INSERT INTO api_token(id, org_id, name, hash, created)"
		      " VALUES (?1, ?2, ?3, ?4, ?5)",
	0},
    [TOKEN_NAME] = {"SELECT name FROM api_token WHERE org_id = ?1 AND hash = ?2", 1},
    [LIMIT_ADD] = {"INSERT INTO limits(org_id, kind, subject, window_start, expires, count)"
		   " VALUES (?1, ?2, ?3, ?4, ?5, 1) ON CONFLICT (org_id, kind, subject,"
		   " window_start) DO UPDATE SET count = limits.count + 1 RETURNING count",
	1},
    [LIMIT_SWEEP] = {"DELETE FROM limits WHERE org_id = ?1 AND expires <= ?2", 0},
};
const struct db_set session_set = DB_SET("session", session_sql);

static struct db_val
hash_val(const struct kf_hash *hash)
{
	return db_blob(kf_span_of(hash->b, sizeof(hash->b)));
}

enum kf_err
session_row_insert(struct db *db, const char *org, const struct session_row *row)
{
	return db_run(db, &session_set, SESSION_INSERT,
	    DB_ARGS(hash_val(&row->cookie_hash), db_str(org), db_str(row->person_id),
		db_str(row->workflow_id), db_str(row->idp), db_str(row->name_id),
		db_str(row->session_index), db_int(row->created), db_int(row->expires)));
}

enum kf_err
session_row_get(struct db *db, const char *org, const struct kf_hash *cookie_hash, int64_t now,
    struct session_row *out)
{
	struct db_row row;
	enum kf_err r = db_one(db, &session_set, SESSION_GET,
	    DB_ARGS(db_str(org), hash_val(cookie_hash), db_int(now)), &row);

	if (r != KF_OK)
		return r;
	*out = (struct session_row){.cookie_hash = *cookie_hash};
	db_col_str(&row, 0, out->person_id, sizeof(out->person_id));
	db_col_str(&row, 1, out->workflow_id, sizeof(out->workflow_id));
	out->created = db_col_int(&row, 2);
	out->expires = db_col_int(&row, 3);
	db_col_str(&row, 4, out->email, sizeof(out->email));
	db_col_str(&row, 5, out->name, sizeof(out->name));
	db_col_str(&row, 6, out->workflow, sizeof(out->workflow));
	return db_done(&row);
}

enum kf_err
session_row_delete(struct db *db, const char *org, const struct kf_hash *cookie_hash)
{
	enum kf_err r =
	    db_run(db, &session_set, SESSION_DELETE, DB_ARGS(db_str(org), hash_val(cookie_hash)));

	return r == KF_OK && db_changes(db) == 0 ? KF_ENOENT : r;
}

enum kf_err
session_row_sweep(struct db *db, const char *org, int64_t now)
{
	return db_run(db, &session_set, SESSION_SWEEP, DB_ARGS(db_str(org), db_int(now)));
}

enum kf_err
token_row_insert(struct db *db, const char *org, const struct token_row *row, int64_t now)
{
	return db_run(db, &session_set, TOKEN_INSERT,
	    DB_ARGS(db_str(row->id), db_str(org), db_text(row->name), hash_val(&row->hash),
		db_int(now)));
}

enum kf_err
token_row_name(struct db *db, const char *org, const struct kf_hash *hash, char name[64])
{
	struct db_row row;
	enum kf_err r =
	    db_one(db, &session_set, TOKEN_NAME, DB_ARGS(db_str(org), hash_val(hash)), &row);

	if (r != KF_OK)
		return r;
	db_col_str(&row, 0, name, 64);
	return db_done(&row);
}

enum kf_err
limit_row_add(struct db *db, const char *org, const struct limit_row *limit, uint64_t *count)
{
	struct db_row row;
	enum kf_err r = db_one(db, &session_set, LIMIT_ADD,
	    DB_ARGS(db_str(org), db_str(limit->kind), db_str(limit->subject),
		db_int(limit->window_start), db_int(limit->expires)),
	    &row);

	if (r != KF_OK)
		return r;
	*count = (uint64_t)db_col_int(&row, 0);
	return db_done(&row);
}

enum kf_err
limit_row_sweep(struct db *db, const char *org, int64_t now)
{
	return db_run(db, &session_set, LIMIT_SWEEP, DB_ARGS(db_str(org), db_int(now)));
}
