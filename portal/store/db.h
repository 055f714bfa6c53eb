/* The only face of the database engine. One connection a process or worker, opened after fork.
 *
 * SQL stands in tables of statements, one an entity, all prepared at start:
 *
 *	enum { ROLE_BY_NAME, ROLE_INSERT, ROLE__MAX };
 *	static const struct db_stmt role_sql[ROLE__MAX] = {
 *		[ROLE_BY_NAME] = {"SELECT id FROM role WHERE org_id = ?1 AND name = ?2", 1},
 *		[ROLE_INSERT] = {"INSERT INTO role(id, org_id, name) VALUES (?1, ?2, ?3)", 0},
 *	};
 *	const struct db_set role_set = DB_SET("role", role_sql);
 *
 *	r = db_run(db, &role_set, ROLE_INSERT, DB_ARGS(db_str(id), db_str(org), db_text(name)));
 *
 *	r = db_one(db, &role_set, ROLE_BY_NAME, DB_ARGS(db_str(org), db_text(name)), &row);
 *	if (r != KF_OK)
 *		return r;
 *	db_col_str(&row, 0, out, sizeof(out));
 *	return db_done(&row);
 *
 * A set is put into the list of store.c; live.db has a list of its own.
 * Every function logs what the engine said; the codes:
 *	KF_ENOENT  no row           KF_EEXIST  a UNIQUE rule holds it up
 *	KF_EINVAL  CHECK, NOT NULL or a foreign key: the caller let something through
 *	KF_EAGAIN  another process held the lock for longer than DB_BUSY_MS
 *	KF_EIO     disk full or broken: what was asked may or may not be there; ask again */
#ifndef STORE_DB_H
#define STORE_DB_H

#include "common/err.h"
#include "common/span.h"
#include "common/text.h"

#define DB_BUSY_MS 2000

struct db;

struct db_stmt {
	const char *sql;
	int cols;
};

struct db_set {
	const char *name;
	const struct db_stmt *stmt;
	int n;
};
#define DB_SET(name, table) \
	{ \
		(name), (table), (int)(sizeof(table) / sizeof((table)[0])) \
	}

struct db_migration {
	int version; /* 1, 2, 3 … without gaps */
	const char *name, *sql;
};

enum db_flags {
	DB_CREATE = 1,	 /* make the file (0600) if it is missing */
	DB_VOLATILE = 2, /* synchronous=OFF: for what may be lost by a power cut */
};

/* Opens with WAL, foreign keys, defensive mode. *out is owned. KF_ENOENT: no such file. */
enum kf_err db_open(const char *path, int flags, struct db **out) KF_MUST_CHECK;
void db_close(struct db **db);
/* Applies the migrations that are newer than the file, each in one transaction. KF_ESTALE: the
 * file is newer than the program. */
enum kf_err db_migrate(struct db *db, const struct db_migration *m, size_t n) KF_MUST_CHECK;
/* The version the file has, 0 when it is empty. */
enum kf_err db_version(struct db *db, int *out) KF_MUST_CHECK;
/* Prepares every statement of every set, once. KF_EINVAL: one does not prepare or has another
 * number of columns than it says; the program must not start. */
enum kf_err db_prepare(struct db *db, const struct db_set *const *set, size_t n) KF_MUST_CHECK;

/* --- transactions: opened by portal/core (and by live's own code) only ------------------------ */

/* Takes the write lock at once (BEGIN IMMEDIATE). Not nested. */
enum kf_err db_begin(struct db *db) KF_MUST_CHECK;
/* Commits when r is KF_OK (durably, unless DB_VOLATILE), else rolls back. Gives r, or the error of
 * the commit. */
enum kf_err db_end(struct db *db, enum kf_err r) KF_MUST_CHECK;
/* A read transaction: several SELECTs that see one state. Ended by db_end. */
enum kf_err db_begin_read(struct db *db) KF_MUST_CHECK;
bool db_in_transaction(const struct db *db);

/* Changes whenever another connection committed; costs no disk access. */
enum kf_err db_data_version(struct db *db, uint32_t *out) KF_MUST_CHECK;
/* A whole consistent copy into a file that must not exist yet; other processes go on. */
enum kf_err db_backup(struct db *db, const char *path) KF_MUST_CHECK;
/* The schema as text, for the schema test: every CREATE statement, sorted by name. */
enum kf_err db_schema(struct db *db, struct kf_buf *out) KF_MUST_CHECK;

/* --- values ------------------------------------------------------------------------------------
 */

struct db_val {
	enum { DB_NULL, DB_INT, DB_TEXT, DB_BLOB } type;
	int64_t i;
	struct kf_span s;
};
struct db_args {
	const struct db_val *v;
	int n;
};
#define DB_ARGS(...) \
	((struct db_args){(const struct db_val[]){__VA_ARGS__}, \
	    (int)(sizeof((const struct db_val[]){__VA_ARGS__}) / sizeof(struct db_val))})
#define DB_NOARGS ((struct db_args){NULL, 0})

struct db_val db_null(void);
struct db_val db_int(int64_t v);
struct db_val db_str(const char *s);	     /* NULL gives NULL; "" stays an empty text */
struct db_val db_str_or_null(const char *s); /* "" gives NULL too: for optional references */
struct db_val db_text(struct kf_span s);
struct db_val db_blob(struct kf_span s);

/* --- running ------------------------------------------------------------------------------------
 */

/* A statement without rows. */
enum kf_err
db_run(struct db *db, const struct db_set *set, int stmt, struct db_args args) KF_MUST_CHECK;
/* Rows that the last db_run changed. */
int64_t db_changes(const struct db *db);

/* A row under the cursor. Zero-initialise, or let db_query do it. One cursor a statement at a
 * time. */
struct db_row {
	struct db_prepared *q;
	bool bad; /* a value did not fit its place: latched until db_done */
};

/* Begins a query; step with db_next: KF_OK there is a row, KF_ENOENT no more. */
enum kf_err db_query(struct db *db, const struct db_set *set, int stmt, struct db_args args,
    struct db_row *row) KF_MUST_CHECK;
enum kf_err db_next(struct db_row *row) KF_MUST_CHECK;
/* db_query and the first db_next in one; on an error nothing is left open. */
enum kf_err db_one(struct db *db, const struct db_set *set, int stmt, struct db_args args,
    struct db_row *row) KF_MUST_CHECK;
/* Ends the query, also after an error or db_next's KF_ENOENT. KF_EIO: a column did not fit. Give
 * it every cursor exactly once; twice does no harm. */
enum kf_err db_done(struct db_row *row) KF_MUST_CHECK;
/* db_done for a path that already has an error to pass on. */
void db_drop(struct db_row *row);

int64_t db_col_int(struct db_row *row, int col);
/* The same, latching bad outside of [min, max]. */
int64_t db_col_range(struct db_row *row, int col, int64_t min, int64_t max);
bool db_col_is_null(struct db_row *row, int col);
struct kf_span db_col_span(struct db_row *row, int col); /* text or blob; dies at db_next/db_done */
/* Text with a NUL (empty for NULL). Too long latches bad. */
void db_col_str(struct db_row *row, int col, char *out, size_t size);
/* A blob of exactly n bytes (or latches bad). */
void db_col_bytes(struct db_row *row, int col, void *out, size_t n);

#endif
