#include "portal/store/person_row.h"

#define PERSON_COLS "p.id, p.email, p.email_key, p.name, p.group_id"

enum {
	PERSON_INSERT,
	PERSON_BY_ID,
	PERSON_BY_EMAIL,
	PERSON_UNCLAIMED,
	PERSON_BY_IDENTITY,
	PERSON_SET_GROUP,
	PERSON_UPDATE,
	IDENTITY_INSERT,
	IDENTITY_SEEN,
	PERSON__MAX
};

static const struct db_stmt person_sql[PERSON__MAX] = {
    [PERSON_INSERT] = {"INSERT INTO person(id, org_id, email, email_key, name, group_id, created)"
		       " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	0},
    [PERSON_BY_ID] = {"SELECT " PERSON_COLS " FROM person p WHERE p.org_id = ?1 AND p.id = ?2", 5},
    [PERSON_BY_EMAIL] = {"SELECT " PERSON_COLS " FROM person p WHERE p.org_id = ?1"
			 " AND p.email_key = ?2 ORDER BY p.created, p.id LIMIT 1",
	5},
    [PERSON_UNCLAIMED] = {"SELECT " PERSON_COLS " FROM person p WHERE p.org_id = ?1"
			  " AND p.email_key = ?2 AND NOT EXISTS"
			  " (SELECT 1 FROM identity i WHERE i.person_id = p.id)"
			  " ORDER BY p.created, p.id LIMIT 1",
	5},
    [PERSON_BY_IDENTITY] = {"SELECT " PERSON_COLS
			    " FROM identity i JOIN person p ON p.id = i.person_id"
			    " WHERE i.org_id = ?1 AND i.idp = ?2 AND i.name_id = ?3",
	5},
    [PERSON_SET_GROUP] = {"UPDATE person SET group_id = ?2 WHERE id = ?1", 0},
    [PERSON_UPDATE] = {"UPDATE person SET email = ?2, email_key = ?3, name = ?4 WHERE id = ?1", 0},
    [IDENTITY_INSERT] = {"INSERT INTO identity(id, org_id, person_id, idp, name_id, created,"
			 " last_seen) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
	0},
    [IDENTITY_SEEN] = {"UPDATE identity SET last_seen = ?4"
		       " WHERE org_id = ?1 AND idp = ?2 AND name_id = ?3",
	0},
};
const struct db_set person_set = DB_SET("person", person_sql);

static enum kf_err
person_one(enum kf_err r, struct db_row *row, struct person_row *out)
{
	if (r != KF_OK)
		return r;
	db_col_str(row, 0, out->id, sizeof(out->id));
	db_col_str(row, 1, out->email, sizeof(out->email));
	db_col_str(row, 2, out->email_key, sizeof(out->email_key));
	db_col_str(row, 3, out->name, sizeof(out->name));
	out->group = (uint32_t)db_col_range(row, 4, 0, 16777200);
	return db_done(row);
}

static enum kf_err
find(struct db *db, int stmt, const char *org, const char *key, struct person_row *out)
{
	struct db_row row;

	return person_one(
	    db_one(db, &person_set, stmt, DB_ARGS(db_str(org), db_str(key)), &row), &row, out);
}

enum kf_err
person_row_insert(struct db *db, const char *org, const struct person_row *row, int64_t now)
{
	return db_run(db, &person_set, PERSON_INSERT,
	    DB_ARGS(db_str(row->id), db_str(org), db_str(row->email), db_str(row->email_key),
		db_str(row->name), db_int(row->group), db_int(now)));
}

enum kf_err
person_row_by_id(struct db *db, const char *org, const char *id, struct person_row *out)
{
	return find(db, PERSON_BY_ID, org, id, out);
}

enum kf_err
person_row_by_email(struct db *db, const char *org, const char *email_key, struct person_row *out)
{
	return find(db, PERSON_BY_EMAIL, org, email_key, out);
}

enum kf_err
person_row_unclaimed(struct db *db, const char *org, const char *email_key, struct person_row *out)
{
	return find(db, PERSON_UNCLAIMED, org, email_key, out);
}

enum kf_err
person_row_by_identity(struct db *db, const char *org, struct kf_span idp, struct kf_span name_id,
    struct person_row *out)
{
	struct db_row row;

	return person_one(db_one(db, &person_set, PERSON_BY_IDENTITY,
			      DB_ARGS(db_str(org), db_text(idp), db_text(name_id)), &row),
	    &row, out);
}

enum kf_err
person_row_set_group(struct db *db, const char *id, uint32_t group)
{
	return db_run(db, &person_set, PERSON_SET_GROUP, DB_ARGS(db_str(id), db_int(group)));
}

enum kf_err
person_row_update(struct db *db, const struct person_row *row)
{
	return db_run(db, &person_set, PERSON_UPDATE,
	    DB_ARGS(
		db_str(row->id), db_str(row->email), db_str(row->email_key), db_str(row->name)));
}

enum kf_err
identity_row_insert(struct db *db, const char *org, const struct identity_row *row, int64_t now)
{
	return db_run(db, &person_set, IDENTITY_INSERT,
	    DB_ARGS(db_str(row->id), db_str(org), db_str(row->person_id), db_text(row->idp),
		db_text(row->name_id), db_int(now)));
}

enum kf_err
identity_row_seen(
    struct db *db, const char *org, struct kf_span idp, struct kf_span name_id, int64_t now)
{
	return db_run(db, &person_set, IDENTITY_SEEN,
	    DB_ARGS(db_str(org), db_text(idp), db_text(name_id), db_int(now)));
}
