#include "portal/core/lifecycle.h"

#include "common/log.h"
#include "portal/core/agentca.h"
#include "portal/core/change.h"
#include "portal/store/login_row.h"
#include "portal/store/psk_row.h"
#include "portal/store/session_row.h"

#define ENDED_AT_ONCE 200 /* keys a transaction: others want the lock too */

static enum kf_err
rows(struct app *app)
{
	int64_t now = kf_now_s(app->env);
	enum kf_err r;

	if ((r = login_row_sweep(app->db, app->org, now)) != KF_OK ||
	    (r = replay_row_sweep(app->db, app->org, now)) != KF_OK ||
	    (r = session_row_sweep(app->db, app->org, now)) != KF_OK)
		return r;
	r = limit_row_sweep(app->db, app->org, now);
	return r == KF_OK ? agentca_sweep(app) : r;
}

/* *n: how many keys were ended. */
static enum kf_err
keys(struct app *app, int *n)
{
	int64_t now = kf_now_s(app->env);
	char id[STORE_ID];
	uint64_t rev;
	enum kf_err r = KF_OK;

	for (*n = 0; *n < ENDED_AT_ONCE; ++*n) {
		r = psk_row_over(app->db, app->org, now, id);
		if (r != KF_OK)
			return r == KF_ENOENT ? KF_OK : r;
		if ((r = change_put(app, CHANGE_PSK, id, &rev)) != KF_OK ||
		    (r = psk_row_end(app->db, id, rev)) != KF_OK)
			return r;
	}
	return KF_OK;
}

enum kf_err
lifecycle_sweep(struct app *app)
{
	int n = 0, total = 0;
	enum kf_err r;

	if ((r = db_begin(app->db)) != KF_OK)
		return r;
	if ((r = db_end(app->db, rows(app))) != KF_OK)
		return r;
	do {
		if ((r = db_begin(app->db)) != KF_OK)
			return r;
		r = db_end(app->db, keys(app, &n));
		total += n;
	} while (r == KF_OK && n == ENDED_AT_ONCE);
	if (r == KF_OK && total > 0)
		kf_log(LOGL_INFO, "lifecycle", "keys_over=%d", total);
	return r;
}
