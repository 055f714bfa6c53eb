/* keyfob-jobs -c keyfob.conf: everything that blocks or that time brings, in one process beside
 * the portal. A table of duties (duty.h) and the loop that runs them. */
#include "common/log.h"
#include "portal/core/masterkey.h"
#include "portal/core/outbox.h"
#include "portal/jobs/duty.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define WATCH_MS 200 /* how often to look whether the portal wrote to the database */

static const struct duty *const duties[] = {&duty_mailer, &duty_sweep, &duty_feedcert};
#define DUTIES (sizeof(duties) / sizeof(duties[0]))

struct loop {
	struct jobs jobs;
	int signal_fd;
	uint32_t data_version;
	void *ctx[DUTIES];
	size_t opened;
	int64_t due_ms[DUTIES];
};

/* --- the loop -----------------------------------------------------------------------------------
 */

static bool
database_changed(struct loop *l)
{
	uint32_t version = l->data_version;
	bool changed;

	if (app_data_version(l->jobs.app, &version) != KF_OK)
		return false; /* a duty that needs the database will say what is wrong */
	changed = version != l->data_version;
	l->data_version = version;
	return changed;
}

/* Wait for a signal, a duty's descriptor, or time. ready: whose descriptor it was. False: end. */
static bool
loop_wait(struct loop *l, int64_t now, bool ready[DUTIES])
{
	struct pollfd p[1 + DUTIES * DUTY_FDS_MAX];
	size_t owner[1 + DUTIES * DUTY_FDS_MAX], n = 1;
	int64_t wait_ms = WATCH_MS;

	p[0] = (struct pollfd){.fd = l->signal_fd, .events = POLLIN};
	for (size_t i = 0; i < DUTIES; i++) {
		int fd[DUTY_FDS_MAX];
		size_t fds = duties[i]->fds != NULL ? duties[i]->fds(l->ctx[i], fd) : 0;

		ready[i] = false;
		for (size_t k = 0; k < fds; k++, n++) {
			p[n] = (struct pollfd){.fd = fd[k], .events = POLLIN};
			owner[n] = i;
		}
		if (l->due_ms[i] - now < wait_ms)
			wait_ms = l->due_ms[i] - now;
	}
	if (poll(p, (nfds_t)n, wait_ms > 0 ? (int)wait_ms : 0) < 0)
		return errno == EINTR;
	for (size_t i = 1; i < n; i++)
		if (p[i].revents != 0)
			ready[owner[i]] = true;
	return p[0].revents == 0;
}

static void
loop_run(struct loop *l)
{
	const struct kf_env *env = l->jobs.env;
	bool ready[DUTIES] = {false};
	int64_t now = env->mono_ms(env->ctx), watch_ms = 0;

	do {
		bool changed = false;

		now = env->mono_ms(env->ctx);
		if (now >= watch_ms) {
			changed = database_changed(l);
			watch_ms = now + WATCH_MS;
		}
		for (size_t i = 0; i < DUTIES; i++)
			if (ready[i] || now >= l->due_ms[i] || (changed && duties[i]->on_change)) {
				int64_t wait_ms = duties[i]->run(l->ctx[i]);

				now = env->mono_ms(env->ctx);
				l->due_ms[i] =
				    wait_ms < INT64_MAX - now ? now + wait_ms : INT64_MAX;
			}
	} while (loop_wait(l, now, ready));
}

/* --- start and end
 * -------------------------------------------------------------------------------- */

/* No core file and no debugger gets at the keys. */
static void
close_process(void)
{
	struct rlimit none = {0, 0};

	if (setrlimit(RLIMIT_CORE, &none) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0)
		kf_log(LOGL_WARN, "jobs", "cannot forbid core files: %s", strerror(errno));
}

static int
signals_open(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Take run_dir/jobs.pid, and with its lock the right to be the only one: what another process had
 * under way is then nobody's. *fd keeps the lock and stays open until the end. */
static enum kf_err
pid_file_take(const char *run_dir, int *fd)
{
	char path[CONFIG_PATH_MAX + 16];
	int n = snprintf(path, sizeof(path), "%s/jobs.pid", run_dir);

	if (n < 0 || (size_t)n >= sizeof(path))
		return KF_EINVAL;
	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (*fd < 0) {
		kf_log(LOGL_ERROR, "jobs", "%s: %s: make run_dir, owned by this user", path,
		    strerror(errno));
		return KF_EIO;
	}
	if (flock(*fd, LOCK_EX | LOCK_NB) < 0) {
		kf_log(LOGL_ERROR, "jobs", "%s is held: keyfob-jobs runs already", path);
		return KF_EEXIST;
	}
	if (ftruncate(*fd, 0) < 0 || dprintf(*fd, "%ld\n", (long)getpid()) < 0) {
		kf_log(LOGL_ERROR, "jobs", "%s: %s", path, strerror(errno));
		return KF_EIO;
	}
	return KF_OK;
}

static enum kf_err
database_open(const struct config *conf, struct app **out)
{
	struct kf_sealkey master;
	struct kf_buf why = {0};
	enum kf_err r = masterkey_read(conf->master_key_file, &master, &why);

	if (r == KF_OK)
		r = app_open(conf, &kf_env_real, &master, out);
	else
		kf_log(LOGL_ERROR, "jobs", "%s", kf_buf_cstr(&why));
	kf_wipe(&master, sizeof(master));
	kf_buf_free(&why);
	return r;
}

static enum kf_err
duties_open(struct loop *l)
{
	enum kf_err r;

	for (; l->opened < DUTIES; l->opened++)
		if ((r = duties[l->opened]->open(&l->jobs, &l->ctx[l->opened])) != KF_OK) {
			kf_log(LOGL_ERROR, "jobs", "duty=%s cannot start: %s",
			    duties[l->opened]->name, kf_err_str(r));
			return r;
		}
	return KF_OK;
}

static enum kf_err
jobs_run(const struct config *conf)
{
	struct loop l = {.jobs = {.conf = conf, .env = &kf_env_real}, .signal_fd = signals_open()};
	int pid_fd = -1;
	enum kf_err r;

	if (l.signal_fd < 0)
		return KF_EIO;
	if ((r = pid_file_take(conf->run_dir, &pid_fd)) != KF_OK ||
	    (r = database_open(conf, &l.jobs.app)) != KF_OK ||
	    (r = outbox_recover(l.jobs.app)) != KF_OK || (r = duties_open(&l)) != KF_OK)
		goto out;
	kf_log(LOGL_INFO, "jobs", "ready pid=%ld", (long)getpid());
	loop_run(&l);
	kf_log(LOGL_INFO, "jobs", "stopped");
out:
	while (l.opened-- > 0)
		if (duties[l.opened]->close != NULL)
			duties[l.opened]->close(l.ctx[l.opened]);
	app_close(&l.jobs.app);
	if (pid_fd >= 0)
		close(pid_fd);
	close(l.signal_fd);
	return r;
}

int
main(int argc, char **argv)
{
	static struct config conf; /* holds paths and names, too large for the stack */
	struct kf_buf why = {0};
	enum kf_err r;

	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		(void)puts("keyfob-jobs " KEYFOB_VERSION);
		return 0;
	}
	if (argc != 3 || strcmp(argv[1], "-c") != 0) {
		(void)fputs("usage: keyfob-jobs -c keyfob.conf\n", stderr);
		return 2;
	}
	close_process();
	r = config_read(argv[2], &conf, &why);
	if (r != KF_OK)
		(void)fprintf(stderr, "keyfob-jobs: %s\n", kf_buf_cstr(&why));
	kf_buf_free(&why);
	return r == KF_OK && jobs_run(&conf) == KF_OK ? 0 : 1;
}
