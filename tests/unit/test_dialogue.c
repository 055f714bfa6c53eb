#include "portal/mail/dialogue.h"

#include "common/env.h"
#include "tests/unit/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A server without a network: the recipient's name says what it does. */
static enum kf_err
fake_send(void *ctx, const struct mail_message *msg, struct mail_result *out)
{
	const int *secret_fd = ctx;

	*out = (struct mail_result){.outcome = MAIL_SENT, .code = 250};
	if (strcmp(msg->to, "hang") == 0)
		for (;;)
			pause();
	if (strcmp(msg->to, "die") == 0)
		abort();
	if (strcmp(msg->to, "leave") == 0)
		_exit(0);
	if (strcmp(msg->to, "fds") == 0)
		out->code = fcntl(*secret_fd, F_GETFD) < 0 ? 250 : 1;
	memcpy(out->text, msg->data.p, msg->data.n);
	return KF_OK;
}

static int open_fd;
static const struct mail_transport fake = {.name = "fake", .send = fake_send, .ctx = &open_fd};

static int64_t
now_ms(void)
{
	return kf_env_real.mono_ms(NULL);
}

static enum kf_err
start(const char *to, int64_t within_ms, struct dialogue *d)
{
	const struct mail_message msg = {"from", to, KF_LIT("bytes")};

	return dialogue_start(&fake, &msg, now_ms() + within_ms, d);
}

/* Poll as the mailer does; false when it takes more than five seconds. */
static bool
wait_for(struct dialogue *d, struct mail_result *out)
{
	int64_t until = now_ms() + 5000;

	while (now_ms() < until) {
		struct pollfd p = {.fd = d->fd, .events = POLLIN};

		(void)poll(&p, 1, 20);
		if (dialogue_poll(d, now_ms(), out) == KF_OK)
			return true;
	}
	return false;
}

static bool
no_child_left(void)
{
	return waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD;
}

int
main(void)
{
	struct mail_result got;
	struct dialogue d;

	open_fd = open("/dev/null", O_RDONLY);
	signal(SIGPIPE, SIG_IGN);
	IT("brings the result over");
	OK(start("fine", 5000, &d) == KF_OK);
	OK(wait_for(&d, &got));
	OK(got.outcome == MAIL_SENT && got.code == 250 && strcmp(got.text, "bytes") == 0);
	OK(d.pid == 0 && no_child_left());
	IT("leaves the caller's descriptors behind");
	OK(start("fds", 5000, &d) == KF_OK);
	OK(wait_for(&d, &got) && got.code == 250);
	IT("calls a child that died later, not sent");
	OK(start("die", 5000, &d) == KF_OK);
	OK(wait_for(&d, &got) && got.outcome == MAIL_LATER && got.text[0] != '\0');
	OK(start("leave", 5000, &d) == KF_OK);
	OK(wait_for(&d, &got) && got.outcome == MAIL_LATER);
	IT("does not block while the child does");
	OK(start("hang", 5000, &d) == KF_OK);
	OK(dialogue_poll(&d, now_ms(), &got) == KF_EAGAIN);
	IT("ends the child when told, and twice is no harm");
	dialogue_stop(&d);
	dialogue_stop(&d);
	OK(no_child_left());
	IT("ends the child at its deadline");
	OK(start("hang", 100, &d) == KF_OK);
	OK(wait_for(&d, &got) && got.outcome == MAIL_LATER);
	OK(no_child_left());
	close(open_fd);
	return tap_end();
}
