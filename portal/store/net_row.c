#include "portal/store/net_row.h"

#include <string.h>

#define WLAN_COLS "w.id, w.ssid, w.security, w.key_form, w.personal_wlan"

enum {
	SITE_INSERT,
	SITE_BY_NAME,
	WLAN_INSERT,
	WLAN_AT_SITE,
	WLAN_BY_SSID,
	WLAN_ONLY,
	VLAN_INSERT,
	VLAN_EXISTS,
	ROLE_INSERT,
	ROLE_BY_NAME,
	NET__MAX
};

static const struct db_stmt net_sql[NET__MAX] = {
    [SITE_INSERT] = {"INSERT INTO site(id, org_id, name, created) VALUES (?1, ?2, ?3, ?4)", 0},
    [SITE_BY_NAME] = {"SELECT id, name FROM site WHERE org_id = ?1 AND name = ?2", 2},
    [WLAN_INSERT] =
	{"INSERT INTO wlan(id, org_id, ssid, security, key_form, personal_wlan, created)"
	 " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	    0},
    [WLAN_AT_SITE] = {"INSERT INTO wlan_site(org_id, wlan_id, site_id) VALUES (?1, ?2, ?3)", 0},
    [WLAN_BY_SSID] = {"SELECT " WLAN_COLS " FROM wlan w WHERE w.org_id = ?1 AND w.ssid = ?2", 5},
    [WLAN_ONLY] = {"SELECT " WLAN_COLS " FROM wlan w WHERE w.org_id = ?1"
		   " AND (SELECT count(*) FROM wlan WHERE org_id = ?1) = 1",
	5},
    [VLAN_INSERT] = {"INSERT INTO vlan(id, org_id, site_id, vid, name, prefixes, gateways, wired)"
		     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	0},
    [VLAN_EXISTS] = {"SELECT 1 FROM vlan WHERE org_id = ?1 AND vid = ?2", 1},
    [ROLE_INSERT] = {"INSERT INTO role(id, org_id, name) VALUES (?1, ?2, ?3)", 0},
    [ROLE_BY_NAME] = {"SELECT id, name FROM role WHERE org_id = ?1 AND name = ?2", 2},
};
const struct db_set net_set = DB_SET("net", net_sql);

/* The words of the database for the enums of the feed, in their order from 1. */
static const char *const security_word[] = {"", "wpa2", "wpa2-wpa3", "wpa3"};
static const char *const key_form_word[] = {"", "pmk", "passphrase"};

static int
word_col(struct db_row *row, int col, const char *const *word, int n)
{
	struct kf_span s = db_col_span(row, col);

	for (int i = 1; i < n; i++)
		if (kf_span_eq(s, kf_span_str(word[i])))
			return i;
	row->bad = true;
	return 1;
}

static void
wlan_read(struct db_row *row, struct wlan_row *out)
{
	struct kf_span ssid = db_col_span(row, 1);

	*out = (struct wlan_row){0};
	db_col_str(row, 0, out->id, sizeof(out->id));
	if (ssid.n < 1 || ssid.n > FEED_SSID_MAX) {
		row->bad = true;
		return;
	}
	memcpy(out->ssid.b, ssid.p, ssid.n);
	out->ssid.n = (uint8_t)ssid.n;
	out->security = (enum feed_security)word_col(row, 2, security_word, 4);
	out->key_form = (enum feed_key_form)word_col(row, 3, key_form_word, 3);
	out->personal = db_col_int(row, 4) != 0;
}

/* One row by a second key within the org; what db_one fills is the caller's to read. */
static enum kf_err
find(struct db *db, int stmt, const char *org, struct db_val key, struct db_row *row)
{
	return db_one(db, &net_set, stmt, DB_ARGS(db_str(org), key), row);
}

/* --- sites --------------------------------------------------------------------------------------
 */

enum kf_err
net_site_insert(struct db *db, const char *org, const struct site_row *row, int64_t now)
{
	return db_run(db, &net_set, SITE_INSERT,
	    DB_ARGS(db_str(row->id), db_str(org), db_str(row->name), db_int(now)));
}

enum kf_err
net_site_by_name(struct db *db, const char *org, struct kf_span name, struct site_row *out)
{
	struct db_row row;
	enum kf_err r = find(db, SITE_BY_NAME, org, db_text(name), &row);

	if (r != KF_OK)
		return r;
	db_col_str(&row, 0, out->id, sizeof(out->id));
	db_col_str(&row, 1, out->name, sizeof(out->name));
	return db_done(&row);
}

/* --- WLANs --------------------------------------------------------------------------------------
 */

enum kf_err
net_wlan_insert(struct db *db, const char *org, const struct wlan_row *row, int64_t now)
{
	return db_run(db, &net_set, WLAN_INSERT,
	    DB_ARGS(db_str(row->id), db_str(org), db_blob(kf_span_of(row->ssid.b, row->ssid.n)),
		db_str(security_word[row->security]), db_str(key_form_word[row->key_form]),
		db_int(row->personal), db_int(now)));
}

enum kf_err
net_wlan_at_site(struct db *db, const char *org, const char *wlan_id, const char *site_id)
{
	return db_run(
	    db, &net_set, WLAN_AT_SITE, DB_ARGS(db_str(org), db_str(wlan_id), db_str(site_id)));
}

static enum kf_err
wlan_one(enum kf_err r, struct db_row *row, struct wlan_row *out)
{
	if (r != KF_OK)
		return r;
	wlan_read(row, out);
	return db_done(row);
}

enum kf_err
net_wlan_by_ssid(struct db *db, const char *org, struct kf_span ssid, struct wlan_row *out)
{
	struct db_row row;

	return wlan_one(find(db, WLAN_BY_SSID, org, db_blob(ssid), &row), &row, out);
}

enum kf_err
net_wlan_only(struct db *db, const char *org, struct wlan_row *out)
{
	struct db_row row;

	return wlan_one(db_one(db, &net_set, WLAN_ONLY, DB_ARGS(db_str(org)), &row), &row, out);
}

/* --- VLANs --------------------------------------------------------------------------------------
 */

enum kf_err
net_vlan_insert(struct db *db, const char *org, const struct vlan_row *row)
{
	return db_run(db, &net_set, VLAN_INSERT,
	    DB_ARGS(db_str(row->id), db_str(org), db_str(row->site_id), db_int(row->vid),
		db_str(row->name), db_str(row->prefixes), db_str(row->gateways),
		db_str(row->wired)));
}

enum kf_err
net_vlan_exists(struct db *db, const char *org, uint16_t vid)
{
	struct db_row row;
	enum kf_err r = find(db, VLAN_EXISTS, org, db_int(vid), &row);

	return r == KF_OK ? db_done(&row) : r;
}

/* --- roles --------------------------------------------------------------------------------------
 */

enum kf_err
net_role_insert(struct db *db, const char *org, const struct role_row *row)
{
	return db_run(
	    db, &net_set, ROLE_INSERT, DB_ARGS(db_str(row->id), db_str(org), db_str(row->name)));
}

enum kf_err
net_role_by_name(struct db *db, const char *org, struct kf_span name, struct role_row *out)
{
	struct db_row row;
	enum kf_err r = find(db, ROLE_BY_NAME, org, db_text(name), &row);

	if (r != KF_OK)
		return r;
	db_col_str(&row, 0, out->id, sizeof(out->id));
	db_col_str(&row, 1, out->name, sizeof(out->name));
	return db_done(&row);
}
