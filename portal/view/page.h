/* The employee's pages. Each takes plain data and appends a whole HTML document to out; check
 * out->bad once afterwards (memory, or a value beyond the buffer's cap). Everything is escaped
 * here: give values as they are. Nothing in these pages needs a script.
 *
 * Routes the pages use: GET / /login?w=SLUG /key /my /key/live, POST /key/new /key/mail /logout
 * (form field "csrf"), GET /assets/NAME (assets.h, generated).
 * GET /key/live answers {"devices":[{"name":"…","mac":"aa:bb:…","since":SECONDS}]}, newest first;
 * 401 or 404 when there is nothing more to wait for. */
#ifndef VIEW_PAGE_H
#define VIEW_PAGE_H

#include "common/err.h"
#include "common/feed.h"
#include "common/secret.h"
#include "common/span.h"
#include "common/text.h"
#include "portal/view/wifi_uri.h"

#define PAGE_DEVICES_MAX 64 /* shown on one page; the rest are counted */
#define PAGE_KEYS_MAX 64

/* What surrounds every page. */
struct page_shell {
	const char *org_name;
	const char *help_desk; /* free text, e.g. "+1 408 555 0142"; NULL or "": not shown */
	const char *email;     /* who is signed in; NULL: nobody, no links to /my and sign-out */
	const char *csrf;      /* token for the forms; needed whenever email is set */
};

struct page_device {
	const char *name; /* NULL or "": the MAC is shown */
	const char *mac;  /* "aa:bb:cc:dd:ee:ff" */
	int64_t since;	  /* joined, seconds since 1970 */
};

/* GET / */
struct page_landing {
	struct kf_span ssid;  /* of the workflow; any bytes */
	const char *slug;     /* goes to /login?w=SLUG; NULL: no workflow exists yet */
	const char *idp;      /* "Alder sign-in"; NULL: "your work account" */
	unsigned days;	      /* validity of a key; 0: no end */
	unsigned devices_max; /* 0: any number */
	bool signed_out;      /* just came from /logout */
};
void
page_landing(struct kf_buf *out, const struct page_shell *shell, const struct page_landing *in);

enum page_mail { PAGE_MAIL_NONE, PAGE_MAIL_QUEUED, PAGE_MAIL_SENT, PAGE_MAIL_FAILED };

/* One key as its owner sees it. */
struct page_key {
	const char *id; /* the forms send it back */
	struct wifi_net net;
	const struct kf_pass *pass;
	const char *mail_to; /* NULL: not mailed */
	enum page_mail mail;
	int64_t now;			  /* seconds since 1970, as all below */
	int64_t not_after;		  /* 0: no end */
	int64_t old_not_after;		  /* the key this one replaced works until then; 0: none */
	unsigned devices_max;		  /* 0: any number */
	const struct page_device *device; /* on the air now, newest first */
	size_t devices;
};

/* GET /key: the success page. KF_EINVAL: net or pass cannot be a Wi-Fi code (wifi_uri.h). */
struct page_success {
	struct page_key key;
	bool fresh;	   /* made by this sign-in: "You have your key"; else "Your Wi-Fi key" */
	bool rotated;	   /* just came from POST /key/new */
	bool mailed;	   /* just came from POST /key/mail */
	int64_t overlap_s; /* a replaced key works on for so long; 0: not said */
};
enum kf_err page_success(struct kf_buf *out, const struct page_shell *shell,
    const struct page_success *in) KF_MUST_CHECK;

/* GET /my: all keys of the person, code and passphrase hidden until tapped. The first one is the
 * one that /key shows. KF_EINVAL as above, or more than PAGE_KEYS_MAX. */
struct page_my {
	const struct page_key *key;
	size_t keys;
};
enum kf_err
page_my(struct kf_buf *out, const struct page_shell *shell, const struct page_my *in) KF_MUST_CHECK;

/* GET /k/ID of a key that is over. */
enum page_end { PAGE_END_EXPIRED, PAGE_END_REVOKED, PAGE_END_REPLACED };
struct page_ended {
	struct kf_span ssid;
	enum page_end why;
	int64_t at;	  /* when it ended */
	const char *slug; /* a new key is had by /login?w=SLUG; NULL: not offered */
};
void page_ended(struct kf_buf *out, const struct page_shell *shell, const struct page_ended *in);

/* A sign-in that was refused. code: the short code for the help desk, e.g. "KF-2071". */
struct page_refused {
	const char *code;
	const char *slug; /* to try again; NULL: back to / */
	bool too_slow;	  /* the only reason that people can mend, so the only one told */
};
void
page_refused(struct kf_buf *out, const struct page_shell *shell, const struct page_refused *in);

/* Any other error: a heading, one sentence that says what to do, and the way back to /.
 * code may be NULL. */
struct page_error {
	const char *title, *text, *code;
};
void page_error(struct kf_buf *out, const struct page_shell *shell, const struct page_error *in);
void page_not_found(struct kf_buf *out, const struct page_shell *shell);

#endif
