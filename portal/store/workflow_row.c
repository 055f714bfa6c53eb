#include "portal/store/workflow_row.h"

#include <string.h>

#define WORKFLOW_COLS \
	"f.id, f.slug, f.name, f.wlan_id, w.ssid, f.vlan_id, f.role_id, f.idp_id, f.idp_groups, " \
	"f.validity_s, f.overlap_s, f.pass_groups, f.max_usage, f.mail_mode, f.group_per, " \
	"f.published FROM workflow f JOIN wlan w ON w.id = f.wlan_id"
#define WORKFLOW_COLS_N 16

enum {
	WORKFLOW_INSERT,
	WORKFLOW_PUBLISHED,
	WORKFLOW_BY_ID,
	WORKFLOW_BY_SLUG,
	WORKFLOW_VLAN,
	WORKFLOW__MAX
};

static const struct db_stmt workflow_sql[WORKFLOW__MAX] = {
    [WORKFLOW_INSERT] = {"INSERT INTO workflow(id, org_id, slug, name, wlan_id, vlan_id, role_id,"
			 " idp_id, idp_groups, validity_s, overlap_s, pass_groups, max_usage,"
			 " mail_mode, group_per, published, created) VALUES (?1, ?2, ?3, ?4, ?5,"
			 " ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
	0},
    [WORKFLOW_PUBLISHED] = {"SELECT " WORKFLOW_COLS
			    " WHERE f.org_id = ?1 AND f.published = 1 AND (?2 = '' OR f.slug = ?2)"
			    " ORDER BY f.created, f.slug LIMIT 1",
	WORKFLOW_COLS_N},
    [WORKFLOW_BY_ID] = {"SELECT " WORKFLOW_COLS " WHERE f.org_id = ?1 AND f.id = ?2",
	WORKFLOW_COLS_N},
    [WORKFLOW_BY_SLUG] = {"SELECT " WORKFLOW_COLS " WHERE f.org_id = ?1 AND f.slug = ?2",
	WORKFLOW_COLS_N},
    [WORKFLOW_VLAN] = {"SELECT vlan_id FROM workflow WHERE org_id = ?1 AND wlan_id = ?2"
		       " ORDER BY created, slug LIMIT 1",
	1},
};
const struct db_set workflow_set = DB_SET("workflow", workflow_sql);

enum kf_err
workflow_row_insert(struct db *db, const char *org, const struct workflow_row *row, int64_t now)
{
	return db_run(db, &workflow_set, WORKFLOW_INSERT,
	    DB_ARGS(db_str(row->id), db_str(org), db_str(row->slug), db_str(row->name),
		db_str(row->wlan_id), db_int(row->vlan), db_str_or_null(row->role_id),
		db_str_or_null(row->idp_id), db_str(row->idp_groups), db_int(row->validity_s),
		db_int(row->overlap_s), db_int(row->pass_groups), db_int(row->max_usage),
		db_str(row->mail_mode), db_str(row->group_per_key ? "key" : "person"),
		db_int(row->published), db_int(now)));
}

static enum kf_err
workflow_one(enum kf_err r, struct db_row *row, struct workflow_row *out)
{
	struct kf_span s;

	if (r != KF_OK)
		return r;
	*out = (struct workflow_row){0};
	db_col_str(row, 0, out->id, sizeof(out->id));
	db_col_str(row, 1, out->slug, sizeof(out->slug));
	db_col_str(row, 2, out->name, sizeof(out->name));
	db_col_str(row, 3, out->wlan_id, sizeof(out->wlan_id));
	s = db_col_span(row, 4);
	row->bad = row->bad || s.n < 1 || s.n > sizeof(out->ssid.b);
	if (!row->bad) {
		memcpy(out->ssid.b, s.p, s.n);
		out->ssid.n = (uint8_t)s.n;
	}
	out->vlan = (uint16_t)db_col_range(row, 5, 1, 4094);
	db_col_str(row, 6, out->role_id, sizeof(out->role_id));
	db_col_str(row, 7, out->idp_id, sizeof(out->idp_id));
	db_col_str(row, 8, out->idp_groups, sizeof(out->idp_groups));
	out->validity_s = db_col_int(row, 9);
	out->overlap_s = db_col_int(row, 10);
	out->pass_groups = (uint32_t)db_col_range(row, 11, 4, 12);
	out->max_usage = (uint32_t)db_col_range(row, 12, 0, UINT32_MAX);
	db_col_str(row, 13, out->mail_mode, sizeof(out->mail_mode));
	out->group_per_key = kf_span_eq(db_col_span(row, 14), KF_LIT("key"));
	out->published = db_col_int(row, 15) != 0;
	return db_done(row);
}

enum kf_err
workflow_row_published(
    struct db *db, const char *org, struct kf_span slug, struct workflow_row *out)
{
	struct db_row row;

	return workflow_one(db_one(db, &workflow_set, WORKFLOW_PUBLISHED,
				DB_ARGS(db_str(org), db_text(slug)), &row),
	    &row, out);
}

enum kf_err
workflow_row_by_id(struct db *db, const char *org, const char *id, struct workflow_row *out)
{
	struct db_row row;

	return workflow_one(
	    db_one(db, &workflow_set, WORKFLOW_BY_ID, DB_ARGS(db_str(org), db_str(id)), &row), &row,
	    out);
}

enum kf_err
workflow_row_by_slug(struct db *db, const char *org, const char *slug, struct workflow_row *out)
{
	struct db_row row;

	return workflow_one(
	    db_one(db, &workflow_set, WORKFLOW_BY_SLUG, DB_ARGS(db_str(org), db_str(slug)), &row),
	    &row, out);
}

enum kf_err
workflow_row_vlan(struct db *db, const char *org, const char *wlan_id, uint16_t *out)
{
	struct db_row row;
	enum kf_err r =
	    db_one(db, &workflow_set, WORKFLOW_VLAN, DB_ARGS(db_str(org), db_str(wlan_id)), &row);

	if (r != KF_OK)
		return r;
	*out = (uint16_t)db_col_range(&row, 0, 1, 4094);
	return db_done(&row);
}
