#include "ap-agent/isolate_nft_ns.h"

#include "common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_NO_NETNS 126
#define EXIT_NO_PROGRAM 127

/* *fd: -1 for the process's own namespace. */
static enum kf_err
ns_open(const char *netns, int *fd)
{
	char path[128];
	int n;

	*fd = -1;
	if (netns == NULL || netns[0] == '\0')
		return KF_OK;
	n = snprintf(path, sizeof(path), "/run/netns/%s", netns);
	if (n < 0 || (size_t)n >= sizeof(path) || strchr(netns, '/') != NULL) {
		kf_log(LOGL_ERROR, "isolate", "netns=%s refused=not-a-name", netns);
		return KF_EINVAL;
	}
	if ((*fd = open(path, O_RDONLY | O_CLOEXEC)) < 0) {
		kf_log(LOGL_ERROR, "isolate", "netns=%s error=\"%s\" remedy=\"ip netns add %s\"",
		    netns, strerror(errno), netns);
		return KF_ENOENT;
	}
	return KF_OK;
}

struct ns_job {
	int ns;
	struct ns_socket *sock;
	size_t n;
	int error;
};

/* setns(2) moves one thread only, so this thread goes there and ends. */
static void *
open_sockets(void *arg)
{
	struct ns_job *job = arg;

	if (job->ns >= 0 && setns(job->ns, CLONE_NEWNET) < 0) {
		job->error = errno;
		return NULL;
	}
	for (size_t i = 0; i < job->n; i++) {
		struct ns_socket *s = &job->sock[i];

		s->fd = socket(s->domain, s->type | SOCK_CLOEXEC, s->protocol);
		if (s->fd < 0) {
			job->error = errno;
			return NULL;
		}
	}
	return NULL;
}

enum kf_err
ns_sockets(const char *netns, struct ns_socket *sock, size_t n)
{
	struct ns_job job = {.sock = sock, .n = n};
	pthread_t thread;
	enum kf_err r;

	for (size_t i = 0; i < n; i++)
		sock[i].fd = -1;
	if ((r = ns_open(netns, &job.ns)) != KF_OK)
		return r;
	if (job.ns < 0)
		open_sockets(&job);
	else if ((job.error = pthread_create(&thread, NULL, open_sockets, &job)) == 0)
		pthread_join(thread, NULL);
	if (job.ns >= 0)
		close(job.ns);
	if (job.error == 0)
		return KF_OK;
	kf_log(LOGL_ERROR, "isolate", "sockets error=\"%s\" remedy=\"%s\"", strerror(job.error),
	    "the agent needs CAP_NET_ADMIN and CAP_NET_RAW, for a netns CAP_SYS_ADMIN too");
	for (size_t i = 0; i < n; i++) {
		if (sock[i].fd >= 0)
			close(sock[i].fd);
		sock[i].fd = -1;
	}
	return KF_EIO;
}

/* The child: nothing here may allocate or log. */
static _Noreturn void
child_nft(int ns, const char *path, int in, int out)
{
	static char arg_f[] = "-f", arg_dash[] = "-", name[] = "nft";
	char *const argv[] = {name, arg_f, arg_dash, NULL}, *const env[] = {NULL};

	if (ns >= 0 && setns(ns, CLONE_NEWNET) < 0)
		_exit(EXIT_NO_NETNS);
	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    dup2(out, STDERR_FILENO) < 0)
		_exit(EXIT_NO_NETNS);
	execve(path, argv, env);
	_exit(EXIT_NO_PROGRAM);
}

static enum kf_err
wait_nft(pid_t pid, const char *path, int out)
{
	char said[512];
	ssize_t n;
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return KF_EIO;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return KF_OK;
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NO_PROGRAM) {
		kf_log(LOGL_ERROR, "isolate", "nft=%s error=\"cannot be started\" remedy=\"%s\"",
		    path, "apt-get install nftables");
		return KF_ENOENT;
	}
	n = pread(out, said, sizeof(said) - 1, 0);
	said[n > 0 ? n : 0] = '\0';
	kf_log(LOGL_ERROR, "isolate", "nft=%s status=%d says=\"%s\"", path, status, said);
	return KF_EINVAL;
}

enum kf_err
ns_nft(const char *netns, const char *path, struct kf_span text)
{
	int ns = -1, in = -1, out = -1;
	enum kf_err r = KF_EIO;
	pid_t pid;

	/* Files in memory instead of pipes: neither side can block the other. */
	in = memfd_create("keyfob-nft", MFD_CLOEXEC);
	out = memfd_create("keyfob-nft-says", MFD_CLOEXEC);
	if (in < 0 || out < 0 || write(in, text.p, text.n) != (ssize_t)text.n ||
	    lseek(in, 0, SEEK_SET) != 0) {
		kf_log(LOGL_ERROR, "isolate", "memfd error=\"%s\"", strerror(errno));
		goto out;
	}
	if ((r = ns_open(netns, &ns)) != KF_OK)
		goto out;
	r = KF_EIO;
	if ((pid = fork()) == 0)
		child_nft(ns, path, in, out);
	if (pid < 0)
		kf_log(LOGL_ERROR, "isolate", "fork error=\"%s\"", strerror(errno));
	else
		r = wait_nft(pid, path, out);
out:
	if (ns >= 0)
		close(ns);
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return r;
}
