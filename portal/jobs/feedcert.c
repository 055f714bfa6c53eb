#include "common/log.h"
#include "portal/core/agentca.h"
#include "portal/jobs/duty.h"

#define FEEDCERT_MS (24 * 3600 * 1000)
#define FEEDCERT_RETRY_MS (3600 * 1000)

static enum kf_err
feedcert_open(const struct jobs *jobs, void **ctx)
{
	*ctx = jobs->app;
	return KF_OK;
}

static int64_t
feedcert_run(void *ctx)
{
	bool renewed = false;
	enum kf_err r = agentca_renew_feed_cert(ctx, &renewed);

	if (r != KF_OK) {
		kf_log(LOGL_ERROR, "jobs", "duty=feedcert failed=%s next_s=%d", kf_err_str(r),
		    FEEDCERT_RETRY_MS / 1000);
		return FEEDCERT_RETRY_MS;
	}
	if (renewed)
		kf_log(LOGL_WARN, "jobs",
		    "the feed's certificate was renewed: restart keyfob-portal --role feed");
	return FEEDCERT_MS;
}

const struct duty duty_feedcert = {.name = "feedcert", .open = feedcert_open, .run = feedcert_run};
