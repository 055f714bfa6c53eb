#include "portal/store/org_row.h"

#include <string.h>

enum {
	ORG_INSERT,
	ORG_ONLY,
	ORG_TAKE_GROUP,
	ORG_IDP_GENERATION,
	ORG_IDP_CHANGED,
	DATA_KEY_INSERT,
	DATA_KEY_GET,
	ORG__MAX
};

static const struct db_stmt org_sql[ORG__MAX] = {
    [ORG_INSERT] = {"INSERT INTO org(id, name, created) VALUES (?1, ?2, ?3)", 0},
    [ORG_ONLY] = {"SELECT id FROM org ORDER BY created LIMIT 1", 1},
    [ORG_TAKE_GROUP] = {"UPDATE org SET next_group = next_group + 1"
			" WHERE id = ?1 AND next_group <= 16777200 RETURNING next_group - 1",
	1},
    [ORG_IDP_GENERATION] = {"SELECT idp_generation FROM org WHERE id = ?1", 1},
    [ORG_IDP_CHANGED] = {"UPDATE org SET idp_generation = idp_generation + 1 WHERE id = ?1", 0},
    [DATA_KEY_INSERT] = {"INSERT INTO data_key(id, org_id, purpose, wrapped, created)"
			 " VALUES (?1, ?2, ?3, ?4, ?5)",
	0},
    [DATA_KEY_GET] = {"SELECT id, wrapped FROM data_key WHERE org_id = ?1 AND purpose = ?2", 2},
};
const struct db_set org_set = DB_SET("org", org_sql);

enum kf_err
org_row_insert(struct db *db, const char *id, struct kf_span name, int64_t now)
{
	return db_run(db, &org_set, ORG_INSERT, DB_ARGS(db_str(id), db_text(name), db_int(now)));
}

enum kf_err
org_row_only(struct db *db, char id[STORE_ID])
{
	struct db_row row;
	enum kf_err r = db_one(db, &org_set, ORG_ONLY, DB_NOARGS, &row);

	if (r != KF_OK)
		return r;
	db_col_str(&row, 0, id, STORE_ID);
	return db_done(&row);
}

enum kf_err
org_row_take_group(struct db *db, const char *id, uint32_t *out)
{
	struct db_row row;
	enum kf_err r = db_one(db, &org_set, ORG_TAKE_GROUP, DB_ARGS(db_str(id)), &row);

	if (r != KF_OK)
		return r == KF_ENOENT ? KF_ELIMIT : r;
	*out = (uint32_t)db_col_range(&row, 0, 2, 16777200);
	return db_done(&row);
}

enum kf_err
org_row_idp_generation(struct db *db, const char *id, uint64_t *out)
{
	struct db_row row;
	enum kf_err r = db_one(db, &org_set, ORG_IDP_GENERATION, DB_ARGS(db_str(id)), &row);

	if (r != KF_OK)
		return r;
	*out = (uint64_t)db_col_int(&row, 0);
	return db_done(&row);
}

enum kf_err
org_row_idp_changed(struct db *db, const char *id)
{
	return db_run(db, &org_set, ORG_IDP_CHANGED, DB_ARGS(db_str(id)));
}

enum kf_err
data_key_insert(struct db *db, const char *org, const struct data_key_row *row, int64_t now)
{
	return db_run(db, &org_set, DATA_KEY_INSERT,
	    DB_ARGS(db_str(row->id), db_str(org), db_str(row->purpose),
		db_blob(kf_span_of(row->wrapped, row->wrapped_n)), db_int(now)));
}

enum kf_err
data_key_get(struct db *db, const char *org, struct data_key_row *out)
{
	struct kf_span s;
	struct db_row row;
	enum kf_err r =
	    db_one(db, &org_set, DATA_KEY_GET, DB_ARGS(db_str(org), db_str(out->purpose)), &row);

	if (r != KF_OK)
		return r;
	db_col_str(&row, 0, out->id, sizeof(out->id));
	s = db_col_span(&row, 1);
	row.bad = row.bad || s.n > sizeof(out->wrapped);
	out->wrapped_n = row.bad ? 0 : s.n;
	if (out->wrapped_n > 0)
		memcpy(out->wrapped, s.p, s.n);
	return db_done(&row);
}
