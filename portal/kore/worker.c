#include "portal/kore/worker.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <sys/prctl.h>

#include <kore/kore.h>

#include <kore/http.h>

#include "common/log.h"
#include "portal/core/app.h"
#include "portal/http/web_impl.h"
#include "portal/kore/seccomp.h"

/* Kore's own names for its hooks, found by dlsym. */
void kore_worker_configure(void);
void kore_worker_teardown(void);
void kore_seccomp_hook(void);

/* Kore calls hooks without an argument, so this is where their state must lie. */
static const struct worker_plan *plan;
static struct web_worker self;
static pid_t parent;

static void
headers(struct kore_buf *out, struct http_request *req, int status)
{
	struct kf_buf b = {0};

	(void)status;
	web_headers(&b, &self, web_req_of(req));
	kore_buf_append(out, b.p, b.n);
	kf_buf_free(&b);
}

void
worker_prepare(const struct worker_plan *p)
{
	plan = p;
	parent = getpid();
	self.conf = p->conf;
	self.env = &kf_env_real;
	http_headers_hook = headers;
}

struct web_worker *
worker_self(void)
{
	return &self;
}

/* The last call before the filter is loaded, after Kore has changed users (which would undo
 * this): a worker never outlives its parent, not even a busy one whose parent was killed by -9,
 * or it would keep the port. */
void
kore_seccomp_hook(void)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 || getppid() != parent)
		_exit(1);
	seccomp_add_filters();
}

static void
tick(void *arg, u_int64_t now)
{
	(void)now;
	web_worker_tick(arg);
}

void
kore_worker_configure(void)
{
	const worker_start_fn *start = plan->role == ROLE_WEB ? starts_web : starts_feed;
	enum kf_err r;

	if ((r = app_open(plan->conf, self.env, plan->master, &self.app)) != KF_OK) {
		kf_log(LOGL_ERROR, "portal", "role=%s cannot open the store: %s",
		    role_name(plan->role), kf_err_str(r));
		exit(1);
	}
	kf_wipe(plan->master, sizeof(*plan->master));
	if (plan->tls != NULL)
		tls_attach(plan->tls);
	for (; *start != NULL; start++) {
		if ((r = (*start)(&self)) == KF_OK)
			continue;
		kf_log(LOGL_ERROR, "portal", "role=%s cannot start: %s", role_name(plan->role),
		    kf_err_str(r));
		exit(1);
	}
	(void)kore_timer_add(tick, WEB_TICK_MS, &self, 0);
}

void
kore_worker_teardown(void)
{
	app_close(&self.app);
}
