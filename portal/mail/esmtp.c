#include "portal/mail/esmtp.h"

#include "common/log.h"
#include "common/secret.h"
#include "common/text.h"

#include <auth-client.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libesmtp.h> /* declares more when the two above came first */

#define CREDENTIAL_MAX 256
#define REPLY_LINE_MAX 512 /* RFC 5321 4.5.3.1.5 */

/* One dialogue with the server. */
struct talk {
	const struct esmtp_conf *conf;
	const struct mail_message *msg;
	smtp_session_t session;
	smtp_message_t message;
	smtp_recipient_t recipient;
	auth_context_t auth;
	SSL_CTX *tls;
	char user[CREDENTIAL_MAX], password[CREDENTIAL_MAX];

	bool msg_given; /* libesmtp has taken the bytes */
	bool auth_seen, tls_seen, data_seen, sent_seen;

	char line[REPLY_LINE_MAX]; /* of the reply that is coming in */
	size_t line_len;
	bool reply_whole; /* the last command has been answered */
	bool injected;	  /* and then the server said more, before TLS */

	int refusal; /* the first 4xx or 5xx, and its text */
	char refusal_text[MAIL_RESULT_TEXT];
	char trouble[MAIL_RESULT_TEXT]; /* what failed on our side of the wire */
};

/* Text from outside as one printable line. */
static void
copy_printable(char out[MAIL_RESULT_TEXT], const char *text)
{
	size_t n = 0;

	for (; *text != '\0' && n < MAIL_RESULT_TEXT - 1; text++)
		out[n++] = *text >= ' ' && *text <= '~' ? *text : ' ';
	while (n > 0 && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
}

static void __attribute__((format(printf, 2, 3))) note_trouble(struct talk *t, const char *fmt, ...)
{
	char text[2 * MAIL_RESULT_TEXT];
	va_list ap;

	if (t->trouble[0] != '\0')
		return; /* the first is the cause */
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	copy_printable(t->trouble, text);
}

/* --- what libesmtp calls ---------------------------------------------------------------------- */

static void
reply_code(struct talk *t, int code)
{
	bool unknown_command = t->refusal >= 500 && t->refusal <= 504;

	if (code == 235) /* means nothing but this. RFC 4954 6 */
		t->auth_seen = true;
	/* the first is the cause; but that a server does not know EHLO is no cause */
	if (code >= 400 && code <= 599 && (t->refusal == 0 || unknown_command)) {
		t->refusal = code;
		copy_printable(t->refusal_text, t->line + (t->line_len > 3 ? 4 : 3));
	}
}

static void
reply_line(struct talk *t)
{
	bool last = t->line_len < 4 || t->line[3] != '-';

	t->line[t->line_len] = '\0';
	if (t->line_len >= 3 && last)
		reply_code(
		    t, (t->line[0] - '0') * 100 + (t->line[1] - '0') * 10 + t->line[2] - '0');
	t->reply_whole = last;
	t->line_len = 0;
}

/* Sees all bytes but the mail's. Until TLS is up a server speaks only when it was asked: what
 * follows the reply to our last command was put there by somebody else, to be read as the answer
 * to what we ask inside TLS (CVE-2011-0411 seen from the client). */
static void
on_bytes(const char *buf, int len, int writing, void *arg)
{
	struct talk *t = arg;

	if (writing != SMTP_CB_READING) {
		t->reply_whole = false;
		return; /* never looked at: a password may be among it */
	}
	for (int i = 0; i < len; i++) {
		if (t->reply_whole && t->conf->starttls && !t->tls_seen) {
			t->injected = true;
			note_trouble(t,
			    "plain text in front of TLS: somebody on the way to %s injects",
			    t->conf->host);
		}
		if (buf[i] == '\n')
			reply_line(t);
		else if (t->line_len < sizeof(t->line) - 1)
			t->line[t->line_len++] = buf[i];
	}
}

static void
on_event(smtp_session_t session, int event, void *arg, ...)
{
	struct talk *t = arg;
	va_list ap;

	(void)session;
	va_start(ap, arg);
	switch (event) {
	case SMTP_EV_MESSAGEDATA:
		t->data_seen = true;
		break;
	case SMTP_EV_MESSAGESENT:
		t->sent_seen = true;
		break;
	case SMTP_EV_STARTTLS_OK:
		t->tls_seen = true;
		break;
	case SMTP_EV_EXTNA_STARTTLS:
		note_trouble(t, "%s offers no STARTTLS", t->conf->host);
		break;
	case SMTP_EV_WRONG_PEER_CERTIFICATE:
		/* libesmtp compared with the name that DNS gave; OpenSSL compared with the one that
		 * was configured, and had the handshake failed we would not be here */
		*va_arg(ap, int *) = 1;
		break;
	default:
		break;
	}
	va_end(ap);
}

static int
on_credentials(auth_client_request_t request, char **result, int fields, void *arg)
{
	struct talk *t = arg;

	for (int i = 0; i < fields; i++) {
		if (request[i].flags & AUTH_USER)
			result[i] = t->user;
		else if (request[i].flags & AUTH_PASS)
			result[i] = t->password;
		else
			result[i] = NULL;
	}
	return 1;
}

/* The message in one piece; len NULL means: from the start again. */
static const char *
on_message(void **ctx, int *len, void *arg)
{
	struct talk *t = arg;

	(void)ctx;
	if (len == NULL || t->msg_given) {
		t->msg_given = len != NULL;
		return NULL;
	}
	t->msg_given = true;
	*len = (int)t->msg->data.n;
	return (const char *)t->msg->data.p;
}

/* --- TLS ----------------------------------------------------------------------------------------
 */

static int
on_certificate(int ok, X509_STORE_CTX *store)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct talk *t = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	if (t->injected)
		return 0;
	if (!ok)
		note_trouble(t, "certificate of %s: %s", t->conf->host,
		    X509_verify_cert_error_string(X509_STORE_CTX_get_error(store)));
	return ok;
}

static enum kf_err
tls_setup(struct talk *t)
{
	const struct esmtp_conf *conf = t->conf;
	X509_VERIFY_PARAM *param;

	ERR_clear_error();
	t->tls = SSL_CTX_new(TLS_client_method());
	if (t->tls == NULL)
		return KF_ENOMEM;
	param = SSL_CTX_get0_param(t->tls);
	SSL_CTX_set_app_data(t->tls, t);
	SSL_CTX_set_verify(t->tls, SSL_VERIFY_PEER, on_certificate);
	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	/* 1.2 at most: with 1.3 libesmtp waits for a reply that a session ticket announced */
	if (SSL_CTX_set_min_proto_version(t->tls, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_max_proto_version(t->tls, TLS1_2_VERSION) != 1 ||
	    (X509_VERIFY_PARAM_set1_ip_asc(param, conf->host) != 1 &&
		X509_VERIFY_PARAM_set1_host(param, conf->host, 0) != 1))
		return KF_EIO;
	ERR_clear_error(); /* a name is no IP address */
	if (conf->ca_file[0] != '\0' ? SSL_CTX_load_verify_file(t->tls, conf->ca_file) != 1
				     : SSL_CTX_set_default_verify_paths(t->tls) != 1) {
		note_trouble(t, "smtp_ca_file %s: %s", conf->ca_file,
		    ERR_reason_error_string(ERR_get_error()));
		return KF_EIO;
	}
	smtp_starttls_enable(t->session, Starttls_REQUIRED);
	smtp_starttls_set_ctx(t->session, t->tls);
	return KF_OK;
}

/* --- AUTH ---------------------------------------------------------------------------------------
 */

static enum kf_err
auth_setup(struct talk *t)
{
	FILE *f = fopen(t->conf->password_file, "re");
	bool got = f != NULL && fgets(t->password, sizeof(t->password), f) != NULL;

	if (f != NULL)
		fclose(f);
	if (!got) {
		note_trouble(t, "smtp_password_file %s: cannot be read, or is empty",
		    t->conf->password_file);
		return KF_EIO;
	}
	t->password[strcspn(t->password, "\r\n")] = '\0';
	(void)snprintf(t->user, sizeof(t->user), "%s", t->conf->user);
	auth_client_init();
	t->auth = auth_create_context();
	if (t->auth == NULL)
		return KF_ENOMEM;
	auth_set_mechanism_flags(t->auth, AUTH_PLUGIN_PLAIN, 0);
	auth_set_interact_cb(t->auth, on_credentials, t);
	smtp_auth_set_context(t->session, t->auth);
	return KF_OK;
}

/* --- the dialogue -------------------------------------------------------------------------------
 */

static enum kf_err
session_setup(struct talk *t)
{
	static const int each[] = {
	    Timeout_GREETING, Timeout_ENVELOPE, Timeout_DATA, Timeout_TRANSFER, Timeout_DATA2};
	const struct esmtp_conf *conf = t->conf;
	char server[300];

	(void)snprintf(server, sizeof(server), "%s:%u", conf->host, conf->port);
	t->session = smtp_create_session();
	if (t->session == NULL)
		return KF_ENOMEM;
	t->message = smtp_add_message(t->session);
	if (t->message == NULL || !smtp_set_server(t->session, server) ||
	    !smtp_set_hostname(t->session, conf->helo) ||
	    !smtp_set_reverse_path(t->message, t->msg->from) ||
	    (t->recipient = smtp_add_recipient(t->message, t->msg->to)) == NULL ||
	    !smtp_set_messagecb(t->message, on_message, t) ||
	    !smtp_set_eventcb(t->session, on_event, t) ||
	    !smtp_set_monitorcb(t->session, on_bytes, t, 0))
		return KF_ENOMEM;
	for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++)
		smtp_set_timeout(t->session, each[i] | Timeout_OVERRIDE_RFC2822_MINIMUM,
		    conf->reply_ms > 0 ? conf->reply_ms : ESMTP_REPLY_MS);
	return KF_OK;
}

static void
talk_release(struct talk *t)
{
	if (t->session != NULL)
		smtp_destroy_session(t->session);
	if (t->auth != NULL)
		auth_destroy_context(t->auth);
	SSL_CTX_free(t->tls);
	kf_wipe(t->password, sizeof(t->password));
}

static void
decide(struct mail_result *out, enum mail_outcome outcome, int code, const char *text)
{
	out->outcome = outcome;
	out->code = code;
	copy_printable(out->text, text != NULL ? text : "");
}

/* No proof of the mail's fate came: say the likeliest cause. */
static void
decide_later(const struct talk *t, int error, struct mail_result *out)
{
	char text[MAIL_RESULT_TEXT] = "";
	const char *tls = ERR_reason_error_string(ERR_peek_error());

	if (t->trouble[0] != '\0') {
		decide(out, MAIL_LATER, 0, t->trouble);
	} else if (t->refusal != 0) {
		decide(out, MAIL_LATER, t->refusal, t->refusal_text);
	} else if (t->conf->starttls && tls != NULL) {
		(void)snprintf(text, sizeof(text), "TLS with %s: %s", t->conf->host, tls);
		decide(out, MAIL_LATER, 0, text);
	} else {
		char why[100] = "the server broke off the dialogue or was too slow";

		if (error != 0 && error != SMTP_ERR_DROPPED_CONNECTION)
			(void)smtp_strerror(error, why, sizeof(why));
		(void)snprintf(
		    text, sizeof(text), "%.80s port %u: %s", t->conf->host, t->conf->port, why);
		decide(out, MAIL_LATER, 0, text);
	}
}

/* A 5xx is final only where it speaks of this recipient or these bytes. In the greeting, EHLO,
 * STARTTLS, AUTH or MAIL it speaks of our set-up: an admin mends that, and no mail is lost. So do
 * 530..538 (RFC 4954 6), and any refusal of a dialogue that ought to have had AUTH. */
static bool
is_final(const struct talk *t, int code)
{
	bool lacks_auth = t->auth != NULL && !t->auth_seen;

	return code >= 500 && code <= 599 && !(code >= 530 && code <= 538) && !lacks_auth;
}

static void
judge(const struct talk *t, int error, struct mail_result *out)
{
	const smtp_status_t *rcpt = smtp_recipient_status(t->recipient);
	const smtp_status_t *data = smtp_message_transfer_status(t->message);
	bool taken = rcpt->code == 250 || rcpt->code == 251;

	if (rcpt->code >= 400)
		decide(
		    out, is_final(t, rcpt->code) ? MAIL_NEVER : MAIL_LATER, rcpt->code, rcpt->text);
	else if (taken && t->sent_seen && is_final(t, data->code))
		decide(out, MAIL_NEVER, data->code, data->text);
	else if (taken && t->data_seen && t->sent_seen && data->code == 250 &&
	    t->tls_seen == t->conf->starttls)
		decide(out, MAIL_SENT, data->code, data->text);
	else
		decide_later(t, error, out);
}

static enum kf_err
esmtp_send(void *ctx, const struct mail_message *msg, struct mail_result *out)
{
	struct talk t = {.conf = ctx, .msg = msg};
	enum kf_err r;

	*out = (struct mail_result){.outcome = MAIL_LATER};
	if (!kf_email_ok(kf_span_str(msg->from))) {
		decide(out, MAIL_LATER, 0, "mail_from is no e-mail address");
		return KF_EINVAL;
	}
	if (!kf_email_ok(kf_span_str(msg->to))) {
		decide(out, MAIL_NEVER, 0, "the recipient is no e-mail address");
		return KF_EINVAL;
	}
	if ((r = session_setup(&t)) != KF_OK ||
	    (t.conf->starttls && (r = tls_setup(&t)) != KF_OK) ||
	    (t.conf->user[0] != '\0' && (r = auth_setup(&t)) != KF_OK)) {
		decide(out, MAIL_LATER, 0,
		    t.trouble[0] != '\0' ? t.trouble : "the dialogue cannot be prepared");
		goto out;
	}
	judge(&t, smtp_start_session(t.session) ? 0 : smtp_errno(), out);
out:
	talk_release(&t);
	return r;
}

static void
esmtp_close(void *ctx)
{
	free(ctx);
}

enum kf_err
esmtp_open(const struct esmtp_conf *conf, struct mail_transport *out)
{
	struct esmtp_conf *own;

	*out = (struct mail_transport){0};
	if (conf->host[0] == '\0' || strchr(conf->host, ':') != NULL) {
		kf_log(LOGL_ERROR, "mail",
		    "smtp_url=%s refused: give the server's name, or its IPv4 address", conf->host);
		return KF_EINVAL;
	}
	own = malloc(sizeof(*own));
	if (own == NULL)
		return KF_ENOMEM;
	*own = *conf;
	*out = (struct mail_transport){"esmtp", esmtp_send, esmtp_close, own};
	return KF_OK;
}
