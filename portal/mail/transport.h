/* How a finished message reaches a mail server. esmtp.h is the one for smtp://; one for smtps://
 * stands behind the same face. send blocks until the dialogue is over: run it in dialogue.h. */
#ifndef MAIL_TRANSPORT_H
#define MAIL_TRANSPORT_H

#include "common/err.h"
#include "common/span.h"

#define MAIL_RESULT_TEXT 200

/* Borrowed. data: RFC 5322 bytes, each line ends in CR LF (see mime.h). */
struct mail_message {
	const char *from, *to; /* the envelope: two addresses, checked again by send */
	struct kf_span data;
};

enum mail_outcome {
	MAIL_LATER, /* not now: the server, the network or our set-up is at fault; try again */
	MAIL_SENT,  /* the server said that it has it */
	MAIL_NEVER  /* the server refuses this mail or this recipient for good */
};

struct mail_result {
	enum mail_outcome outcome;
	int code;		     /* the SMTP reply that decided, 0 when none came */
	char text[MAIL_RESULT_TEXT]; /* its text, or what happened instead; printable, no secret */
};

struct mail_transport {
	const char *name;
	/* out is always filled, with MAIL_LATER unless the server's replies prove otherwise.
	 * Errors: KF_EINVAL an address that may not go on the wire (out says which), nothing was
	 * sent; KF_EIO, KF_ENOMEM the dialogue could not begin. */
	enum kf_err (*send)(void *ctx, const struct mail_message *msg, struct mail_result *out);
	void (*close)(void *ctx);
	void *ctx;
};

#endif
