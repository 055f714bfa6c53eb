#include "portal/store/agent.h"

#define AGENT_COLS \
	"a.id, a.site_id, a.name, a.created, a.revoked_at, a.last_seen, a.event_seq, a.accepts, " \
	"a.rejects, a.dropped, a.acct, a.keys"

enum {
	CA_INSERT,
	CA_GET,
	CODE_INSERT,
	CODE_GET,
	CODE_USE,
	CODE_SWEEP,
	AGENT_INSERT,
	AGENT_GET,
	AGENT_BY_CERT,
	AGENT_LIST,
	CERT_INSERT,
	CERT_KEEP,
	AGENT_REVOKE,
	AGENT_SEEN,
	EVENTS_TAKE,
	KEY_SCOPE,
	SIGHTING_PUT,
	SIGHTING_LIST,
	SIGHTING_KEY,
	AGENT__MAX
};

static const struct db_stmt agent_sql[AGENT__MAX] = {
    [CA_INSERT] = {"INSERT INTO agent_ca(org_id, id, private_key, certificate, created) "
		   "VALUES (?1, ?2, ?3, ?4, ?5)",
	0},
    [CA_GET] = {"SELECT id, private_key, certificate FROM agent_ca WHERE org_id = ?1", 3},
    [CODE_INSERT] = {"INSERT INTO agent_code(org_id, id, site_id, code, expires) "
		     "VALUES (?1, ?2, ?3, ?4, ?5)",
	0},
    [CODE_GET] = {"SELECT id, site_id, code, expires FROM agent_code WHERE id = ?1", 4},
    [CODE_USE] = {"DELETE FROM agent_code WHERE id = ?1", 0},
    [CODE_SWEEP] = {"DELETE FROM agent_code WHERE expires <= ?1", 0},
    [AGENT_INSERT] = {"INSERT INTO agent(org_id, id, site_id, name, created) "
		      "VALUES (?1, ?2, ?3, ?4, ?5)",
	0},
    [AGENT_GET] = {"SELECT " AGENT_COLS " FROM agent a WHERE a.org_id = ?1 AND a.id = ?2", 12},
    [AGENT_BY_CERT] = {"SELECT " AGENT_COLS " FROM agent_cert c JOIN agent a ON a.id = c.agent_id "
		       "WHERE c.fingerprint = ?1 AND c.expires > ?2",
	12},
    [AGENT_LIST] = {"SELECT " AGENT_COLS
		    " FROM agent a WHERE a.org_id = ?1 ORDER BY a.created, a.id",
	12},
    [CERT_INSERT] = {"INSERT INTO agent_cert(org_id, agent_id, fingerprint, expires) "
		     "VALUES (?1, ?2, ?3, ?4)",
	0},
    [CERT_KEEP] = {"DELETE FROM agent_cert WHERE agent_id = ?1 AND fingerprint <> ?2", 0},
    [AGENT_REVOKE] = {"UPDATE agent SET revoked_at = ?2 WHERE id = ?1 AND revoked_at = 0", 0},
    [AGENT_SEEN] = {"UPDATE agent SET last_seen = ?2 WHERE id = ?1", 0},
    [EVENTS_TAKE] = {"UPDATE agent SET event_seq = ?2, accepts = ?3, rejects = ?4, dropped = ?5, "
		     "acct = ?6, keys = ?7 WHERE id = ?1 AND event_seq < ?2",
	0},
    [KEY_SCOPE] = {"SELECT p.group_id, p.vlan_id FROM psk p JOIN wlan_site w "
		   "ON w.wlan_id = p.wlan_id WHERE p.id = ?2 AND w.site_id = ?1",
	2},
    [SIGHTING_PUT] =
	{"INSERT INTO sighting(org_id, psk_id, mac, agent_id, bss, first_seen, last_seen) "
	 "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6) ON CONFLICT (psk_id, mac) DO UPDATE SET "
	 "agent_id = excluded.agent_id, bss = excluded.bss, last_seen = excluded.last_seen "
	 "WHERE excluded.last_seen >= last_seen",
	    0},
    [SIGHTING_LIST] = {"SELECT mac, bss, agent_id, first_seen, last_seen FROM sighting "
		       "WHERE org_id = ?1 AND psk_id = ?2 ORDER BY last_seen DESC, mac LIMIT 1000",
	5},
    [SIGHTING_KEY] = {"SELECT psk_id FROM sighting WHERE org_id = ?1 AND mac = ?2 "
		      "ORDER BY last_seen DESC, rowid DESC LIMIT 1",
	1},
};
const struct db_set agent_set = DB_SET("agent", agent_sql);

static enum kf_err
one_changed(struct db *db, enum kf_err r, enum kf_err none)
{
	return r == KF_OK && db_changes(db) == 0 ? none : r;
}

enum kf_err
agent_ca_insert(struct db *db, const char *org, const char *id, struct kf_span key,
    struct kf_span cert, int64_t now)
{
	return db_run(db, &agent_set, CA_INSERT,
	    DB_ARGS(db_str(org), db_str(id), db_blob(key), db_blob(cert), db_int(now)));
}

enum kf_err
agent_ca_get(struct db *db, const char *org, char id[37], struct kf_buf *key, struct kf_buf *cert)
{
	struct db_row row;
	enum kf_err r = db_one(db, &agent_set, CA_GET, DB_ARGS(db_str(org)), &row);

	if (r != KF_OK)
		return r;
	db_col_str(&row, 0, id, 37);
	struct kf_span k = db_col_span(&row, 1);
	kf_buf_add(key, k.p, k.n);
	struct kf_span c = db_col_span(&row, 2);
	kf_buf_add(cert, c.p, c.n);
	return db_done(&row);
}

enum kf_err
agent_code_insert(
    struct db *db, const char *org, const struct agent_code_row *row, struct kf_span sealed)
{
	return db_run(db, &agent_set, CODE_INSERT,
	    DB_ARGS(db_str(org), db_str(row->id), db_str(row->site), db_blob(sealed),
		db_int(row->expires)));
}

enum kf_err
agent_code_get(struct db *db, const char *id, struct agent_code_row *out, struct kf_buf *sealed)
{
	struct db_row row;
	enum kf_err r = db_one(db, &agent_set, CODE_GET, DB_ARGS(db_str(id)), &row);

	if (r != KF_OK)
		return r;
	db_col_str(&row, 0, out->id, sizeof(out->id));
	db_col_str(&row, 1, out->site, sizeof(out->site));
	struct kf_span s = db_col_span(&row, 2);
	kf_buf_add(sealed, s.p, s.n);
	out->expires = db_col_int(&row, 3);
	return db_done(&row);
}

enum kf_err
agent_code_use(struct db *db, const char *id)
{
	return one_changed(db, db_run(db, &agent_set, CODE_USE, DB_ARGS(db_str(id))), KF_ENOENT);
}

enum kf_err
agent_code_sweep(struct db *db, int64_t now)
{
	return db_run(db, &agent_set, CODE_SWEEP, DB_ARGS(db_int(now)));
}

enum kf_err
agent_insert(struct db *db, const char *org, const struct agent_row *row)
{
	return db_run(db, &agent_set, AGENT_INSERT,
	    DB_ARGS(db_str(org), db_str(row->id), db_str(row->site), db_str(row->name),
		db_int(row->created)));
}

static void
agent_read(struct db_row *row, struct agent_row *out)
{
	db_col_str(row, 0, out->id, sizeof(out->id));
	db_col_str(row, 1, out->site, sizeof(out->site));
	db_col_str(row, 2, out->name, sizeof(out->name));
	out->created = db_col_int(row, 3);
	out->revoked_at = db_col_int(row, 4);
	out->last_seen = db_col_int(row, 5);
	out->event_seq = (uint64_t)db_col_int(row, 6);
	out->counters.accepts = (uint64_t)db_col_int(row, 7);
	out->counters.rejects = (uint64_t)db_col_int(row, 8);
	out->counters.dropped = (uint64_t)db_col_int(row, 9);
	out->counters.acct = (uint64_t)db_col_int(row, 10);
	out->counters.keys = (uint64_t)db_col_int(row, 11);
}

enum kf_err
agent_get(struct db *db, const char *org, const char *id, struct agent_row *out)
{
	struct db_row row;
	enum kf_err r = db_one(db, &agent_set, AGENT_GET, DB_ARGS(db_str(org), db_str(id)), &row);

	if (r != KF_OK)
		return r;
	agent_read(&row, out);
	return db_done(&row);
}

enum kf_err
agent_by_cert(struct db *db, const struct kf_hash *fingerprint, int64_t now, struct agent_row *out)
{
	struct db_row row;
	enum kf_err r = db_one(db, &agent_set, AGENT_BY_CERT,
	    DB_ARGS(db_blob(kf_span_of(fingerprint->b, sizeof(fingerprint->b))), db_int(now)),
	    &row);

	if (r != KF_OK)
		return r;
	agent_read(&row, out);
	return db_done(&row);
}

enum kf_err
agent_cert_insert(struct db *db, const char *org, const char *agent,
    const struct kf_hash *fingerprint, int64_t expires)
{
	return db_run(db, &agent_set, CERT_INSERT,
	    DB_ARGS(db_str(org), db_str(agent),
		db_blob(kf_span_of(fingerprint->b, sizeof(fingerprint->b))), db_int(expires)));
}

enum kf_err
agent_cert_keep(struct db *db, const char *agent, const struct kf_hash *keep)
{
	struct kf_span s = keep != NULL ? kf_span_of(keep->b, sizeof(keep->b)) : kf_span_str("");

	return db_run(db, &agent_set, CERT_KEEP, DB_ARGS(db_str(agent), db_blob(s)));
}

enum kf_err
agent_revoke(struct db *db, const char *id, int64_t now)
{
	return db_run(db, &agent_set, AGENT_REVOKE, DB_ARGS(db_str(id), db_int(now)));
}

enum kf_err
agent_seen(struct db *db, const char *id, int64_t now)
{
	return db_run(db, &agent_set, AGENT_SEEN, DB_ARGS(db_str(id), db_int(now)));
}

/* The engine has no unsigned numbers; what is above would be a lie anyway. */
static struct db_val
count(uint64_t v)
{
	return db_int((int64_t)(v & INT64_MAX));
}

enum kf_err
agent_events_take(struct db *db, const char *id, uint64_t seq, const struct feed_counters *c)
{
	enum kf_err r = db_run(db, &agent_set, EVENTS_TAKE,
	    DB_ARGS(db_str(id), count(seq), count(c->accepts), count(c->rejects), count(c->dropped),
		count(c->acct), count(c->keys)));

	return one_changed(db, r, KF_EEXIST);
}

enum kf_err
agent_each(struct db *db, const char *org,
    enum kf_err (*each)(void *arg, const struct agent_row *row), void *arg)
{
	struct agent_row got;
	struct db_row row;
	enum kf_err r = db_query(db, &agent_set, AGENT_LIST, DB_ARGS(db_str(org)), &row);

	while (r == KF_OK && (r = db_next(&row)) == KF_OK) {
		agent_read(&row, &got);
		r = each(arg, &got);
	}
	if (r != KF_ENOENT) {
		db_drop(&row);
		return r;
	}
	return db_done(&row);
}

enum kf_err
agent_key_scope(struct db *db, const char *site, const char *psk, uint32_t *group, uint16_t *vlan)
{
	struct db_row row;
	enum kf_err r = db_one(db, &agent_set, KEY_SCOPE, DB_ARGS(db_str(site), db_str(psk)), &row);

	if (r != KF_OK)
		return r;
	*group = (uint32_t)db_col_range(&row, 0, FEED_GROUP_MIN, FEED_GROUP_MAX);
	*vlan = (uint16_t)db_col_range(&row, 1, 0, 4094);
	return db_done(&row);
}

enum kf_err
sighting_put(struct db *db, const char *org, const char *psk, const struct sighting_row *row)
{
	return db_run(db, &agent_set, SIGHTING_PUT,
	    DB_ARGS(db_str(org), db_str(psk), db_blob(kf_span_of(row->mac, 6)), db_str(row->agent),
		db_blob(kf_span_of(row->bss, 6)), db_int(row->last_seen)));
}

enum kf_err
sighting_each(struct db *db, const char *org, const char *psk,
    enum kf_err (*each)(void *arg, const struct sighting_row *row), void *arg)
{
	struct sighting_row got;
	struct db_row row;
	enum kf_err r =
	    db_query(db, &agent_set, SIGHTING_LIST, DB_ARGS(db_str(org), db_str(psk)), &row);

	while (r == KF_OK && (r = db_next(&row)) == KF_OK) {
		db_col_bytes(&row, 0, got.mac, sizeof(got.mac));
		db_col_bytes(&row, 1, got.bss, sizeof(got.bss));
		db_col_str(&row, 2, got.agent, sizeof(got.agent));
		got.first_seen = db_col_int(&row, 3);
		got.last_seen = db_col_int(&row, 4);
		r = each(arg, &got);
	}
	if (r != KF_ENOENT) {
		db_drop(&row);
		return r;
	}
	return db_done(&row);
}

enum kf_err
sighting_key(struct db *db, const char *org, const uint8_t mac[6], char psk[37])
{
	struct db_row row;
	enum kf_err r = db_one(
	    db, &agent_set, SIGHTING_KEY, DB_ARGS(db_str(org), db_blob(kf_span_of(mac, 6))), &row);

	if (r != KF_OK)
		return r;
	db_col_str(&row, 0, psk, 37);
	return db_done(&row);
}
