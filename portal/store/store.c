#include "portal/store/store.h"

#include "portal/store/agent.h"
#include "portal/store/audit_row.h"
#include "portal/store/change_row.h"
#include "portal/store/feed_rows.h"
#include "portal/store/idp_row.h"
#include "portal/store/login_row.h"
#include "portal/store/migrations.h"
#include "portal/store/net_row.h"
#include "portal/store/org_row.h"
#include "portal/store/outbox_row.h"
#include "portal/store/person_row.h"
#include "portal/store/psk_row.h"
#include "portal/store/session_row.h"
#include "portal/store/workflow_row.h"

/* Every entity of keyfob.db, one line each. */
static const struct db_set *const sets[] = {
    &agent_set,
    &agent_set,
    &audit_set,
    &change_set,
    &feed_rows_set,
    &idp_set,
    &login_set,
    &net_set,
    &org_set,
    &outbox_set,
    &person_set,
    &psk_set,
    &session_set,
    &workflow_set,
};

static enum kf_err
prepare(struct db **db, enum kf_err r)
{
	if (r == KF_OK)
		r = db_prepare(*db, sets, sizeof(sets) / sizeof(sets[0]));
	if (r != KF_OK)
		db_close(db);
	return r;
}

enum kf_err
store_open(const char *path, int *version, struct db **out)
{
	enum kf_err r;

	*version = 0;
	if ((r = db_open(path, 0, out)) != KF_OK)
		return r;
	r = db_version(*out, version);
	if (r == KF_OK && *version != migrations[migrations_n - 1].version)
		r = KF_ESTALE;
	return prepare(out, r);
}

enum kf_err
store_open_migrated(const char *path, bool create, struct db **out)
{
	enum kf_err r;

	if ((r = db_open(path, create ? DB_CREATE : 0, out)) != KF_OK)
		return r;
	return prepare(out, db_migrate(*out, migrations, migrations_n));
}
