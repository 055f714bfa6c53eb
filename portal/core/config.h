/* keyfob.conf: one file for keyfob-portal, keyfob-jobs and keyfob. Lines are `name value`, a line
 * that starts with # is a comment, nothing else is. Strict: what is not understood stops the
 * start. The table of names stands in config.c. */
#ifndef CORE_CONFIG_H
#define CORE_CONFIG_H

#include "common/err.h"
#include "common/text.h"

#define CONFIG_PATH_MAX 512
#define CONFIG_URL_MAX 256
#define CONFIG_HOST_MAX 254
#define CONFIG_TEXT_MAX 200

enum config_smtp { SMTP_PLAIN, SMTP_STARTTLS, SMTP_TLS };

struct config_addr {
	char host[46]; /* an IPv4 or IPv6 address; "" when the name is absent */
	char port[6];
};

/* Strings are "" when their name is absent; paths are absolute or start at the file's folder. */
struct config {
	char base_url[CONFIG_URL_MAX]; /* origin only: no path, no '/' at the end, lower case */
	bool https;		       /* base_url is https */
	struct config_addr listen;
	char tls_cert[CONFIG_PATH_MAX], tls_key[CONFIG_PATH_MAX]; /* both or none */
	char trusted_proxy[46];					  /* whose X-Forwarded-For counts */

	char feed_url[CONFIG_URL_MAX]; /* as base_url, https always */
	struct config_addr feed_listen;

	char state_dir[CONFIG_PATH_MAX]; /* keyfob.db, live.db, the feed's certificates */
	char run_dir[CONFIG_PATH_MAX];	 /* pid files */
	char master_key_file[CONFIG_PATH_MAX];
	unsigned workers; /* of each role */

	char smtp_host[CONFIG_HOST_MAX]; /* an IPv6 address without its brackets */
	unsigned smtp_port;
	enum config_smtp smtp_tls; /* SMTP_TLS: from the start, smtps:// */
	char smtp_user[CONFIG_TEXT_MAX];
	char smtp_password_file[CONFIG_PATH_MAX], smtp_ca_file[CONFIG_PATH_MAX];
	char mail_from[255], mail_reply_to[255];

	char org_name[CONFIG_TEXT_MAX];	 /* UTF-8 without control characters */
	char help_desk[CONFIG_TEXT_MAX]; /* who helps: shown on pages and in mails */
	unsigned session_hours;
	bool seccomp_trace; /* development: log what the filter would kill */
};

/* Read and check the file. On failure why gets "FILE:LINE: what was expected" (no line when a
 * name is missing) and out is of no use. Errors: KF_EIO cannot be read; KF_EINVAL. */
enum kf_err config_read(const char *path, struct config *out, struct kf_buf *why) KF_MUST_CHECK;
/* The same from bytes; path is for messages and for the folder of relative paths. */
enum kf_err config_parse(
    const char *path, struct kf_span text, struct config *out, struct kf_buf *why) KF_MUST_CHECK;

#endif
