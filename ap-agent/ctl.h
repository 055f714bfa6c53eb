/* The control socket, run_dir/ctl (0600): one request and one answer a connection. */
#ifndef AGENT_CTL_H
#define AGENT_CTL_H

#include "common/err.h"
#include "common/text.h"

#define CTL_CLIENTS_MAX 8
#define CTL_REQUEST_MAX 128
#define CTL_ANSWER_MAX 4096

struct ctl;

/* Binds the socket, instead of one that a dead agent left. KF_EEXIST: another agent answers there.
 * answer: appends what to say; an answer that starts with '!' is a refusal. */
enum kf_err
ctl_open(const char *run_dir, void (*answer)(void *arg, struct kf_span request, struct kf_buf *out),
    void *arg, struct ctl **out) KF_MUST_CHECK;
void ctl_close(struct ctl **ctl);
/* Sockets to poll for reading: at most max. */
size_t ctl_fds(const struct ctl *ctl, int *fd, size_t max);
void ctl_ready(struct ctl *ctl);

/* The other end: asks the agent of run_dir. KF_ENOENT: none runs there. */
enum kf_err ctl_ask(const char *run_dir, const char *request, struct kf_buf *out) KF_MUST_CHECK;

#endif
