/* Mail that was promised to a user, until a server took it. Written in the transaction of what it
 * tells about; drained by keyfob-jobs. The body is composed when it is sent: no secret lies here.
 */
#ifndef CORE_OUTBOX_H
#define CORE_OUTBOX_H

#include "portal/core/issue.h"

#define OUTBOX_PER_HOUR 5  /* mails about one key */
#define OUTBOX_LEASE_S 300 /* longer than any SMTP dialogue we allow */

enum outbox_kind { OUTBOX_KEY_ISSUED = 1, OUTBOX_KEY_ROTATED };
enum mail_mode { MAIL_LINK, MAIL_QR, MAIL_QR_TEXT };

struct outbox_mail {
	int64_t id;
	enum outbox_kind kind;
	char message_id[80]; /* left@right without <>; the same at every try */
	char to[255], name[256];
	enum mail_mode mode;
	uint32_t attempts; /* this one included */
	struct key_view key;
};

/* What is promised, in the transaction of what it tells about. */
struct outbox_promise {
	enum outbox_kind kind;
	const char *key, *to, *name; /* name may be "" */
	const char *mode;	     /* "link", "qr", "qr+text" */
};
/* KF_ELIMIT: a mail about this key waits already, or OUTBOX_PER_HOUR were made in the last
 * hour. */
enum kf_err outbox_put(struct app *app, const struct outbox_promise *mail) KF_MUST_CHECK;

/* The next mail that is due, leased to this caller: KF_EAGAIN none is due; *wait_ms says for how
 * long at most. A lease that runs out (the process died) makes it due again. Wipe out->key. */
enum kf_err outbox_claim(struct app *app, struct outbox_mail *out, int64_t *wait_ms) KF_MUST_CHECK;
/* Leases of a process that died are void: for keyfob-jobs when it starts and holds its pid file. */
enum kf_err outbox_recover(struct app *app) KF_MUST_CHECK;
/* The server took it: its code and text are kept. */
enum kf_err outbox_sent(struct app *app, int64_t id, int code, const char *text) KF_MUST_CHECK;
/* It did not, perhaps next time: 1 m, 5 m, 15 m, 1 h, 4 h … with jitter, until 24 h or the key's
 * end; then dead. wait_s < 0: that table; else exactly so long (tests). */
enum kf_err
outbox_retry(struct app *app, int64_t id, int code, const char *text, int64_t wait_s) KF_MUST_CHECK;
/* It never will (5xx): dead, audited, shown to user and admin. */
enum kf_err outbox_dead(struct app *app, int64_t id, int code, const char *text) KF_MUST_CHECK;

#endif
