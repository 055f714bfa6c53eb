#include "common/log.h"
#include "portal/core/lifecycle.h"
#include "portal/jobs/duty.h"

#define SWEEP_MS (60 * 1000)

static enum kf_err
sweep_open(const struct jobs *jobs, void **ctx)
{
	*ctx = jobs->app;
	return KF_OK;
}

static int64_t
sweep_run(void *ctx)
{
	enum kf_err r = lifecycle_sweep(ctx);

	if (r != KF_OK)
		kf_log(LOGL_WARN, "jobs", "duty=sweep failed=%s next_s=%d", kf_err_str(r),
		    SWEEP_MS / 1000);
	return SWEEP_MS;
}

const struct duty duty_sweep = {.name = "sweep", .open = sweep_open, .run = sweep_run};
