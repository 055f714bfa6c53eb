/* Drains the outbox. A mail is composed when it is sent, and each dialogue runs in a child of its
 * own, so that a slow server holds up neither the other duties nor SIGTERM. At least once: when we
 * die between the server's 250 and our commit, the same mail goes out again under the same
 * Message-ID. */
#include "common/log.h"
#include "portal/core/outbox.h"
#include "portal/jobs/duty.h"
#include "portal/jobs/letter.h"
#include "portal/mail/dialogue.h"
#include "portal/mail/esmtp.h"

#include <assert.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAILER_DIALOGUES 4 /* at once */
#define MAILER_DIALOGUE_MS (240 * 1000)
#define MAILER_RETRY_MS 1000 /* when the database is busy or no child can be had */
#define MAILER_GRACE_MS 400  /* for dialogues that are under way at the end */

_Static_assert(MAILER_DIALOGUES <= DUTY_FDS_MAX, "each dialogue has a descriptor");
_Static_assert(MAILER_DIALOGUE_MS < OUTBOX_LEASE_S * 1000, "no mail is on its way twice");

struct slot {
	int64_t mail; /* outbox id, 0: free */
	struct dialogue talk;
	bool over; /* result is there, and waits to be written down */
	struct mail_result result;
};

struct mailer {
	const struct jobs *jobs;
	struct mail_transport transport;
	struct slot slot[MAILER_DIALOGUES];
};

static int64_t
now_mono_ms(const struct mailer *m)
{
	return m->jobs->env->mono_ms(m->jobs->env->ctx);
}

/* Write down what came of a mail. Until that works the slot stays taken: forgetting it would send
 * the mail again. */
static enum kf_err
settle(struct mailer *m, struct slot *s)
{
	static const char *const outcome[] = {"later", "sent", "never"};
	struct app *app = m->jobs->app;
	const struct mail_result *got = &s->result;
	enum kf_err r;

	if (got->outcome == MAIL_SENT)
		r = outbox_sent(app, s->mail, got->code, got->text);
	else if (got->outcome == MAIL_NEVER)
		r = outbox_dead(app, s->mail, got->code, got->text);
	else
		r = outbox_retry(app, s->mail, got->code, got->text, -1);
	if (r != KF_OK && r != KF_ENOENT)
		return r;
	kf_log(got->outcome == MAIL_SENT ? LOGL_INFO : LOGL_WARN, "mail",
	    "outbox=%" PRId64 " outcome=%s code=%d text=\"%s\"", s->mail, outcome[got->outcome],
	    got->code, got->text);
	*s = (struct slot){0};
	return KF_OK;
}

static void
slot_over(struct slot *s, const char *why)
{
	s->over = true;
	s->result = (struct mail_result){.outcome = MAIL_LATER};
	(void)snprintf(s->result.text, sizeof(s->result.text), "%s", why);
}

/* A slot without result afterwards is talking. */
static void
begin(struct mailer *m, struct slot *s, const struct outbox_mail *mail)
{
	struct kf_buf bytes = {0};
	const char *why = "";
	struct mail_message msg = {.from = m->jobs->conf->mail_from, .to = mail->to};

	s->mail = mail->id;
	if (letter_compose(m->jobs, mail, &bytes, &why) != KF_OK) {
		kf_log(LOGL_ERROR, "mail", "outbox=%" PRId64 " cannot be composed: field=%s",
		    mail->id, why);
		slot_over(s, "the mail cannot be composed");
	} else {
		msg.data = kf_buf_span(&bytes);
		if (dialogue_start(&m->transport, &msg, now_mono_ms(m) + MAILER_DIALOGUE_MS,
			&s->talk) != KF_OK)
			slot_over(s, "no process to send from");
	}
	kf_buf_free(&bytes);
}

/* Fill the free slots with what is due. Returns when to look again. */
static int64_t
take_up(struct mailer *m)
{
	int64_t wait_ms = INT64_MAX;

	for (size_t i = 0; i < MAILER_DIALOGUES; i++) {
		struct outbox_mail mail;
		enum kf_err r;

		if (m->slot[i].mail != 0)
			continue;
		r = outbox_claim(m->jobs->app, &mail, &wait_ms);
		if (r == KF_OK) {
			begin(m, &m->slot[i], &mail);
			kf_wipe(&mail, sizeof(mail));
			wait_ms = INT64_MAX;
			continue;
		}
		if (r != KF_EAGAIN) {
			kf_log(LOGL_WARN, "mail", "outbox claim failed=%s", kf_err_str(r));
			wait_ms = MAILER_RETRY_MS;
		}
		break;
	}
	return wait_ms;
}

/* Hear what became of the dialogues. Returns when the next one is over its time. */
static int64_t
hear(struct mailer *m)
{
	int64_t now = now_mono_ms(m), wait_ms = INT64_MAX;

	for (size_t i = 0; i < MAILER_DIALOGUES; i++) {
		struct slot *s = &m->slot[i];
		int64_t more = MAILER_RETRY_MS;

		if (s->mail == 0)
			continue;
		if (!s->over)
			s->over = dialogue_poll(&s->talk, now, &s->result) == KF_OK;
		if (s->over && settle(m, s) == KF_OK)
			continue;
		if (!s->over)
			more = s->talk.deadline_ms - now;
		wait_ms = more < wait_ms ? more : wait_ms;
	}
	return wait_ms;
}

static int64_t
mailer_run(void *ctx)
{
	struct mailer *m = ctx;
	int64_t over_ms, due_ms;

	(void)hear(m);
	due_ms = take_up(m);
	over_ms = hear(m); /* of those just begun, too */
	if (over_ms < due_ms)
		due_ms = over_ms;
	return due_ms < 1 ? 1 : due_ms;
}

static size_t
mailer_fds(void *ctx, int *fd)
{
	struct mailer *m = ctx;
	size_t n = 0;

	for (size_t i = 0; i < MAILER_DIALOGUES; i++)
		if (m->slot[i].mail != 0 && !m->slot[i].over)
			fd[n++] = m->slot[i].talk.fd;
	return n;
}

/* What ends in time counts; the rest is cut off and due again at once. */
static void
mailer_close(void *ctx)
{
	struct mailer *m = ctx;
	int64_t until = now_mono_ms(m) + MAILER_GRACE_MS;
	struct pollfd p[DUTY_FDS_MAX];
	int fd[DUTY_FDS_MAX];
	size_t n;

	while ((n = mailer_fds(m, fd)) > 0 && now_mono_ms(m) < until) {
		for (size_t i = 0; i < n; i++)
			p[i] = (struct pollfd){.fd = fd[i], .events = POLLIN};
		(void)poll(p, (nfds_t)n, 50);
		(void)hear(m);
	}
	for (size_t i = 0; i < MAILER_DIALOGUES; i++) {
		struct slot *s = &m->slot[i];

		if (s->mail != 0 && !s->over &&
		    outbox_retry(m->jobs->app, s->mail, 0, "keyfob-jobs was stopped", 0) != KF_OK)
			kf_log(LOGL_WARN, "mail", "outbox=%" PRId64 " waits for its lease to end",
			    s->mail);
		dialogue_stop(&s->talk);
	}
	m->transport.close(m->transport.ctx);
	free(m);
}

static enum kf_err
mailer_open(const struct jobs *jobs, void **ctx)
{
	const struct config *conf = jobs->conf;
	const char *at = strchr(conf->mail_from, '@');
	struct esmtp_conf esmtp = {.host = conf->smtp_host,
	    .port = conf->smtp_port,
	    .starttls = conf->smtp_tls == SMTP_STARTTLS,
	    .helo = at + 1,
	    .user = conf->smtp_user,
	    .password_file = conf->smtp_password_file,
	    .ca_file = conf->smtp_ca_file};
	struct mailer *m;
	enum kf_err r;

	assert(at != NULL); /* config_read asks for it */
	if (conf->smtp_tls == SMTP_TLS) {
		kf_log(LOGL_ERROR, "mail",
		    "smtps:// is not served by this release: give smtp_url smtp://HOST:587 and "
		    "smtp_tls starttls");
		return KF_EINVAL;
	}
	if ((m = calloc(1, sizeof(*m))) == NULL)
		return KF_ENOMEM;
	m->jobs = jobs;
	if ((r = esmtp_open(&esmtp, &m->transport)) != KF_OK) {
		free(m);
		return r;
	}
	*ctx = m;
	return KF_OK;
}

const struct duty duty_mailer = {.name = "mailer",
    .on_change = true,
    .open = mailer_open,
    .run = mailer_run,
    .fds = mailer_fds,
    .close = mailer_close};
