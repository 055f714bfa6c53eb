#include "portal/store/psk_row.h"

#include <string.h>

/* All that a page, a mail or the API shows about a key, in one read. */
#define PSK_COLS \
	"p.id, p.wlan_id, p.ssid, p.name, p.person_id, p.workflow_id, p.role_id, p.vlan_id, " \
	"p.group_id, p.passphrase, p.pmk, p.weak, p.current, p.ended, p.max_usage, p.not_before, " \
	"p.expire_time, p.rotated_from, p.replaced_by, p.revoked_at, p.source, p.created, p.rev, " \
	"o.email, r.name, f.slug, w.security, f.validity_s, f.overlap_s, m.state, m.done"
#define PSK_COLS_N 31
#define PSK_FROM \
	" FROM psk p JOIN wlan w ON w.id = p.wlan_id LEFT JOIN person o ON o.id = p.person_id" \
	" LEFT JOIN role r ON r.id = p.role_id LEFT JOIN workflow f ON f.id = p.workflow_id" \
	" LEFT JOIN outbox m ON m.id = (SELECT max(id) FROM outbox WHERE psk_id = p.id) "
#define PSK_FILTER \
	" WHERE p.org_id = ?1 AND (?2 IS NULL OR p.name = ?2) AND (?3 IS NULL OR p.ssid = ?3)" \
	" AND (?4 IS NULL OR r.name = ?4) AND (?5 IS NULL OR o.email_key = ?5)"

enum {
	PSK_INSERT,
	PSK_BY_ID,
	PSK_CURRENT,
	PSK_TAG,
	PSK_UNCURRENT,
	PSK_REPLACE,
	PSK_REVOKE,
	PSK_END,
	PSK_OVER,
	PSK_OF_PERSON,
	PSK_LIST,
	PSK_COUNT,
	PSK__MAX
};

static const struct db_stmt psk_sql[PSK__MAX] = {
    [PSK_INSERT] =
	{"INSERT INTO psk(id, org_id, wlan_id, ssid, name, person_id, workflow_id, role_id,"
	 " vlan_id, group_id, passphrase, pmk, pmk_tag, weak, max_usage, not_before,"
	 " expire_time, current, rotated_from, source, created, rev) VALUES (?1, ?2, ?3, ?4, ?5,"
	 " ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)",
	    0},
    [PSK_BY_ID] = {"SELECT " PSK_COLS PSK_FROM "WHERE p.org_id = ?1 AND p.id = ?2", PSK_COLS_N},
    [PSK_CURRENT] = {"SELECT " PSK_COLS PSK_FROM
		     "WHERE p.person_id = ?1 AND p.workflow_id = ?2 AND p.current = 1",
	PSK_COLS_N},
    [PSK_TAG] = {"SELECT 1 FROM psk WHERE org_id = ?1 AND ssid = ?2 AND pmk_tag = ?3", 1},
    [PSK_UNCURRENT] = {"UPDATE psk SET current = 0 WHERE id = ?1", 0},
    [PSK_REPLACE] = {"UPDATE psk SET current = 0, replaced_by = ?2, expire_time = ?3, rev = ?4"
		     " WHERE id = ?1",
	0},
    [PSK_REVOKE] = {"UPDATE psk SET current = 0, ended = 1, revoked_at = ?2, revoke_reason = ?3,"
		    " rev = ?4 WHERE id = ?1",
	0},
    [PSK_END] = {"UPDATE psk SET ended = 1, rev = ?2 WHERE id = ?1", 0},
    [PSK_OVER] = {"SELECT id FROM psk WHERE ended = 0 AND expire_time > 0 AND expire_time <= ?2"
		  " AND org_id = ?1 ORDER BY expire_time LIMIT 1",
	1},
    [PSK_OF_PERSON] = {"SELECT " PSK_COLS PSK_FROM "WHERE p.person_id = ?1"
		       " AND (p.expire_time = 0 OR p.expire_time > ?2)"
		       " AND (p.revoked_at = 0 OR p.revoked_at > ?2)"
		       " ORDER BY p.created DESC, p.current DESC, p.rev DESC LIMIT ?3",
	PSK_COLS_N},
    [PSK_LIST] = {"SELECT " PSK_COLS PSK_FROM PSK_FILTER
		  " ORDER BY p.created DESC, p.id LIMIT ?6 OFFSET ?7",
	PSK_COLS_N},
    [PSK_COUNT] = {"SELECT count(*) FROM psk p LEFT JOIN person o ON o.id = p.person_id"
		   " LEFT JOIN role r ON r.id = p.role_id" PSK_FILTER,
	1},
};
const struct db_set psk_set = DB_SET("psk", psk_sql);

static void
sealed_read(struct db_row *row, int col, struct psk_sealed *out)
{
	struct kf_span s = db_col_span(row, col);

	out->n = 0;
	if (s.n > sizeof(out->b)) {
		row->bad = true;
		return;
	}
	if (s.n > 0)
		memcpy(out->b, s.p, s.n);
	out->n = (uint8_t)s.n;
}

static void
ssid_read(struct db_row *row, int col, struct feed_ssid *out)
{
	struct kf_span s = db_col_span(row, col);

	if (s.n < 1 || s.n > sizeof(out->b)) {
		row->bad = true;
		return;
	}
	memcpy(out->b, s.p, s.n);
	out->n = (uint8_t)s.n;
}

/* In the order of PSK_COLS. */
static void
psk_read(struct db_row *row, struct psk_row *out)
{
	*out = (struct psk_row){0};
	db_col_str(row, 0, out->id, sizeof(out->id));
	db_col_str(row, 1, out->wlan_id, sizeof(out->wlan_id));
	ssid_read(row, 2, &out->ssid);
	db_col_str(row, 3, out->name, sizeof(out->name));
	db_col_str(row, 4, out->person_id, sizeof(out->person_id));
	db_col_str(row, 5, out->workflow_id, sizeof(out->workflow_id));
	db_col_str(row, 6, out->role_id, sizeof(out->role_id));
	out->vlan = (uint16_t)db_col_range(row, 7, 0, 4094);
	out->group = (uint32_t)db_col_range(row, 8, 2, 16777200);
	sealed_read(row, 9, &out->pass);
	sealed_read(row, 10, &out->pmk);
	out->weak = db_col_int(row, 11) != 0;
	out->current = db_col_int(row, 12) != 0;
	out->ended = db_col_int(row, 13) != 0;
	out->max_usage = (uint32_t)db_col_range(row, 14, 0, UINT32_MAX);
	out->not_before = db_col_int(row, 15);
	out->expire_time = db_col_int(row, 16);
	db_col_str(row, 17, out->rotated_from, sizeof(out->rotated_from));
	db_col_str(row, 18, out->replaced_by, sizeof(out->replaced_by));
	out->revoked_at = db_col_int(row, 19);
	db_col_str(row, 20, out->source, sizeof(out->source));
	out->created = db_col_int(row, 21);
	out->rev = (uint64_t)db_col_int(row, 22);
	db_col_str(row, 23, out->email, sizeof(out->email));
	db_col_str(row, 24, out->role, sizeof(out->role));
	db_col_str(row, 25, out->workflow, sizeof(out->workflow));
	db_col_str(row, 26, out->security, sizeof(out->security));
	out->validity_s = db_col_int(row, 27);
	out->overlap_s = db_col_int(row, 28);
	db_col_str(row, 29, out->mail_state, sizeof(out->mail_state));
	out->mail_done = db_col_int(row, 30);
}

static enum kf_err
psk_one(enum kf_err r, struct db_row *row, struct psk_row *out)
{
	if (r != KF_OK)
		return r;
	psk_read(row, out);
	return db_done(row);
}

static enum kf_err
psk_loop(enum kf_err r, struct db_row *row, psk_each *each, void *arg)
{
	struct psk_row out;
	enum kf_err done;

	while (r == KF_OK && (r = db_next(row)) == KF_OK) {
		psk_read(row, &out);
		r = row->bad ? KF_EIO : each(arg, &out);
	}
	done = db_done(row);
	return r == KF_ENOENT ? done : r;
}

static struct db_val
sealed_val(const struct psk_sealed *s)
{
	return s->n > 0 ? db_blob(kf_span_of(s->b, s->n)) : db_null();
}

enum kf_err
psk_row_insert(struct db *db, const char *org, const struct psk_row *row)
{
	return db_run(db, &psk_set, PSK_INSERT,
	    DB_ARGS(db_str(row->id), db_str(org), db_str(row->wlan_id),
		db_blob(kf_span_of(row->ssid.b, row->ssid.n)), db_str(row->name),
		db_str_or_null(row->person_id), db_str_or_null(row->workflow_id),
		db_str_or_null(row->role_id), db_int(row->vlan), db_int(row->group),
		sealed_val(&row->pass), sealed_val(&row->pmk),
		db_blob(kf_span_of(row->tag.b, sizeof(row->tag.b))), db_int(row->weak),
		db_int(row->max_usage), db_int(row->not_before), db_int(row->expire_time),
		db_int(row->current), db_str_or_null(row->rotated_from), db_str(row->source),
		db_int(row->created), db_int((int64_t)row->rev)));
}

enum kf_err
psk_row_by_id(struct db *db, const char *org, struct kf_span id, struct psk_row *out)
{
	struct db_row row;

	return psk_one(
	    db_one(db, &psk_set, PSK_BY_ID, DB_ARGS(db_str(org), db_text(id)), &row), &row, out);
}

enum kf_err
psk_row_current(struct db *db, const char *person_id, const char *workflow_id, struct psk_row *out)
{
	struct db_row row;

	return psk_one(db_one(db, &psk_set, PSK_CURRENT,
			   DB_ARGS(db_str(person_id), db_str(workflow_id)), &row),
	    &row, out);
}

enum kf_err
psk_row_tag_taken(struct db *db, const char *org, struct kf_span ssid, const struct kf_hash *tag)
{
	struct db_row row;
	enum kf_err r = db_one(db, &psk_set, PSK_TAG,
	    DB_ARGS(db_str(org), db_blob(ssid), db_blob(kf_span_of(tag->b, sizeof(tag->b)))), &row);

	return r == KF_OK ? db_done(&row) : r;
}

enum kf_err
psk_row_uncurrent(struct db *db, const char *id)
{
	return db_run(db, &psk_set, PSK_UNCURRENT, DB_ARGS(db_str(id)));
}

enum kf_err
psk_row_replace(struct db *db, const char *id, const char *by, int64_t expire_time, uint64_t rev)
{
	return db_run(db, &psk_set, PSK_REPLACE,
	    DB_ARGS(db_str(id), db_str(by), db_int(expire_time), db_int((int64_t)rev)));
}

enum kf_err
psk_row_revoke(struct db *db, const char *id, int64_t at, struct kf_span reason, uint64_t rev)
{
	return db_run(db, &psk_set, PSK_REVOKE,
	    DB_ARGS(db_str(id), db_int(at), db_text(reason), db_int((int64_t)rev)));
}

enum kf_err
psk_row_end(struct db *db, const char *id, uint64_t rev)
{
	return db_run(db, &psk_set, PSK_END, DB_ARGS(db_str(id), db_int((int64_t)rev)));
}

enum kf_err
psk_row_over(struct db *db, const char *org, int64_t now, char out[STORE_ID])
{
	struct db_row row;
	enum kf_err r = db_one(db, &psk_set, PSK_OVER, DB_ARGS(db_str(org), db_int(now)), &row);

	if (r != KF_OK)
		return r;
	db_col_str(&row, 0, out, STORE_ID);
	return db_done(&row);
}

enum kf_err
psk_rows_of_person(
    struct db *db, const char *person_id, int64_t since, int64_t max, psk_each *each, void *arg)
{
	struct db_row row;

	return psk_loop(db_query(db, &psk_set, PSK_OF_PERSON,
			    DB_ARGS(db_str(person_id), db_int(since), db_int(max)), &row),
	    &row, each, arg);
}

static struct db_val
if_given(struct kf_span s, bool blob)
{
	if (s.n == 0)
		return db_null();
	return blob ? db_blob(s) : db_text(s);
}

enum kf_err
psk_rows(
    struct db *db, const char *org, const struct psk_row_filter *filter, psk_each *each, void *arg)
{
	struct db_row row;

	return psk_loop(
	    db_query(db, &psk_set, PSK_LIST,
		DB_ARGS(db_str(org), if_given(filter->name, false), if_given(filter->ssid, true),
		    if_given(filter->role, false), if_given(filter->email_key, false),
		    db_int(filter->limit), db_int(filter->offset)),
		&row),
	    &row, each, arg);
}

enum kf_err
psk_rows_count(struct db *db, const char *org, const struct psk_row_filter *filter, uint64_t *out)
{
	struct db_row row;
	enum kf_err r = db_one(db, &psk_set, PSK_COUNT,
	    DB_ARGS(db_str(org), if_given(filter->name, false), if_given(filter->ssid, true),
		if_given(filter->role, false), if_given(filter->email_key, false)),
	    &row);

	*out = 0;
	if (r != KF_OK)
		return r;
	*out = (uint64_t)db_col_int(&row, 0);
	return db_done(&row);
}
