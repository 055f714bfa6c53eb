/* One send() in a child process. The resolver, connect() and the library behind a transport may
 * block for as long as they like: the caller polls a descriptor, keeps its own time and ends the
 * child when it wants. The child holds none of the caller's descriptors and dies with it. */
#ifndef MAIL_DIALOGUE_H
#define MAIL_DIALOGUE_H

#include "common/err.h"
#include "portal/mail/transport.h"

#include <sys/types.h>

struct dialogue {
	pid_t pid; /* 0: none */
	int fd;	   /* readable when the child is done; poll it */
	int64_t deadline_ms;
};

/* Start sending; msg is free again on return. The caller has one thread and ignores SIGPIPE.
 * deadline_ms: by the clock of dialogue_poll. Errors: KF_EIO no process or pipe to be had. */
enum kf_err dialogue_start(const struct mail_transport *transport, const struct mail_message *msg,
    int64_t deadline_ms, struct dialogue *out) KF_MUST_CHECK;
/* KF_OK: over, out is filled, d is empty. KF_EAGAIN: still talking. A child that is over its time
 * or died gives MAIL_LATER. */
enum kf_err
dialogue_poll(struct dialogue *d, int64_t now_ms, struct mail_result *out) KF_MUST_CHECK;
/* End it now; harmless when d is empty. The server may have taken the mail. */
void dialogue_stop(struct dialogue *d);

#endif
