/* smtp:// by libesmtp, with STARTTLS and AUTH, and with five faults of libesmtp 1.1.0 closed here
 * (tests/e2e/mail.test.py shows each):
 *	it hangs with TLS 1.3 session tickets		TLS 1.2 is spoken, neither more nor less
 *	it takes plain text behind "220 go" for TLS's	the handshake is refused when there is any
 *	it checks the name that DNS gave		OpenSSL checks the name that was configured
 *	it calls unsent mail sent			only the server's own 250 for the data
 *counts it puts CR LF in addresses on the wire		addresses are checked before The dialogue
 *blocks, and connect() without a limit: see dialogue.h. */
#ifndef MAIL_ESMTP_H
#define MAIL_ESMTP_H

#include "common/err.h"
#include "portal/mail/transport.h"

#include <stdbool.h>

/* Borrowed, outlives the transport. Strings may be "" where it says so. */
struct esmtp_conf {
	const char *host; /* a name or an IPv4 address; also what the certificate must name */
	unsigned port;
	bool starttls;	  /* true: without TLS, or with a certificate that fails, no mail is sent */
	const char *helo; /* our name in EHLO: a domain, never this machine's name */
	const char *user; /* "" no AUTH */
	const char *password_file; /* its first line; read at every dialogue */
	const char *ca_file;	   /* PEM; "" the system's */
	int reply_ms; /* how long the server may take for each reply; 0: ESMTP_REPLY_MS */
};

#define ESMTP_REPLY_MS 60000

/* Fills out; out->close frees. Errors: KF_EINVAL the host cannot be given to libesmtp (logged);
 * KF_ENOMEM. The password and CA files are read when a mail is sent, so that a file which is
 * missing today delays mail and loses none. */
enum kf_err esmtp_open(const struct esmtp_conf *conf, struct mail_transport *out) KF_MUST_CHECK;

#endif
