#include "portal/store/feed_rows.h"

#include "common/addr.h"
#include "common/log.h"

#include <string.h>

/* The revision that changed a thing last; its kind in the change log stands in for %. */
#define REV(kind, id) \
	"COALESCE((SELECT MAX(c.rev) FROM change_log c WHERE c.org_id = ?1 AND c.kind = " kind \
	" AND c.entity_id = " id "), 0)"
#define SITE_COLS "SELECT s.id, " REV("1", "s.id") ", s.name FROM site s WHERE s.org_id = ?1"
#define WLAN_COLS \
	"SELECT w.id, " REV("2", "w.id") ", w.ssid, w.security, w.key_form, w.personal_wlan " \
					 "FROM wlan w JOIN wlan_site x ON x.wlan_id = w.id WHERE " \
					 "w.org_id = ?1 AND x.site_id = ?2"
#define VLAN_COLS \
	"SELECT v.id, " REV("3", "v.id") ", v.vid, v.prefixes, v.gateways, v.wired FROM vlan v " \
					 "WHERE v.org_id = ?1 AND v.site_id = ?2"
#define ROLE_COLS "SELECT r.id, " REV("4", "r.id") ", r.name FROM role r WHERE r.org_id = ?1"
#define KEY_FROM \
	" FROM psk p JOIN wlan w ON w.id = p.wlan_id JOIN wlan_site x ON x.wlan_id = w.id " \
	"LEFT JOIN role r ON r.id = p.role_id " \
	"WHERE p.org_id = ?1 AND x.site_id = ?2 AND p.ended = 0 AND p.revoked_at = 0"
#define KEY_COLS \
	"SELECT p.id, p.rev, p.ssid, p.group_id, p.vlan_id, p.not_before, p.expire_time, " \
	"COALESCE(r.name, ''), p.pmk, CASE w.key_form WHEN 'passphrase' THEN p.passphrase " \
	"END" KEY_FROM

enum {
	SITE_ALL,
	SITE_ONE,
	WLAN_ALL,
	WLAN_ONE,
	VLAN_ALL,
	VLAN_ONE,
	ROLE_ALL,
	ROLE_ONE,
	KEY_ALL,
	KEY_ONE,
	KEY_REVS,
	KEY_WAS_HERE,
	ROWS__MAX
};

static const struct db_stmt rows_sql[ROWS__MAX] = {
    [SITE_ALL] = {SITE_COLS " AND s.id = ?2", 3},
    [SITE_ONE] = {SITE_COLS " AND s.id = ?2 AND s.id = ?3", 3},
    [WLAN_ALL] = {WLAN_COLS " ORDER BY w.id", 6},
    [WLAN_ONE] = {WLAN_COLS " AND w.id = ?3", 6},
    [VLAN_ALL] = {VLAN_COLS " ORDER BY v.id", 6},
    [VLAN_ONE] = {VLAN_COLS " AND v.id = ?3", 6},
    [ROLE_ALL] = {ROLE_COLS " AND ?2 <> '' ORDER BY r.id", 3},
    [ROLE_ONE] = {ROLE_COLS " AND ?2 <> '' AND r.id = ?3", 3},
    [KEY_ALL] = {KEY_COLS " ORDER BY p.id", 10},
    [KEY_ONE] = {KEY_COLS " AND p.id = ?3", 10},
    [KEY_REVS] = {"SELECT p.id, p.rev" KEY_FROM " ORDER BY p.id", 2},
    [KEY_WAS_HERE] = {"SELECT p.id FROM psk p JOIN wlan_site x ON x.wlan_id = p.wlan_id "
		      "WHERE p.org_id = ?1 AND x.site_id = ?2 AND p.id = ?3",
	1},
};
const struct db_set feed_rows_set = DB_SET("feed_rows", rows_sql);

static void
col_id(struct db_row *row, char text[37], uint8_t id[16])
{
	db_col_str(row, 0, text, 37);
	if (kf_parse_uuid(kf_span_str(text), id) != KF_OK)
		row->bad = true;
}

static void
col_ssid(struct db_row *row, int col, struct feed_ssid *out)
{
	struct kf_span s = db_col_span(row, col);

	if (s.n < 1 || s.n > FEED_SSID_MAX) {
		row->bad = true;
		return;
	}
	memcpy(out->b, s.p, s.n);
	out->n = (uint8_t)s.n;
}

/* The index of the column's text in words; latches bad. */
static int
col_word(struct db_row *row, int col, const char *const *words, int n)
{
	struct kf_span s = db_col_span(row, col);

	for (int i = 0; i < n; i++)
		if (kf_span_eq(s, kf_span_str(words[i])))
			return i;
	row->bad = true;
	return 0;
}

static void
row_wlan(struct db_row *row, struct feed_wlan *w)
{
	static const char *const security[] = {"wpa2", "wpa2-wpa3", "wpa3"};
	static const char *const form[] = {"pmk", "passphrase"};

	col_ssid(row, 2, &w->ssid);
	w->security = (enum feed_security)(FEED_WPA2 + col_word(row, 3, security, 3));
	w->key_form = (enum feed_key_form)(FEED_FORM_PMK + col_word(row, 4, form, 2));
	w->personal = db_col_int(row, 5) != 0;
}

/* The next word of a list separated by spaces; empty at its end. */
static struct kf_span
word_next(struct kf_span *list)
{
	struct kf_span w;

	while (list->n > 0 && list->p[0] == ' ') {
		list->p++;
		list->n--;
	}
	for (w = kf_span_of(list->p, 0); list->n > 0 && list->p[0] != ' '; w.n++) {
		list->p++;
		list->n--;
	}
	return w;
}

static uint8_t
col_addrs(struct db_row *row, int col, struct feed_addr *out, uint8_t max)
{
	struct kf_span list = db_col_span(row, col), w;
	uint8_t n = 0;

	for (w = word_next(&list); w.n > 0; w = word_next(&list)) {
		if (n == max || kf_addr_parse(w, &out[n]) != KF_OK) {
			row->bad = true;
			return 0;
		}
		n++;
	}
	return n;
}

static void
row_vlan(struct db_row *row, struct feed_vlan *v)
{
	struct kf_span list = db_col_span(row, 5), w;

	v->vid = (uint16_t)db_col_range(row, 2, 1, 4094);
	v->prefixes = col_addrs(row, 3, v->prefix, FEED_PREFIXES_MAX);
	v->gateways = col_addrs(row, 4, v->gateway, FEED_GATEWAYS_MAX);
	if (kf_span_eq(list, KF_LIT("any"))) {
		v->wired_any = true;
		return;
	}
	for (w = word_next(&list); w.n > 0; w = word_next(&list)) {
		if (v->wireds == FEED_WIRED_MAX || kf_parse_mac(w, v->wired[v->wireds]) != KF_OK) {
			row->bad = true;
			return;
		}
		v->wireds++;
	}
}

static void
row_key(struct db_row *row, struct feed_row *out)
{
	struct feed_key *k = &out->item.u.key;

	col_ssid(row, 2, &k->ssid);
	k->group = (uint32_t)db_col_range(row, 3, FEED_GROUP_MIN, FEED_GROUP_MAX);
	k->vlan = (uint16_t)db_col_range(row, 4, 0, 4094);
	k->not_before = db_col_range(row, 5, 0, INT64_MAX / 1000);
	k->not_after = db_col_range(row, 6, 0, INT64_MAX / 1000);
	db_col_str(row, 7, k->role, sizeof(k->role));
	out->pmk = db_col_span(row, 8);
	out->pass = db_col_span(row, 9);
}

static void
row_read(struct db_row *row, enum feed_kind kind, struct feed_row *out)
{
	memset(out, 0, sizeof(*out));
	out->item.kind = kind;
	col_id(row, out->id, out->item.id);
	out->item.rev = (uint64_t)db_col_range(row, 1, 0, INT64_MAX);
	switch (kind) {
	case FEED_SITE:
		db_col_str(row, 2, out->item.u.site.name, sizeof(out->item.u.site.name));
		break;
	case FEED_WLAN:
		row_wlan(row, &out->item.u.wlan);
		break;
	case FEED_VLAN:
		row_vlan(row, &out->item.u.vlan);
		break;
	case FEED_ROLE:
		db_col_str(row, 2, out->item.u.role.name, sizeof(out->item.u.role.name));
		break;
	case FEED_KEY:
		row_key(row, out);
		break;
	}
}

enum kf_err
feed_rows(struct db *db, const struct feed_scope *scope, enum feed_kind kind, const char *id,
    enum kf_err (*each)(void *arg, struct feed_row *row), void *arg)
{
	int stmt = ((int)kind - FEED_SITE) * 2;
	struct feed_row got;
	struct db_row row;
	bool found = false;
	enum kf_err r;

	if (id != NULL)
		r = db_query(db, &feed_rows_set, stmt + 1,
		    DB_ARGS(db_str(scope->org), db_str(scope->site), db_str(id)), &row);
	else
		r = db_query(db, &feed_rows_set, stmt,
		    DB_ARGS(db_str(scope->org), db_str(scope->site)), &row);
	while (r == KF_OK && (r = db_next(&row)) == KF_OK) {
		row_read(&row, kind, &got);
		if (row.bad) {
			kf_log(LOGL_ERROR, "feed", "bad-row kind=%d id=%s", (int)kind, got.id);
			r = KF_EIO;
			break;
		}
		found = true;
		r = each(arg, &got);
	}
	if (r != KF_ENOENT) {
		db_drop(&row);
		return r;
	}
	r = db_done(&row);
	return r == KF_OK && id != NULL && !found ? KF_ENOENT : r;
}

enum kf_err
feed_key_revs(struct db *db, const struct feed_scope *scope,
    enum kf_err (*each)(void *arg, const uint8_t id[16], uint64_t rev), void *arg)
{
	struct db_row row;
	uint8_t id[16];
	char text[37];
	enum kf_err r = db_query(
	    db, &feed_rows_set, KEY_REVS, DB_ARGS(db_str(scope->org), db_str(scope->site)), &row);

	while (r == KF_OK && (r = db_next(&row)) == KF_OK) {
		col_id(&row, text, id);
		r = each(arg, id, (uint64_t)db_col_range(&row, 1, 0, INT64_MAX));
	}
	if (r != KF_ENOENT) {
		db_drop(&row);
		return r;
	}
	return db_done(&row);
}

enum kf_err
feed_key_was_here(struct db *db, const struct feed_scope *scope, const char *id)
{
	struct db_row row;
	enum kf_err r = db_one(db, &feed_rows_set, KEY_WAS_HERE,
	    DB_ARGS(db_str(scope->org), db_str(scope->site), db_str(id)), &row);

	return r == KF_OK ? db_done(&row) : r;
}
