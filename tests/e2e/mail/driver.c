/* What mail.test.py drives of portal/mail.
 *	driver compose		fields on stdin, divided by NUL; the message to stdout
 *	driver send KEY=VALUE..	the message on stdin; one JSON line to stdout */
#include "portal/mail/dialogue.h"
#include "portal/mail/esmtp.h"
#include "portal/mail/mime.h"

#include "common/env.h"
#include "common/text.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct kf_buf in;

static void
read_stdin(void)
{
	char chunk[4096];
	size_t n;

	while ((n = fread(chunk, 1, sizeof(chunk), stdin)) > 0)
		kf_buf_add(&in, chunk, n);
}

static struct kf_span
next_field(size_t *at)
{
	const char *end = *at < in.n ? memchr(in.p + *at, '\0', in.n - *at) : NULL;
	size_t n = (end != NULL ? (size_t)(end - in.p) : in.n) - *at;
	struct kf_span s = kf_span_of(in.p + *at, n);

	*at += n + (end != NULL);
	return s;
}

static int
compose(void)
{
	struct mime_mail m = {0};
	struct kf_buf out = {0};
	const char *why;
	struct kf_span *field[] = {&m.from, &m.from_name, &m.to, &m.to_name, &m.reply_to,
	    &m.subject, &m.message_id, &m.lang, &m.text, &m.html, &m.cid};
	size_t at = 0;

	m.date = 1795392000;
	for (size_t i = 0; i < sizeof(field) / sizeof(field[0]); i++)
		*field[i] = next_field(&at);
	m.png = kf_span_of(in.p + at, in.n - at);
	if (mime_compose(&m, &out, &why) != KF_OK) {
		printf("refused: %s\n", why);
		return 1;
	}
	fwrite(out.p, 1, out.n, stdout);
	kf_buf_free(&out);
	return 0;
}

/* The value of KEY=VALUE, or "". */
static const char *
option(int argc, char **argv, const char *key)
{
	size_t n = strlen(key);

	for (int i = 2; i < argc; i++)
		if (strncmp(argv[i], key, n) == 0 && argv[i][n] == '=')
			return argv[i] + n + 1;
	return "";
}

static int
send_one(int argc, char **argv)
{
	static const char *const outcome[] = {"later", "sent", "never"};
	struct esmtp_conf conf = {.host = option(argc, argv, "host"),
	    .port = (unsigned)strtoul(option(argc, argv, "port"), NULL, 10),
	    .starttls = option(argc, argv, "starttls")[0] == '1',
	    .helo = "example.test",
	    .user = option(argc, argv, "user"),
	    .password_file = option(argc, argv, "password_file"),
	    .ca_file = option(argc, argv, "ca_file"),
	    .reply_ms = (int)strtol(option(argc, argv, "reply_ms"), NULL, 10)};
	int64_t within = strtol(option(argc, argv, "within_ms"), NULL, 10);
	struct mail_message msg = {
	    option(argc, argv, "from"), option(argc, argv, "to"), kf_buf_span(&in)};
	struct mail_transport transport;
	struct mail_result result = {0};
	struct dialogue d;
	int64_t start = kf_env_real.mono_ms(NULL);
	enum kf_err r = esmtp_open(&conf, &transport);

	if (r == KF_OK)
		r = dialogue_start(&transport, &msg, start + (within > 0 ? within : 30000), &d);
	while (r == KF_OK && dialogue_poll(&d, kf_env_real.mono_ms(NULL), &result) == KF_EAGAIN) {
		struct pollfd p = {.fd = d.fd, .events = POLLIN};

		poll(&p, 1, 50);
	}
	printf("{\"r\":\"%s\",\"outcome\":\"%s\",\"code\":%d,\"text\":\"%s\",\"ms\":%ld}\n",
	    kf_err_str(r), outcome[result.outcome], result.code, result.text,
	    (long)(kf_env_real.mono_ms(NULL) - start));
	if (transport.close != NULL)
		transport.close(transport.ctx);
	return 0;
}

int
main(int argc, char **argv)
{
	int rc = 2;

	signal(SIGPIPE, SIG_IGN);
	read_stdin();
	if (argc > 1 && strcmp(argv[1], "compose") == 0)
		rc = compose();
	else if (argc > 1 && strcmp(argv[1], "send") == 0)
		rc = send_one(argc, argv);
	kf_buf_free(&in);
	return rc;
}
