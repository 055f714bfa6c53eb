#include "portal/store/store.h"

#include "portal/store/migrations.h"
#include "portal/store/org_row.h"
#include "tests/unit/tap.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GOLDEN "tests/golden/schema.sql"

static char dir[] = "/tmp/keyfob-store-XXXXXX", path[64];

static bool
file_read(const char *name, struct kf_buf *out)
{
	FILE *f = fopen(name, "r");
	char part[4096];
	size_t n;

	if (f == NULL)
		return false;
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		kf_buf_add(out, part, n);
	(void)fclose(f);
	return !out->bad;
}

static void
test_schema(struct db *db)
{
	struct kf_buf have = {0}, want = {0};

	IT("gives, from an empty file, the schema of " GOLDEN);
	OK(db_schema(db, &have) == KF_OK);
	if (getenv("GOLDEN_WRITE") != NULL) {
		FILE *f = fopen(GOLDEN, "w");

		if (f != NULL && fwrite(have.p, 1, have.n, f) == have.n)
			(void)fclose(f);
	}
	OK(file_read(GOLDEN, &want));
	OK(kf_span_eq(kf_buf_span(&have), kf_buf_span(&want)));
	kf_buf_free(&have);
	kf_buf_free(&want);
}

static int
shell(const char *file, const char *sql)
{
	char command[256];

	(void)snprintf(command, sizeof(command), "sqlite3 %s \"%s\"", file, sql);
	return system(command);
}

/* From every version before the newest: the way that an old installation goes. */
static void
test_each_step(void)
{
	struct kf_buf fresh = {0}, grown = {0};
	struct db *db = NULL;
	char name[80], org[STORE_ID];

	IT("comes to the same schema from every earlier version, with its rows");
	OK(store_open_migrated(path, false, &db) == KF_OK && db_schema(db, &fresh) == KF_OK);
	db_close(&db);
	for (size_t i = 1; i < migrations_n; i++) {
		int version = 0;

		(void)snprintf(name, sizeof(name), "%s/v%zu.db", dir, i);
		OK(db_open(name, DB_CREATE, &db) == KF_OK &&
		    db_migrate(db, migrations, i) == KF_OK);
		db_close(&db);
		OK(shell(name, "INSERT INTO org(id, name, created) VALUES ('o', 'Old', 1)") == 0);
		OK(store_open(name, &version, &db) == KF_ESTALE && version == (int)i);
		OK(store_open_migrated(name, false, &db) == KF_OK);
		kf_buf_reset(&grown);
		OK(db_schema(db, &grown) == KF_OK);
		OK(kf_span_eq(kf_buf_span(&grown), kf_buf_span(&fresh)));
		OK(org_row_only(db, org) == KF_OK && strcmp(org, "o") == 0);
		db_close(&db);
	}
	kf_buf_free(&fresh);
	kf_buf_free(&grown);
}

int
main(void)
{
	struct db *db = NULL;
	char command[128];
	int version = -1;

	if (mkdtemp(dir) == NULL)
		return 2;
	(void)snprintf(path, sizeof(path), "%s/x.db", dir);
	IT("prepares every statement of every entity");
	OK(store_open_migrated(path, true, &db) == KF_OK);
	test_schema(db);
	db_close(&db);
	OK(store_open(path, &version, &db) == KF_OK && version == (int)migrations_n);
	db_close(&db);
	IT("says that there is no database");
	OK(store_open("/tmp/keyfob-no-such-file.db", &version, &db) == KF_ENOENT && db == NULL);
	test_each_step();
	(void)snprintf(command, sizeof(command), "rm -r %s", dir);
	if (system(command) != 0)
		return 2;
	return tap_end();
}
