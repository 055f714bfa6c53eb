/* The mails: subject, text and HTML from compiled templates, and the code as PNG. MIME is made by
 * portal/mail. */
#ifndef VIEW_MAIL_VIEW_H
#define VIEW_MAIL_VIEW_H

#include "common/err.h"
#include "common/secret.h"
#include "common/text.h"
#include "portal/view/wifi_uri.h"

enum mail_view_mode {
	MAIL_VIEW_LINK,	  /* neither code nor passphrase: pass and qr_cid may be NULL */
	MAIL_VIEW_QR,	  /* and the code (default) */
	MAIL_VIEW_QR_TEXT /* and the passphrase in words */
};

/* "Key issued". */
struct mail_view_key {
	enum mail_view_mode mode;
	const char *org_name;
	const char *help_desk; /* NULL or "": not shown */
	const char *name;      /* the owner's; NULL or "": not addressed by name */
	struct wifi_net net;
	const struct kf_pass *pass;
	const char *url;      /* https://HOST/k/ID, the owner's page for this key */
	const char *my_url;   /* https://HOST/my */
	const char *qr_cid;   /* Content-ID of the PNG, without <> */
	int64_t issued;	      /* seconds since 1970 */
	int64_t not_after;    /* 0: no end */
	unsigned devices_max; /* 0: any number */
};

/* Owned; mail_view_release wipes. qr_png is empty in mode link. */
struct mail_view {
	struct kf_buf subject; /* UTF-8, one line, no control characters */
	struct kf_buf text;    /* lines end in LF; lines may be long */
	struct kf_buf html;
	struct kf_buf qr_png;
};

/* out must be zeroed; release it also after an error.
 * Errors: KF_EINVAL url is no http(s) URL, or net and pass make no code; KF_ENOMEM. */
enum kf_err mail_view_key(const struct mail_view_key *in, struct mail_view *out) KF_MUST_CHECK;
void mail_view_release(struct mail_view *mail);

#endif
