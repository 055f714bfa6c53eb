#include "portal/store/db.h"
#include "tests/unit/tap.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { T_INSERT, T_BY_ID, T_ALL, T_RETURNING, T__MAX };
static const struct db_stmt t_sql[T__MAX] = {
    [T_INSERT] = {"INSERT INTO t(id, name, raw) VALUES (?1, ?2, ?3)", 0},
    [T_BY_ID] = {"SELECT id, name, raw FROM t WHERE id = ?1", 3},
    [T_ALL] = {"SELECT id FROM t ORDER BY id", 1},
    [T_RETURNING] = {"DELETE FROM t WHERE id = ?1 RETURNING name", 1},
};
static const struct db_set t_set = DB_SET("t", t_sql);
static const struct db_set *const sets[] = {&t_set};

static const struct db_stmt bad_sql[] = {{"SELECT nothing FROM nowhere", 1}};
static const struct db_set bad_set = DB_SET("bad", bad_sql);
static const struct db_set *const bad_sets[] = {&bad_set};
static const struct db_stmt cols_sql[] = {{"SELECT id FROM t", 2}};
static const struct db_set cols_set = DB_SET("cols", cols_sql);
static const struct db_set *const cols_sets[] = {&cols_set};

static const struct db_migration steps[] = {
    {1, "one",
	"CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT NOT NULL CHECK (name <> ''),"
	" raw BLOB, UNIQUE (name)) STRICT;"},
    {2, "broken", "CREATE TABLE u (id INTEGER) STRICT; CREATE TABLE t (x INTEGER);"},
};

static char dir[] = "/tmp/keyfob-db-XXXXXX", path[64], copy[64];

static enum kf_err
insert(struct db *db, int64_t id, const char *name)
{
	return db_run(db, &t_set, T_INSERT,
	    DB_ARGS(db_int(id), db_str(name), db_blob(kf_span_of("\0\1", 2))));
}

static int
count(struct db *db)
{
	struct db_row row;
	int n = 0;

	if (db_query(db, &t_set, T_ALL, DB_NOARGS, &row) != KF_OK)
		return -1;
	while (db_next(&row) == KF_OK)
		n++;
	return db_done(&row) == KF_OK ? n : -1;
}

static struct db *
reopen(void)
{
	struct db *db = NULL;

	if (db_open(path, 0, &db) != KF_OK || db_prepare(db, sets, 1) != KF_OK)
		exit(2);
	return db;
}

static void
test_open(void)
{
	struct db *db = NULL;
	struct stat st = {0};
	int version = 9;

	IT("says that a file is missing, and makes none");
	OK(db_open(path, 0, &db) == KF_ENOENT);
	OK(db == NULL && access(path, F_OK) != 0);
	IT("tells a file that it cannot open from one that is missing");
	OK(db_open(dir, 0, &db) == KF_EIO && db == NULL);
	IT("makes a file that only its owner can read");
	OK(db_open(path, DB_CREATE, &db) == KF_OK);
	OK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
	IT("migrates step by step, a broken step leaves nothing");
	OK(db_version(db, &version) == KF_OK && version == 0);
	OK(db_migrate(db, steps, 2) != KF_OK);
	OK(db_version(db, &version) == KF_OK && version == 1);
	OK(db_migrate(db, steps, 1) == KF_OK);
	struct kf_buf schema = {0};
	OK(db_schema(db, &schema) == KF_OK);
	OK(strstr(kf_buf_cstr(&schema), "TABLE t ") != NULL);
	OK(strstr(kf_buf_cstr(&schema), "TABLE u ") == NULL);
	kf_buf_free(&schema);
	IT("refuses a file that is newer than the program");
	OK(db_migrate(db, steps, 0) == KF_OK);
	static const struct db_migration none[] = {{0, "", ""}};
	OK(db_migrate(db, none, 1) == KF_ESTALE);
	IT("does not start with a statement that does not prepare or has other columns");
	OK(db_prepare(db, bad_sets, 1) == KF_EINVAL);
	OK(db_prepare(db, cols_sets, 1) == KF_EINVAL);
	db_close(&db);
	OK(db == NULL);
}

static void
test_values(struct db *db)
{
	struct db_row row;
	char name[4];
	uint8_t raw[3];

	IT("gives back what was put in");
	OK(insert(db, 1, "abc") == KF_OK);
	OK(db_one(db, &t_set, T_BY_ID, DB_ARGS(db_int(1)), &row) == KF_OK);
	OK(db_col_int(&row, 0) == 1);
	db_col_str(&row, 1, name, sizeof(name));
	db_col_bytes(&row, 2, raw, 2);
	OK(strcmp(name, "abc") == 0 && raw[0] == 0 && raw[1] == 1);
	OK(db_done(&row) == KF_OK);
	IT("latches a value that does not fit its place");
	OK(db_one(db, &t_set, T_BY_ID, DB_ARGS(db_int(1)), &row) == KF_OK);
	db_col_str(&row, 1, name, 3);
	OK(name[0] == '\0' && db_done(&row) == KF_EIO);
	OK(db_one(db, &t_set, T_BY_ID, DB_ARGS(db_int(1)), &row) == KF_OK);
	db_col_bytes(&row, 2, raw, 3);
	OK(db_done(&row) == KF_EIO);
	OK(db_one(db, &t_set, T_BY_ID, DB_ARGS(db_int(1)), &row) == KF_OK);
	OK(db_col_range(&row, 0, 2, 3) == 2 && db_done(&row) == KF_EIO);
	IT("tells a missing row, a taken name and a broken rule apart");
	OK(db_one(db, &t_set, T_BY_ID, DB_ARGS(db_int(7)), &row) == KF_ENOENT);
	OK(insert(db, 2, "abc") == KF_EEXIST);
	OK(insert(db, 1, "abd") == KF_EEXIST);
	OK(insert(db, 3, "") == KF_EINVAL);
	OK(db_run(db, &t_set, T_INSERT, DB_ARGS(db_int(3), db_null(), db_null())) == KF_EINVAL);
	IT("keeps a text that looks like SQL a text");
	OK(insert(db, 4, "'; DROP TABLE t; --") == KF_OK && count(db) == 2);
	IT("deletes and returns once");
	OK(db_one(db, &t_set, T_RETURNING, DB_ARGS(db_int(4)), &row) == KF_OK);
	OK(db_done(&row) == KF_OK);
	OK(db_one(db, &t_set, T_RETURNING, DB_ARGS(db_int(4)), &row) == KF_ENOENT);
}

static void
test_transactions(struct db *db)
{
	struct db *other = reopen();
	uint32_t before = 0, after = 0;

	IT("keeps all or nothing");
	OK(db_begin(db) == KF_OK && insert(db, 10, "ten") == KF_OK);
	OK(count(other) == 1);
	OK(db_end(db, KF_EINVAL) == KF_EINVAL && count(db) == 1);
	OK(db_data_version(other, &before) == KF_OK);
	OK(db_begin(db) == KF_OK && insert(db, 10, "ten") == KF_OK);
	OK(db_end(db, KF_OK) == KF_OK && count(other) == 2);
	IT("shows another connection's commit in data_version");
	OK(db_data_version(other, &after) == KF_OK && after != before);
	IT("gives up on a lock that another holds, and works afterwards");
	OK(db_begin(db) == KF_OK);
	OK(db_begin(other) == KF_EAGAIN);
	OK(count(other) == 2);
	OK(db_end(db, KF_OK) == KF_OK && db_begin(other) == KF_OK);
	OK(db_end(other, KF_OK) == KF_OK);
	db_close(&other);
}

static void
test_kill(struct db *db)
{
	int before = count(db), status = 0;
	pid_t pid = fork();

	IT("forgets a transaction whose process was killed");
	if (pid == 0) {
		struct db *child = reopen();

		if (db_begin(child) == KF_OK && insert(child, 20, "half") == KF_OK)
			(void)kill(getpid(), SIGKILL);
		_exit(3);
	}
	OK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
	OK(count(db) == before);
	OK(insert(db, 20, "half") == KF_OK);
}

static void
test_backup(struct db *db)
{
	struct db *b = NULL;
	struct stat st = {0};

	IT("copies a database, and never over another file");
	OK(db_backup(db, copy) == KF_OK);
	OK(stat(copy, &st) == 0 && (st.st_mode & 0777) == 0600);
	OK(db_backup(db, copy) == KF_EEXIST);
	OK(db_open(copy, 0, &b) == KF_OK && db_prepare(b, sets, 1) == KF_OK);
	OK(count(b) == count(db));
	db_close(&b);
}

int
main(void)
{
	struct db *db;
	char command[128];

	if (mkdtemp(dir) == NULL)
		return 2;
	(void)snprintf(path, sizeof(path), "%s/x.db", dir);
	(void)snprintf(copy, sizeof(copy), "%s/y.db", dir);
	test_open();
	db = reopen();
	test_values(db);
	test_transactions(db);
	test_kill(db);
	test_backup(db);
	db_close(&db);
	(void)snprintf(command, sizeof(command), "rm -r %s", dir);
	if (system(command) != 0)
		return 2;
	return tap_end();
}
