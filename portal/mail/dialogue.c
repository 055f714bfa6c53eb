#include "portal/mail/dialogue.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

_Static_assert(sizeof(struct mail_result) <= 512, "a result goes through the pipe in one piece");

/* In the child: leave everything of the parent's behind, send, tell, end. Never returns. */
static _Noreturn void
child_run(const struct mail_transport *transport, const struct mail_message *msg, pid_t parent,
    int pipe_fd)
{
	struct mail_result result = {0};
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(pipe_fd, STDIN_FILENO) < 0)
		_exit(1);
	close_range(STDERR_FILENO + 1, ~0U, 0);
	/* the result says it all; its KF_ code is for callers in this process */
	(void)!transport->send(transport->ctx, msg, &result);
	_exit(write(STDIN_FILENO, &result, sizeof(result)) != (ssize_t)sizeof(result));
}

enum kf_err
dialogue_start(const struct mail_transport *transport, const struct mail_message *msg,
    int64_t deadline_ms, struct dialogue *out)
{
	pid_t parent = getpid(), pid;
	int fd[2];

	*out = (struct dialogue){.fd = -1};
	if (pipe2(fd, O_CLOEXEC | O_NONBLOCK) < 0)
		return KF_EIO;
	pid = fork();
	if (pid == 0)
		child_run(transport, msg, parent, fd[1]);
	close(fd[1]);
	if (pid < 0) {
		close(fd[0]);
		return KF_EIO;
	}
	*out = (struct dialogue){.pid = pid, .fd = fd[0], .deadline_ms = deadline_ms};
	return KF_OK;
}

enum kf_err
dialogue_poll(struct dialogue *d, int64_t now_ms, struct mail_result *out)
{
	ssize_t n = read(d->fd, out, sizeof(*out));

	if (n < 0 && (errno == EAGAIN || errno == EINTR) && now_ms < d->deadline_ms)
		return KF_EAGAIN;
	if (n != (ssize_t)sizeof(*out)) {
		*out = (struct mail_result){.outcome = MAIL_LATER};
		(void)snprintf(out->text, sizeof(out->text), "%s",
		    n < 0 ? "the dialogue took too long and was given up"
			  : "the dialogue ended without a result");
	}
	dialogue_stop(d);
	return KF_OK;
}

void
dialogue_stop(struct dialogue *d)
{
	if (d->pid <= 0)
		return;
	kill(d->pid, SIGKILL);
	while (waitpid(d->pid, NULL, 0) < 0 && errno == EINTR)
		;
	close(d->fd);
	*d = (struct dialogue){.fd = -1};
}
