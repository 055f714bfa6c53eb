#include "portal/store/login_row.h"

#define LOGIN_COLS \
	"id, relay, cookie_hash, idp, workflow_id, return_path, client, expires, name_id, " \
	"session_index, email, name"
#define LOGIN_COLS_N 12

enum {
	LOGIN_INSERT,
	LOGIN_COUNT,
	LOGIN_OPEN,
	LOGIN_VERIFIED,
	LOGIN_DELETE,
	LOGIN_TAKE,
	LOGIN_SWEEP,
	REPLAY_INSERT,
	REPLAY_SWEEP,
	LOGIN__MAX
};

static const struct db_stmt login_sql[LOGIN__MAX] = {
    [LOGIN_INSERT] = {"INSERT INTO saml_request(id, org_id, relay, cookie_hash, idp, workflow_id,"
		      " return_path, client, expires) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	0},
    [LOGIN_COUNT] = {"SELECT (SELECT count(*) FROM saml_request WHERE org_id = ?1),"
		     " (SELECT count(*) FROM saml_request WHERE org_id = ?1 AND client = ?2)",
	2},
    [LOGIN_OPEN] = {"SELECT " LOGIN_COLS " FROM saml_request"
		    " WHERE org_id = ?1 AND id = ?2 AND verified = 0 AND expires > ?3",
	LOGIN_COLS_N},
    [LOGIN_VERIFIED] = {"UPDATE saml_request SET verified = 1, expires = ?3, name_id = ?4,"
			" session_index = ?5, email = ?6, name = ?7"
			" WHERE org_id = ?1 AND id = ?2 AND verified = 0",
	0},
    [LOGIN_DELETE] = {"DELETE FROM saml_request WHERE org_id = ?1 AND id = ?2", 0},
    [LOGIN_TAKE] = {"DELETE FROM saml_request WHERE org_id = ?1 AND relay = ?2"
		    " AND cookie_hash = ?3 AND verified = 1 AND expires > ?4 RETURNING " LOGIN_COLS,
	LOGIN_COLS_N},
    [LOGIN_SWEEP] = {"DELETE FROM saml_request WHERE org_id = ?1 AND expires <= ?2", 0},
    [REPLAY_INSERT] = {"INSERT INTO saml_replay(org_id, idp, assertion_id, expires)"
		       " VALUES (?1, ?2, ?3, ?4)",
	0},
    [REPLAY_SWEEP] = {"DELETE FROM saml_replay WHERE org_id = ?1 AND expires <= ?2", 0},
};
const struct db_set login_set = DB_SET("login", login_sql);

static enum kf_err
login_one(enum kf_err r, struct db_row *row, struct login_row *out)
{
	if (r != KF_OK)
		return r;
	db_col_str(row, 0, out->id, sizeof(out->id));
	db_col_str(row, 1, out->relay, sizeof(out->relay));
	db_col_bytes(row, 2, out->cookie_hash.b, sizeof(out->cookie_hash.b));
	db_col_str(row, 3, out->idp, sizeof(out->idp));
	db_col_str(row, 4, out->workflow_id, sizeof(out->workflow_id));
	db_col_str(row, 5, out->return_path, sizeof(out->return_path));
	db_col_str(row, 6, out->client, sizeof(out->client));
	out->expires = db_col_int(row, 7);
	db_col_str(row, 8, out->name_id, sizeof(out->name_id));
	db_col_str(row, 9, out->session_index, sizeof(out->session_index));
	db_col_str(row, 10, out->email, sizeof(out->email));
	db_col_str(row, 11, out->name, sizeof(out->name));
	return db_done(row);
}

static struct db_val
hash_val(const struct kf_hash *hash)
{
	return db_blob(kf_span_of(hash->b, sizeof(hash->b)));
}

enum kf_err
login_row_insert(struct db *db, const char *org, const struct login_row *row)
{
	return db_run(db, &login_set, LOGIN_INSERT,
	    DB_ARGS(db_str(row->id), db_str(org), db_str(row->relay), hash_val(&row->cookie_hash),
		db_str(row->idp), db_str(row->workflow_id), db_str(row->return_path),
		db_str(row->client), db_int(row->expires)));
}

enum kf_err
login_row_count(
    struct db *db, const char *org, struct kf_span client, uint64_t *all, uint64_t *of_client)
{
	struct db_row row;
	enum kf_err r =
	    db_one(db, &login_set, LOGIN_COUNT, DB_ARGS(db_str(org), db_text(client)), &row);

	if (r != KF_OK)
		return r;
	*all = (uint64_t)db_col_int(&row, 0);
	*of_client = (uint64_t)db_col_int(&row, 1);
	return db_done(&row);
}

enum kf_err
login_row_open(
    struct db *db, const char *org, struct kf_span id, int64_t now, struct login_row *out)
{
	struct db_row row;

	return login_one(db_one(db, &login_set, LOGIN_OPEN,
			     DB_ARGS(db_str(org), db_text(id), db_int(now)), &row),
	    &row, out);
}

enum kf_err
login_row_verified(struct db *db, const char *org, const struct login_row *row)
{
	enum kf_err r = db_run(db, &login_set, LOGIN_VERIFIED,
	    DB_ARGS(db_str(org), db_str(row->id), db_int(row->expires), db_str(row->name_id),
		db_str(row->session_index), db_str(row->email), db_str(row->name)));

	return r == KF_OK && db_changes(db) == 0 ? KF_ENOENT : r;
}

enum kf_err
login_row_delete(struct db *db, const char *org, const char *id)
{
	return db_run(db, &login_set, LOGIN_DELETE, DB_ARGS(db_str(org), db_str(id)));
}

enum kf_err
login_row_take(
    struct db *db, const char *org, const struct login_row *key, int64_t now, struct login_row *out)
{
	struct db_row row;

	return login_one(
	    db_one(db, &login_set, LOGIN_TAKE,
		DB_ARGS(db_str(org), db_str(key->relay), hash_val(&key->cookie_hash), db_int(now)),
		&row),
	    &row, out);
}

enum kf_err
login_row_sweep(struct db *db, const char *org, int64_t now)
{
	return db_run(db, &login_set, LOGIN_SWEEP, DB_ARGS(db_str(org), db_int(now)));
}

enum kf_err
replay_row_insert(struct db *db, const char *org, const struct replay_row *row)
{
	return db_run(db, &login_set, REPLAY_INSERT,
	    DB_ARGS(
		db_str(org), db_text(row->idp), db_text(row->assertion_id), db_int(row->expires)));
}

enum kf_err
replay_row_sweep(struct db *db, const char *org, int64_t now)
{
	return db_run(db, &login_set, REPLAY_SWEEP, DB_ARGS(db_str(org), db_int(now)));
}
