#include "portal/store/idp_row.h"

enum {
	IDP_INSERT,
	IDP_UPDATE,
	IDP_ALL,
	IDP_DOMAINS,
	IDP_PICK,
	SP_KEY_INSERT,
	SP_KEY_GET,
	IDP__MAX
};

static const struct db_stmt idp_sql[IDP__MAX] = {
    [IDP_INSERT] = {"INSERT INTO idp(id, org_id, entity_id, metadata, domains, enabled, created,"
		    " modified) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
	0},
    [IDP_UPDATE] = {"UPDATE idp SET metadata = ?3, domains = ?4, enabled = ?5, modified = ?6"
		    " WHERE org_id = ?1 AND entity_id = ?2",
	0},
    [IDP_ALL] = {"SELECT entity_id, metadata, domains, enabled FROM idp WHERE org_id = ?1"
		 " ORDER BY created, id",
	4},
    [IDP_DOMAINS] = {"SELECT domains FROM idp WHERE org_id = ?1 AND entity_id = ?2 AND enabled = 1",
	1},
    [IDP_PICK] = {"SELECT entity_id FROM idp WHERE org_id = ?1 AND enabled = 1"
		  " AND (?2 = '' OR id = ?2) ORDER BY created, id LIMIT 1",
	1},
    [SP_KEY_INSERT] = {"INSERT INTO sp_key(id, org_id, private_key, certificate, created)"
		       " VALUES (?1, ?2, ?3, ?4, ?5)",
	0},
    [SP_KEY_GET] = {"SELECT id, private_key, certificate FROM sp_key WHERE org_id = ?1"
		    " ORDER BY created DESC LIMIT 1",
	3},
};
const struct db_set idp_set = DB_SET("idp", idp_sql);

enum kf_err
idp_row_insert(
    struct db *db, const char *org, const char *id, const struct idp_row *row, int64_t now)
{
	return db_run(db, &idp_set, IDP_INSERT,
	    DB_ARGS(db_str(id), db_str(org), db_text(row->entity_id), db_text(row->metadata),
		db_text(row->domains), db_int(row->enabled), db_int(now)));
}

enum kf_err
idp_row_update(struct db *db, const char *org, const struct idp_row *row, int64_t now)
{
	enum kf_err r = db_run(db, &idp_set, IDP_UPDATE,
	    DB_ARGS(db_str(org), db_text(row->entity_id), db_text(row->metadata),
		db_text(row->domains), db_int(row->enabled), db_int(now)));

	return r == KF_OK && db_changes(db) == 0 ? KF_ENOENT : r;
}

enum kf_err
idp_rows(struct db *db, const char *org, enum kf_err (*each)(void *arg, const struct idp_row *row),
    void *arg)
{
	struct idp_row out;
	struct db_row row;
	enum kf_err done, r = db_query(db, &idp_set, IDP_ALL, DB_ARGS(db_str(org)), &row);

	while (r == KF_OK && (r = db_next(&row)) == KF_OK) {
		out.entity_id = db_col_span(&row, 0);
		out.metadata = db_col_span(&row, 1);
		out.domains = db_col_span(&row, 2);
		out.enabled = db_col_int(&row, 3) != 0;
		r = each(arg, &out);
	}
	done = db_done(&row);
	return r == KF_ENOENT ? done : r;
}

enum kf_err
idp_row_domains(struct db *db, const char *org, struct kf_span entity_id, struct kf_buf *out)
{
	struct kf_span s;
	struct db_row row;
	enum kf_err r =
	    db_one(db, &idp_set, IDP_DOMAINS, DB_ARGS(db_str(org), db_text(entity_id)), &row);

	if (r != KF_OK)
		return r;
	s = db_col_span(&row, 0);
	kf_buf_add(out, s.p, s.n);
	r = db_done(&row);
	return out->bad ? KF_ENOMEM : r;
}

enum kf_err
idp_row_pick(struct db *db, const char *org, const char *id, char *out, size_t size)
{
	struct db_row row;
	enum kf_err r = db_one(db, &idp_set, IDP_PICK, DB_ARGS(db_str(org), db_str(id)), &row);

	if (r != KF_OK)
		return r;
	db_col_str(&row, 0, out, size);
	return db_done(&row);
}

enum kf_err
sp_key_insert(struct db *db, const char *org, const struct sp_key_row *row, int64_t now)
{
	return db_run(db, &idp_set, SP_KEY_INSERT,
	    DB_ARGS(db_str(row->id), db_str(org), db_blob(row->sealed_key), db_text(row->cert_pem),
		db_int(now)));
}

enum kf_err
sp_key_get(struct db *db, const char *org, char id[STORE_ID], struct kf_buf *sealed_key,
    struct kf_buf *cert_pem)
{
	struct kf_span s;
	struct db_row row;
	enum kf_err r = db_one(db, &idp_set, SP_KEY_GET, DB_ARGS(db_str(org)), &row);

	if (r != KF_OK)
		return r;
	db_col_str(&row, 0, id, STORE_ID);
	s = db_col_span(&row, 1);
	kf_buf_add(sealed_key, s.p, s.n);
	s = db_col_span(&row, 2);
	kf_buf_add(cert_pem, s.p, s.n);
	r = db_done(&row);
	return sealed_key->bad || cert_pem->bad ? KF_ENOMEM : r;
}
