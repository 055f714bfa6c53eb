#include "portal/core/audit.h"

#include "tests/unit/installation.h"
#include "tests/unit/tap.h"

static struct installation in;

static void
note(const char *action, const char *detail)
{
	if (db_begin(in.app->db) != KF_OK ||
	    db_end(in.app->db,
		audit_put(in.app, &(struct audit_note){&inst_by, action, "t", detail})) != KF_OK)
		exit(2);
}

/* The number of the first broken entry after an admin's own SQL, which is then undone. */
static uint64_t
broken_by(const char *sql)
{
	struct audit_check check;
	char command[512];

	(void)snprintf(command, sizeof(command),
	    "cd %s && cp state/keyfob.db was.db && sqlite3 state/keyfob.db \"%s\" >was.txt", in.dir,
	    sql);
	app_close(&in.app);
	if (system(command) != 0 || app_open(&in.conf, &in.env, &in.master, &in.app) != KF_OK)
		exit(2);
	if (audit_verify(in.app, &check) == KF_OK)
		check.broken = 0;
	app_close(&in.app);
	(void)snprintf(command, sizeof(command), "cd %s && cp was.db state/keyfob.db", in.dir);
	if (system(command) != 0 || app_open(&in.conf, &in.env, &in.master, &in.app) != KF_OK)
		exit(2);
	return check.broken;
}

int
main(void)
{
	struct audit_check check;

	inst_make(&in);
	for (int i = 0; i < 20; i++)
		note("test", "x");
	IT("finds its own chain whole");
	OK(audit_verify(in.app, &check) == KF_OK && check.entries == 21 && check.broken == 0);
	IT("names the first entry that was changed");
	OK(broken_by("UPDATE audit SET detail = 'y' WHERE seq = 7") == 7);
	OK(broken_by("UPDATE audit SET actor = 'x' WHERE seq = 2") == 2);
	OK(broken_by("UPDATE audit SET at_ms = at_ms + 1 WHERE seq = 21") == 21);
	OK(broken_by("UPDATE audit SET hash = zeroblob(32) WHERE seq = 3") == 3);
	IT("notices text that moved from one field into the next");
	OK(broken_by("UPDATE audit SET action = 'testt', target = '' WHERE seq = 5") == 5);
	IT("notices an entry that is gone, or two that changed places");
	OK(broken_by("DELETE FROM audit WHERE seq = 9") == 9);
	OK(broken_by("UPDATE audit SET seq = 99 WHERE seq = 4; UPDATE audit SET seq = 4 WHERE"
		     " seq = 5; UPDATE audit SET seq = 5 WHERE seq = 99") == 4);
	OK(broken_by("SELECT 1") == 0);
	inst_end(&in);
	return tap_end();
}
