#include "ap-agent/run.h"

#include "ap-agent/agent.h"
#include "ap-agent/ctl.h"
#include "ap-agent/file.h"
#include "common/log.h"

#include <curl/curl.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define FDS_MAX 48
#define TICK_MS 1000
#define SAVE_MS 50 /* something waits to be saved: look again soon */

/* The sockets of one turn of the loop: who owns fd[from..to). */
struct fds {
	struct pollfd fd[FDS_MAX];
	size_t n, radius, isolate, ctl; /* where each begins; signals are at 0 */
};

static void
fds_add(struct fds *f, const int *fd, size_t n)
{
	for (size_t i = 0; i < n && f->n < FDS_MAX; i++)
		f->fd[f->n++] = (struct pollfd){.fd = fd[i], .events = POLLIN};
}

static void
fds_gather(struct agent *a, const struct ctl *ctl, int signals, struct fds *f)
{
	int fd[16];

	f->n = 0;
	fds_add(f, &signals, 1);
	f->radius = f->n;
	if (a->radius != NULL)
		fds_add(f, fd, radius_server_fds(a->radius, fd, 16));
	f->isolate = f->n;
	fds_add(f, fd, a->conf->isolate->fds(a->iso, fd, 16));
	f->ctl = f->n;
	fds_add(f, fd, ctl_fds(ctl, fd, 16));
}

static bool
readable(const struct fds *f, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (f->fd[i].revents != 0)
			return true;
	return false;
}

static void
answer(void *arg, struct kf_span request, struct kf_buf *out)
{
	struct agent *a = arg;

	if (kf_span_eq(request, KF_LIT("status")))
		agent_status(a, out);
	else if (request.n > 4 && memcmp(request.p, "why ", 4) == 0)
		agent_why(a, kf_span_of(request.p + 4, request.n - 4), out);
	else
		kf_buf_str(out, "! unknown request\n");
}

static void
turn(struct agent *a, struct ctl *ctl, int signals)
{
	struct signalfd_siginfo si;
	struct fds f;

	feed_client_run(a->client);
	fds_gather(a, ctl, signals, &f);
	feed_client_wait(a->client, f.fd, f.n, a->save_due != 0 ? SAVE_MS : TICK_MS);
	/* Who waits for an answer on the air comes first. */
	for (size_t i = f.radius; i < f.isolate; i++)
		if (f.fd[i].revents != 0)
			radius_server_ready(a->radius, f.fd[i].fd);
	if (readable(&f, f.isolate, f.ctl) && a->conf->isolate->ready(a->iso) != KF_OK)
		kf_log(LOGL_ERROR, "isolate", "an event of the kernel was not handled");
	if (readable(&f, f.ctl, f.n))
		ctl_ready(ctl);
	if (readable(&f, 0, f.radius) && read(signals, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		kf_log(LOGL_INFO, "agent", "signal=%u ends it", si.ssi_signo);
		a->stop = true;
	}
	agent_tick(a);
}

static int
signals_open(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static enum kf_err
pid_write(const struct agent_conf *conf, char path[CONF_PATH_MAX])
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	enum kf_err r = file_path(conf->run_dir, "agent.pid", path, CONF_PATH_MAX);

	return r == KF_OK ? file_write(path, 0644, kf_span_of(text, (size_t)n)) : r;
}

/* No core file and no debugger gets at the keys. */
static void
close_process(void)
{
	struct rlimit none = {0, 0};

	if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0) != 0)
		kf_log(LOGL_WARN, "agent", "cannot forbid core files: %s", strerror(errno));
}

int
run_agent(const struct agent_conf *conf, const struct kf_env *env)
{
	char pid[CONF_PATH_MAX] = "";
	struct ctl *ctl = NULL;
	struct agent a = {.conf = conf};
	int signals, status = 1;
	enum kf_err r;

	close_process();
	signals = signals_open();
	if (signals < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return 1;
	/* The socket first: it tells whether another agent runs here already. */
	if ((r = ctl_open(conf->run_dir, answer, &a, &ctl)) != KF_OK) {
		kf_log(LOGL_ERROR, "agent", "run_dir=\"%s\" %s", conf->run_dir,
		    r == KF_EEXIST ? "another agent runs here" : "cannot hold the socket ctl");
		goto out;
	}
	if ((r = agent_open(&a, conf, env)) != KF_OK || (r = pid_write(conf, pid)) != KF_OK) {
		kf_log(LOGL_ERROR, "agent", "cannot start: %s", kf_err_str(r));
		goto out;
	}
	kf_log(LOGL_INFO, "agent", "agent=%s portal=%s keys=%zu", a.id.text, a.id.url,
	    keyring_count(a.ring));
	while (!a.stop)
		turn(&a, ctl, signals);
	status = 0;
out:
	ctl_close(&ctl);
	agent_close(&a);
	if (pid[0] != '\0')
		(void)unlink(pid);
	close(signals);
	curl_global_cleanup();
	return status;
}
