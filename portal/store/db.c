#include "portal/store/db.h"

#include "common/log.h"
#include "common/secret.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SETS_MAX 48
#define TEXT_VALUE_MAX (8 << 20) /* the longest value a row may hold: SAML metadata */

struct db_prepared {
	struct db *db;
	sqlite3_stmt *stmt;
	bool open; /* a cursor stands on it */
};

struct db {
	sqlite3 *h;
	const struct db_set *set[SETS_MAX];
	struct db_prepared *prepared[SETS_MAX];
	size_t sets;
	sqlite3_stmt *begin, *begin_read, *commit, *rollback, *data_version;
};

static enum kf_err
err_of(int rc)
{
	switch (rc) {
	case SQLITE_CONSTRAINT_UNIQUE:
	case SQLITE_CONSTRAINT_PRIMARYKEY:
	case SQLITE_CONSTRAINT_ROWID:
		return KF_EEXIST;
	case SQLITE_CANTOPEN:
		return KF_ENOENT;
	}
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return KF_OK;
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
	case SQLITE_TOOBIG:
		return KF_EINVAL;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return KF_EAGAIN;
	case SQLITE_NOMEM:
		return KF_ENOMEM;
	default:
		return KF_EIO;
	}
}

/* Logs what the engine says, once, and gives our code. A UNIQUE rule at work is no event: the
 * caller wanted to know. */
static enum kf_err
fail(struct db *db, int rc, const char *doing)
{
	enum kf_err r = err_of(rc);

	if (r != KF_OK && r != KF_EEXIST)
		kf_log(r == KF_EAGAIN ? LOGL_WARN : LOGL_ERROR, "db",
		    "doing=\"%s\" code=%d says=\"%s\"", doing, rc,
		    db->h != NULL ? sqlite3_errmsg(db->h) : sqlite3_errstr(rc));
	return r;
}

static enum kf_err
exec(struct db *db, const char *sql)
{
	return fail(db, sqlite3_exec(db->h, sql, NULL, NULL, NULL), sql);
}

/* A new file is the owner's alone, from its first moment; the engine gives its WAL the same mode.
 */
static enum kf_err
file_make(const char *path)
{
	int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0) {
		kf_log(LOGL_ERROR, "db", "cannot create path=\"%s\" says=\"%s\"", path,
		    strerror(errno));
		return KF_EIO;
	}
	close(fd);
	return KF_OK;
}

static enum kf_err
harden(struct db *db, int flags)
{
	enum kf_err r;

	sqlite3_extended_result_codes(db->h, 1);
	sqlite3_busy_timeout(db->h, DB_BUSY_MS);
	sqlite3_limit(db->h, SQLITE_LIMIT_LENGTH, TEXT_VALUE_MAX);
	sqlite3_limit(db->h, SQLITE_LIMIT_ATTACHED, 1); /* VACUUM INTO needs one */
	if (sqlite3_db_config(db->h, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) != SQLITE_OK ||
	    sqlite3_db_config(db->h, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL) != SQLITE_OK ||
	    sqlite3_db_config(db->h, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL) != SQLITE_OK)
		return KF_EIO;
	if ((r = exec(db,
		 "PRAGMA journal_mode = WAL;"
		 "PRAGMA foreign_keys = ON;"
		 "PRAGMA secure_delete = ON;"
		 "PRAGMA cell_size_check = ON;"
		 "PRAGMA mmap_size = 0;"
		 "PRAGMA temp_store = MEMORY;")) != KF_OK)
		return r;
	return exec(db,
	    (flags & DB_VOLATILE) != 0 ? "PRAGMA synchronous = OFF" : "PRAGMA synchronous = FULL");
}

static enum kf_err
prepare_one(struct db *db, const char *sql, sqlite3_stmt **out)
{
	const char *rest = "";
	int rc = sqlite3_prepare_v3(db->h, sql, -1, SQLITE_PREPARE_PERSISTENT, out, &rest);

	if (rc == SQLITE_OK && *rest == '\0')
		return KF_OK;
	(void)fail(db, rc != SQLITE_OK ? rc : SQLITE_MISUSE, sql);
	return KF_EINVAL;
}

enum kf_err
db_open(const char *path, int flags, struct db **out)
{
	struct db *db = NULL;
	enum kf_err r;
	int rc;

	*out = NULL;
	if ((flags & DB_CREATE) != 0 && (r = file_make(path)) != KF_OK)
		return r;
	db = calloc(1, sizeof(*db));
	if (db == NULL)
		return KF_ENOMEM;
	rc = sqlite3_open_v2(
	    path, &db->h, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, NULL);
	if (rc != SQLITE_OK) {
		r = KF_ENOENT;
		if (access(path, F_OK) == 0) { /* it is there, but not for us */
			(void)fail(db, rc, path);
			r = KF_EIO;
		}
		goto out;
	}
	if ((r = harden(db, flags)) != KF_OK ||
	    (r = prepare_one(db, "BEGIN IMMEDIATE", &db->begin)) != KF_OK ||
	    (r = prepare_one(db, "BEGIN", &db->begin_read)) != KF_OK ||
	    (r = prepare_one(db, "COMMIT", &db->commit)) != KF_OK ||
	    (r = prepare_one(db, "ROLLBACK", &db->rollback)) != KF_OK ||
	    (r = prepare_one(db, "PRAGMA data_version", &db->data_version)) != KF_OK)
		goto out;
	*out = db;
	db = NULL;
out:
	db_close(&db);
	return r;
}

void
db_close(struct db **pdb)
{
	struct db *db = *pdb;

	*pdb = NULL;
	if (db == NULL)
		return;
	for (size_t i = 0; i < db->sets; i++) {
		for (int k = 0; k < db->set[i]->n; k++)
			sqlite3_finalize(db->prepared[i][k].stmt);
		free(db->prepared[i]);
	}
	sqlite3_finalize(db->begin);
	sqlite3_finalize(db->begin_read);
	sqlite3_finalize(db->commit);
	sqlite3_finalize(db->rollback);
	sqlite3_finalize(db->data_version);
	sqlite3_close(db->h);
	free(db);
}

/* --- schema ------------------------------------------------------------------------------------
 */

enum kf_err
db_version(struct db *db, int *out)
{
	sqlite3_stmt *q = NULL;
	int rc = sqlite3_prepare_v2(db->h, "PRAGMA user_version", -1, &q, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(q);
	*out = rc == SQLITE_ROW ? sqlite3_column_int(q, 0) : 0;
	sqlite3_finalize(q);
	return fail(db, rc, "PRAGMA user_version");
}

static enum kf_err
migrate_one(struct db *db, const struct db_migration *m)
{
	char pragma[64];
	enum kf_err r;
	int have, n = snprintf(pragma, sizeof(pragma), "PRAGMA user_version = %d", m->version);

	assert(n > 0 && (size_t)n < sizeof(pragma));
	if ((r = db_begin(db)) != KF_OK)
		return r;
	/* Another process may have been here first, while we waited for the lock. */
	if ((r = db_version(db, &have)) == KF_OK && have < m->version &&
	    (r = exec(db, m->sql)) == KF_OK)
		r = exec(db, pragma);
	r = db_end(db, r);
	if (r == KF_OK)
		kf_log(LOGL_INFO, "db", "migrated version=%d name=%s", m->version, m->name);
	return r;
}

enum kf_err
db_migrate(struct db *db, const struct db_migration *m, size_t n)
{
	enum kf_err r;
	int have;

	if ((r = db_version(db, &have)) != KF_OK)
		return r;
	if (n > 0 && have > m[n - 1].version)
		return KF_ESTALE;
	for (size_t i = 0; i < n; i++) {
		assert(m[i].version == (int)i + 1);
		if (m[i].version > have && (r = migrate_one(db, &m[i])) != KF_OK)
			return r;
	}
	return KF_OK;
}

enum kf_err
db_schema(struct db *db, struct kf_buf *out)
{
	sqlite3_stmt *q = NULL;
	int rc = sqlite3_prepare_v2(db->h,
	    "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name", -1, &q, NULL);

	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		rc = sqlite3_step(q);
		if (rc == SQLITE_ROW)
			kf_buf_fmt(out, "%s;\n", (const char *)sqlite3_column_text(q, 0));
	}
	sqlite3_finalize(q);
	return rc == SQLITE_DONE ? KF_OK : fail(db, rc, "schema");
}

static enum kf_err
prepare_set(struct db *db, const struct db_set *set)
{
	struct db_prepared *p = calloc((size_t)set->n, sizeof(*p));
	enum kf_err r;

	if (p == NULL)
		return KF_ENOMEM;
	db->set[db->sets] = set;
	db->prepared[db->sets++] = p;
	for (int i = 0; i < set->n; i++) {
		assert(set->stmt[i].sql != NULL);
		p[i].db = db;
		if ((r = prepare_one(db, set->stmt[i].sql, &p[i].stmt)) != KF_OK)
			return r;
		if (sqlite3_column_count(p[i].stmt) != set->stmt[i].cols) {
			kf_log(LOGL_ERROR, "db", "set=%s statement=%d columns=%d expected=%d",
			    set->name, i, sqlite3_column_count(p[i].stmt), set->stmt[i].cols);
			return KF_EINVAL;
		}
	}
	return KF_OK;
}

enum kf_err
db_prepare(struct db *db, const struct db_set *const *set, size_t n)
{
	enum kf_err r;

	assert(db->sets + n <= SETS_MAX);
	for (size_t i = 0; i < n; i++)
		if ((r = prepare_set(db, set[i])) != KF_OK)
			return r;
	return KF_OK;
}

/* --- transactions --------------------------------------------------------------------------------
 */

static enum kf_err
step_once(struct db *db, sqlite3_stmt *stmt, const char *doing)
{
	int rc = sqlite3_step(stmt);
	enum kf_err r = fail(db, rc, doing);

	sqlite3_reset(stmt);
	return r;
}

enum kf_err
db_begin(struct db *db)
{
	assert(!db_in_transaction(db));
	return step_once(db, db->begin, "begin");
}

enum kf_err
db_begin_read(struct db *db)
{
	assert(!db_in_transaction(db));
	return step_once(db, db->begin_read, "begin");
}

enum kf_err
db_end(struct db *db, enum kf_err r)
{
	if (r == KF_OK)
		r = step_once(db, db->commit, "commit");
	/* After some errors the engine has rolled back by itself. */
	if (r != KF_OK && db_in_transaction(db))
		(void)step_once(db, db->rollback, "rollback");
	return r;
}

bool
db_in_transaction(const struct db *db)
{
	return sqlite3_get_autocommit(db->h) == 0;
}

enum kf_err
db_data_version(struct db *db, uint32_t *out)
{
	int rc = sqlite3_step(db->data_version);
	enum kf_err r = fail(db, rc, "data_version");

	*out = rc == SQLITE_ROW ? (uint32_t)sqlite3_column_int64(db->data_version, 0) : 0;
	sqlite3_reset(db->data_version);
	return r;
}

enum kf_err
db_backup(struct db *db, const char *path)
{
	sqlite3_stmt *q = NULL;
	enum kf_err r;
	int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0) {
		r = errno == EEXIST ? KF_EEXIST : KF_EIO;
		kf_log(LOGL_ERROR, "db", "backup path=\"%s\" says=\"%s\"", path, strerror(errno));
		return r;
	}
	/* VACUUM INTO takes an empty file as a new one, so the mode stays 0600. */
	if ((r = prepare_one(db, "VACUUM INTO ?1", &q)) == KF_OK) {
		sqlite3_bind_text(q, 1, path, -1, SQLITE_TRANSIENT);
		r = fail(db, sqlite3_step(q), "backup");
	}
	sqlite3_finalize(q);
	if (r == KF_OK && fsync(fd) != 0)
		r = KF_EIO;
	close(fd);
	if (r != KF_OK)
		(void)unlink(path);
	return r;
}

/* --- values
 * ---------------------------------------------------------------------------------------- */

struct db_val
db_null(void)
{
	return (struct db_val){.type = DB_NULL};
}

struct db_val
db_int(int64_t v)
{
	return (struct db_val){.type = DB_INT, .i = v};
}

struct db_val
db_text(struct kf_span s)
{
	return (struct db_val){.type = DB_TEXT, .s = s};
}

struct db_val
db_str(const char *s)
{
	return s != NULL ? db_text(kf_span_str(s)) : db_null();
}

struct db_val
db_str_or_null(const char *s)
{
	return s != NULL && *s != '\0' ? db_str(s) : db_null();
}

struct db_val
db_blob(struct kf_span s)
{
	return (struct db_val){.type = DB_BLOB, .s = s};
}

static int
bind(sqlite3_stmt *stmt, int i, const struct db_val *v)
{
	const void *p = v->s.p != NULL ? (const void *)v->s.p : "";

	switch (v->type) {
	case DB_INT:
		return sqlite3_bind_int64(stmt, i, v->i);
	case DB_TEXT:
		return sqlite3_bind_text64(stmt, i, p, v->s.n, SQLITE_TRANSIENT, SQLITE_UTF8);
	case DB_BLOB:
		return sqlite3_bind_blob64(stmt, i, p, v->s.n, SQLITE_TRANSIENT);
	case DB_NULL:
		break;
	}
	return sqlite3_bind_null(stmt, i);
}

/* --- running
 * ---------------------------------------------------------------------------------------- */

static void
settle(struct db_prepared *q)
{
	sqlite3_reset(q->stmt);
	sqlite3_clear_bindings(q->stmt);
	q->open = false;
}

/* The prepared statement with its values bound. */
static enum kf_err
start(struct db *db, const struct db_set *set, int stmt, struct db_args args,
    struct db_prepared **out)
{
	struct db_prepared *q = NULL;
	int rc = SQLITE_OK;

	for (size_t i = 0; i < db->sets && q == NULL; i++)
		if (db->set[i] == set)
			q = &db->prepared[i][stmt];
	assert(q != NULL); /* the set is missing in store.c */
	assert(!q->open);  /* a cursor of it was not given to db_done */
	assert(stmt >= 0 && stmt < set->n);
	assert(sqlite3_bind_parameter_count(q->stmt) == args.n);
	for (int i = 0; i < args.n && rc == SQLITE_OK; i++)
		rc = bind(q->stmt, i + 1, &args.v[i]);
	if (rc != SQLITE_OK) {
		settle(q);
		return fail(db, rc, set->name);
	}
	q->open = true;
	*out = q;
	return KF_OK;
}

enum kf_err
db_run(struct db *db, const struct db_set *set, int stmt, struct db_args args)
{
	struct db_prepared *q;
	enum kf_err r;
	int rc;

	if ((r = start(db, set, stmt, args, &q)) != KF_OK)
		return r;
	rc = sqlite3_step(q->stmt);
	assert(rc != SQLITE_ROW); /* a query belongs to db_query */
	r = fail(db, rc, set->name);
	settle(q);
	return r;
}

int64_t
db_changes(const struct db *db)
{
	return sqlite3_changes64(db->h);
}

enum kf_err
db_query(struct db *db, const struct db_set *set, int stmt, struct db_args args, struct db_row *row)
{
	*row = (struct db_row){NULL, false};
	return start(db, set, stmt, args, &row->q);
}

enum kf_err
db_next(struct db_row *row)
{
	int rc;

	assert(row->q != NULL);
	rc = sqlite3_step(row->q->stmt);
	if (rc == SQLITE_ROW)
		return KF_OK;
	return rc == SQLITE_DONE ? KF_ENOENT : fail(row->q->db, rc, sqlite3_sql(row->q->stmt));
}

enum kf_err
db_one(struct db *db, const struct db_set *set, int stmt, struct db_args args, struct db_row *row)
{
	enum kf_err r = db_query(db, set, stmt, args, row);

	if (r == KF_OK && (r = db_next(row)) != KF_OK)
		db_drop(row);
	return r;
}

enum kf_err
db_done(struct db_row *row)
{
	bool bad = row->bad;

	if (row->q != NULL) {
		/* What INSERT … RETURNING changed counts only when it ran to its end. */
		int rc = SQLITE_ROW;

		while (!sqlite3_stmt_readonly(row->q->stmt) && rc == SQLITE_ROW)
			rc = sqlite3_step(row->q->stmt);
		if (bad)
			kf_log(LOGL_ERROR, "db", "a value does not fit: sql=\"%s\"",
			    sqlite3_sql(row->q->stmt));
		settle(row->q);
	}
	*row = (struct db_row){NULL, false};
	return bad ? KF_EIO : KF_OK;
}

void
db_drop(struct db_row *row)
{
	if (row->q != NULL)
		settle(row->q);
	*row = (struct db_row){NULL, false};
}

int64_t
db_col_int(struct db_row *row, int col)
{
	return sqlite3_column_int64(row->q->stmt, col);
}

int64_t
db_col_range(struct db_row *row, int col, int64_t min, int64_t max)
{
	int64_t v = db_col_int(row, col);

	if (v < min || v > max) {
		row->bad = true;
		return min;
	}
	return v;
}

bool
db_col_is_null(struct db_row *row, int col)
{
	return sqlite3_column_type(row->q->stmt, col) == SQLITE_NULL;
}

struct kf_span
db_col_span(struct db_row *row, int col)
{
	const void *p = sqlite3_column_blob(row->q->stmt, col);

	return kf_span_of(p, (size_t)sqlite3_column_bytes(row->q->stmt, col));
}

void
db_col_str(struct db_row *row, int col, char *out, size_t size)
{
	struct kf_span s = db_col_span(row, col);

	assert(size > 0);
	if (s.n >= size) {
		row->bad = true;
		s.n = 0;
	}
	if (s.n > 0)
		memcpy(out, s.p, s.n);
	out[s.n] = '\0';
}

void
db_col_bytes(struct db_row *row, int col, void *out, size_t n)
{
	struct kf_span s = db_col_span(row, col);

	if (s.n != n) {
		row->bad = true;
		memset(out, 0, n);
		return;
	}
	memcpy(out, s.p, n);
}
