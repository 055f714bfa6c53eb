#include "portal/store/live.h"

#include <string.h>

/* gone: when it left (seconds), 0 = on the air. n: the number of its last change. */
static const char live_schema[] =
    "CREATE TABLE head (id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1), epoch INTEGER NOT NULL, "
    "n INTEGER NOT NULL, floor INTEGER NOT NULL) STRICT;"
    "CREATE TABLE agent (id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16), "
    "heard INTEGER NOT NULL, full INTEGER NOT NULL, seq INTEGER NOT NULL) STRICT;"
    "CREATE TABLE station (site TEXT NOT NULL, agent BLOB NOT NULL CHECK (length(agent) = 16), "
    "bss BLOB NOT NULL CHECK (length(bss) = 6), mac BLOB NOT NULL CHECK (length(mac) = 6), "
    "grp INTEGER NOT NULL, vlan INTEGER NOT NULL, since INTEGER NOT NULL, n INTEGER NOT NULL, "
    "gone INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (agent, bss, mac)) STRICT;"
    "CREATE INDEX station_change ON station (site, n);"
    "CREATE INDEX station_mac ON station (site, mac);"
    "CREATE INDEX station_group ON station (grp);"
    "CREATE INDEX station_gone ON station (gone) WHERE gone > 0;";

static const struct db_migration live_migration[] = {{1, "live", live_schema}};

enum {
	HEAD_MAKE,
	HEAD_GET,
	HEAD_STEP,
	FLOOR_GET,
	FLOOR_RAISE,
	AGENT_GET,
	AGENT_PUT,
	AGENT_SILENT,
	PUT,
	LEAVE,
	LEAVE_OTHERS,
	ROAM,
	NEWER,
	FORGET,
	LIST_CHANGES,
	LIST_ALL,
	LIST_GROUP,
	LIVE__MAX
};

static const struct db_stmt live_sql[LIVE__MAX] = {
    [HEAD_MAKE] = {"INSERT OR IGNORE INTO head(id, epoch, n, floor) VALUES (1, ?1, 0, 0)", 0},
    [HEAD_GET] = {"SELECT epoch, n FROM head", 2},
    [HEAD_STEP] = {"UPDATE head SET n = n + 1 RETURNING n", 1},
    [FLOOR_GET] = {"SELECT floor FROM head", 1},
    [FLOOR_RAISE] = {"UPDATE head SET floor = MAX(floor, COALESCE("
		     "(SELECT MAX(n) FROM station WHERE gone > 0 AND gone < ?1), 0))",
	0},
    [AGENT_GET] = {"SELECT heard, full, seq FROM agent WHERE id = ?1", 3},
    [AGENT_PUT] = {"INSERT INTO agent(id, heard, full, seq) VALUES (?1, ?2, ?3, ?4) "
		   "ON CONFLICT (id) DO UPDATE SET heard = ?2, full = ?3, seq = ?4",
	0},
    [AGENT_SILENT] = {"SELECT id FROM agent WHERE full = 1 AND heard < ?1", 1},
    [PUT] = {"INSERT INTO station(site, agent, bss, mac, grp, vlan, since, n) "
	     "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (agent, bss, mac) DO UPDATE SET "
	     "site = ?1, grp = ?5, vlan = ?6, since = ?7, n = ?8, gone = 0",
	0},
    [LEAVE] = {"UPDATE station SET gone = ?5, n = ?4 "
	       "WHERE agent = ?1 AND bss = ?2 AND mac = ?3 AND gone = 0",
	0},
    [LEAVE_OTHERS] = {"UPDATE station SET gone = ?3, n = ?2 "
		      "WHERE agent = ?1 AND gone = 0 AND n <> ?2",
	0},
    [ROAM] = {"UPDATE station SET gone = ?7, n = ?6 WHERE site = ?1 AND mac = ?4 "
	      "AND grp = ?5 AND gone = 0 AND NOT (agent = ?2 AND bss = ?3)",
	0},
    [NEWER] = {"SELECT 1 FROM station WHERE site = ?1 AND mac = ?4 AND grp = ?5 AND since > ?6 "
	       "AND gone = 0 AND NOT (agent = ?2 AND bss = ?3) LIMIT 1",
	1},
    [FORGET] = {"DELETE FROM station WHERE gone > 0 AND gone < ?1", 0},
    [LIST_CHANGES] = {"SELECT agent, bss, mac, grp, vlan, since, gone FROM station "
		      "WHERE site = ?1 AND n > ?2 ORDER BY gone = 0, n",
	7},
    [LIST_ALL] = {"SELECT agent, bss, mac, grp, vlan, since, gone FROM station "
		  "WHERE site = ?1 AND gone = 0 AND n > ?2 ORDER BY n",
	7},
    [LIST_GROUP] = {"SELECT agent, bss, mac, grp, vlan, since, gone FROM station "
		    "WHERE grp = ?1 AND gone = 0 ORDER BY since DESC, mac LIMIT 256",
	7},
};
static const struct db_set live_set = DB_SET("live", live_sql);

enum kf_err
live_db_open(const char *path, int64_t now_ms, struct db **out)
{
	const struct db_set *set = &live_set;
	struct db *db = NULL;
	enum kf_err r;

	if ((r = db_open(path, DB_CREATE | DB_VOLATILE, &db)) != KF_OK ||
	    (r = db_migrate(db, live_migration, 1)) != KF_OK ||
	    (r = db_prepare(db, &set, 1)) != KF_OK ||
	    (r = db_run(db, &live_set, HEAD_MAKE, DB_ARGS(db_int(now_ms)))) != KF_OK)
		goto out;
	*out = db;
	db = NULL;
out:
	db_close(&db);
	return r;
}

enum kf_err
live_db_peek(const char *path, struct db **out)
{
	const struct db_set *set = &live_set;
	struct db *db = NULL;
	enum kf_err r;

	if ((r = db_open(path, DB_VOLATILE, &db)) == KF_OK &&
	    (r = db_prepare(db, &set, 1)) == KF_OK) {
		*out = db;
		db = NULL;
	}
	db_close(&db);
	return r;
}

enum kf_err
live_point(struct db *db, struct live_point *out)
{
	struct db_row row;
	enum kf_err r = db_one(db, &live_set, HEAD_GET, DB_NOARGS, &row);

	if (r != KF_OK)
		return r;
	out->epoch = (uint64_t)db_col_range(&row, 0, 0, INT64_MAX);
	out->n = (uint64_t)db_col_range(&row, 1, 0, INT64_MAX);
	return db_done(&row);
}

static enum kf_err
number(struct db *db, int stmt, uint64_t *out)
{
	struct db_row row;
	enum kf_err r = db_one(db, &live_set, stmt, DB_NOARGS, &row);

	if (r != KF_OK)
		return r;
	*out = (uint64_t)db_col_range(&row, 0, 0, INT64_MAX);
	return db_done(&row);
}

enum kf_err
live_step(struct db *db, int64_t now, struct live_step *out)
{
	out->at = now;
	return number(db, HEAD_STEP, &out->n);
}

enum kf_err
live_floor(struct db *db, uint64_t *floor)
{
	return number(db, FLOOR_GET, floor);
}

static struct db_val
id16(const uint8_t id[16])
{
	return db_blob(kf_span_of(id, 16));
}

static struct db_val
mac6(const uint8_t mac[6])
{
	return db_blob(kf_span_of(mac, 6));
}

enum kf_err
live_agent_get(struct db *db, const uint8_t agent[16], struct live_agent *out)
{
	struct db_row row;
	enum kf_err r = db_one(db, &live_set, AGENT_GET, DB_ARGS(id16(agent)), &row);

	memset(out, 0, sizeof(*out));
	if (r == KF_ENOENT)
		return KF_OK;
	if (r != KF_OK)
		return r;
	out->heard = db_col_int(&row, 0);
	out->full = db_col_int(&row, 1) != 0;
	out->seq = (uint64_t)db_col_range(&row, 2, 0, INT64_MAX);
	return db_done(&row);
}

enum kf_err
live_agent_put(struct db *db, const uint8_t agent[16], const struct live_agent *a)
{
	return db_run(db, &live_set, AGENT_PUT,
	    DB_ARGS(id16(agent), db_int(a->heard), db_int(a->full), db_int((int64_t)a->seq)));
}

enum kf_err
live_agents_silent(struct db *db, int64_t since,
    enum kf_err (*each)(void *arg, const uint8_t agent[16]), void *arg)
{
	struct db_row row;
	uint8_t id[16];
	enum kf_err r = db_query(db, &live_set, AGENT_SILENT, DB_ARGS(db_int(since)), &row);

	while (r == KF_OK && (r = db_next(&row)) == KF_OK) {
		db_col_bytes(&row, 0, id, sizeof(id));
		r = each(arg, id);
	}
	if (r != KF_ENOENT) {
		db_drop(&row);
		return r;
	}
	return db_done(&row);
}

enum kf_err
live_put(struct db *db, const char *site, const struct feed_session *s, const struct live_step *st)
{
	return db_run(db, &live_set, PUT,
	    DB_ARGS(db_str(site), id16(s->agent), mac6(s->bss), mac6(s->mac), db_int(s->group),
		db_int(s->vlan), db_int(s->since), db_int((int64_t)st->n)));
}

enum kf_err
live_leave(struct db *db, const uint8_t agent[16], const uint8_t bss[6], const uint8_t mac[6],
    const struct live_step *st)
{
	return db_run(db, &live_set, LEAVE,
	    DB_ARGS(id16(agent), mac6(bss), mac6(mac), db_int((int64_t)st->n), db_int(st->at)));
}

enum kf_err
live_leave_others(struct db *db, const uint8_t agent[16], const struct live_step *st)
{
	return db_run(db, &live_set, LEAVE_OTHERS,
	    DB_ARGS(id16(agent), db_int((int64_t)st->n), db_int(st->at)));
}

enum kf_err
live_roam(struct db *db, const char *site, const struct feed_session *s, const struct live_step *st)
{
	return db_run(db, &live_set, ROAM,
	    DB_ARGS(db_str(site), id16(s->agent), mac6(s->bss), mac6(s->mac), db_int(s->group),
		db_int((int64_t)st->n), db_int(st->at)));
}

enum kf_err
live_newer(struct db *db, const char *site, const struct feed_session *s)
{
	struct db_row row;
	enum kf_err r = db_one(db, &live_set, NEWER,
	    DB_ARGS(db_str(site), id16(s->agent), mac6(s->bss), mac6(s->mac), db_int(s->group),
		db_int(s->since)),
	    &row);

	return r == KF_OK ? db_done(&row) : r;
}

enum kf_err
live_forget(struct db *db, int64_t left_before)
{
	enum kf_err r = db_run(db, &live_set, FLOOR_RAISE, DB_ARGS(db_int(left_before)));

	return r == KF_OK ? db_run(db, &live_set, FORGET, DB_ARGS(db_int(left_before))) : r;
}

static enum kf_err
station_each(enum kf_err r, struct db_row *row,
    enum kf_err (*each)(void *arg, const struct feed_session *s, bool on), void *arg)
{
	struct feed_session s;

	while (r == KF_OK && (r = db_next(row)) == KF_OK) {
		memset(&s, 0, sizeof(s));
		db_col_bytes(row, 0, s.agent, sizeof(s.agent));
		db_col_bytes(row, 1, s.bss, sizeof(s.bss));
		db_col_bytes(row, 2, s.mac, sizeof(s.mac));
		s.group = (uint32_t)db_col_range(row, 3, FEED_GROUP_MIN, FEED_GROUP_MAX);
		s.vlan = (uint16_t)db_col_range(row, 4, 0, 4094);
		s.since = db_col_int(row, 5);
		r = each(arg, &s, db_col_int(row, 6) == 0);
	}
	if (r != KF_ENOENT) {
		db_drop(row);
		return r;
	}
	return db_done(row);
}

enum kf_err
live_each(struct db *db, const char *site, uint64_t n,
    enum kf_err (*each)(void *arg, const struct feed_session *s, bool on), void *arg)
{
	struct db_row row;
	enum kf_err r = db_query(db, &live_set, n == 0 ? LIST_ALL : LIST_CHANGES,
	    DB_ARGS(db_str(site), db_int((int64_t)n)), &row);

	return station_each(r, &row, each, arg);
}

enum kf_err
live_of_group(struct db *db, uint32_t group,
    enum kf_err (*each)(void *arg, const struct feed_session *s, bool on), void *arg)
{
	struct db_row row;
	enum kf_err r = db_query(db, &live_set, LIST_GROUP, DB_ARGS(db_int(group)), &row);

	return station_each(r, &row, each, arg);
}
