#include "ap-agent/ctl.h"

#include "common/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define ASK_TIMEOUT_S 5

struct ctl {
	struct sockaddr_un addr;
	int fd;
	int client[CTL_CLIENTS_MAX];
	size_t clients;
	void (*answer)(void *arg, struct kf_span request, struct kf_buf *out);
	void *arg;
};

static enum kf_err
addr_set(const char *run_dir, struct sockaddr_un *addr)
{
	int n;

	*addr = (struct sockaddr_un){.sun_family = AF_UNIX};
	n = snprintf(addr->sun_path, sizeof(addr->sun_path), "%s/ctl", run_dir);
	return n > 0 && (size_t)n < sizeof(addr->sun_path) ? KF_OK : KF_ELIMIT;
}

static int
dial(const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) != 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

enum kf_err
ctl_open(const char *run_dir, void (*answer)(void *arg, struct kf_span request, struct kf_buf *out),
    void *arg, struct ctl **out)
{
	struct ctl *ctl = calloc(1, sizeof(*ctl));
	mode_t mask;
	bool ok;
	int other;
	enum kf_err r;

	*out = NULL;
	if (ctl == NULL)
		return KF_ENOMEM;
	ctl->fd = -1;
	ctl->answer = answer;
	ctl->arg = arg;
	if ((r = addr_set(run_dir, &ctl->addr)) != KF_OK)
		goto out;
	if ((other = dial(&ctl->addr)) >= 0) {
		close(other);
		r = KF_EEXIST;
		goto out;
	}
	(void)unlink(ctl->addr.sun_path);
	ctl->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mask = umask(0177);
	ok = ctl->fd >= 0 && bind(ctl->fd, (struct sockaddr *)&ctl->addr, sizeof(ctl->addr)) == 0 &&
	    listen(ctl->fd, CTL_CLIENTS_MAX) == 0;
	(void)umask(mask);
	if (!ok) {
		kf_log(LOGL_ERROR, "ctl", "path=\"%s\" says=\"%s\"", ctl->addr.sun_path,
		    strerror(errno));
		r = KF_EIO;
		goto out;
	}
	*out = ctl;
	ctl = NULL;
out:
	ctl_close(&ctl);
	return r;
}

void
ctl_close(struct ctl **pctl)
{
	struct ctl *ctl = *pctl;

	*pctl = NULL;
	if (ctl == NULL)
		return;
	for (size_t i = 0; i < ctl->clients; i++)
		close(ctl->client[i]);
	if (ctl->fd >= 0) {
		close(ctl->fd);
		(void)unlink(ctl->addr.sun_path);
	}
	free(ctl);
}

size_t
ctl_fds(const struct ctl *ctl, int *fd, size_t max)
{
	size_t n = 0;

	/* A full house waits in the listen queue. */
	if (max > 0 && ctl->clients < CTL_CLIENTS_MAX)
		fd[n++] = ctl->fd;
	for (size_t i = 0; i < ctl->clients && n < max; i++)
		fd[n++] = ctl->client[i];
	return n;
}

/* true: this client is done with. */
static bool
serve(struct ctl *ctl, int fd)
{
	char request[CTL_REQUEST_MAX];
	struct kf_buf out = {.max = CTL_ANSWER_MAX};
	ssize_t n = recv(fd, request, sizeof(request), MSG_DONTWAIT);

	if (n < 0)
		return errno != EAGAIN && errno != EINTR;
	if (n > 0) {
		ctl->answer(ctl->arg, kf_span_of(request, (size_t)n), &out);
		(void)send(fd, kf_buf_cstr(&out), out.n, MSG_DONTWAIT | MSG_NOSIGNAL);
	}
	kf_buf_free(&out);
	return true;
}

void
ctl_ready(struct ctl *ctl)
{
	int fd;

	while (ctl->clients < CTL_CLIENTS_MAX &&
	    (fd = accept4(ctl->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0)
		ctl->client[ctl->clients++] = fd;
	for (size_t i = ctl->clients; i > 0; i--) {
		if (!serve(ctl, ctl->client[i - 1]))
			continue;
		close(ctl->client[i - 1]);
		ctl->client[i - 1] = ctl->client[--ctl->clients];
	}
}

enum kf_err
ctl_ask(const char *run_dir, const char *request, struct kf_buf *out)
{
	struct timeval limit = {ASK_TIMEOUT_S, 0};
	struct sockaddr_un addr;
	char answer[CTL_ANSWER_MAX];
	ssize_t n = -1;
	int fd;
	enum kf_err r;

	if ((r = addr_set(run_dir, &addr)) != KF_OK)
		return r;
	if ((fd = dial(&addr)) < 0)
		return KF_ENOENT;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0 &&
	    send(fd, request, strlen(request), MSG_NOSIGNAL) >= 0)
		n = recv(fd, answer, sizeof(answer), 0);
	close(fd);
	if (n <= 0)
		return KF_EIO;
	kf_buf_add(out, answer, (size_t)n);
	return out->bad ? KF_ENOMEM : KF_OK;
}
