/* A person's keys: issue, show, rotate, mail again. One transaction each: key + change-log
 * revision + outbox row + audit row, committed (synchronous=FULL) before anything is shown. */
#ifndef CORE_ISSUE_H
#define CORE_ISSUE_H

#include "common/feed.h"
#include "common/span.h"
#include "portal/core/app.h"
#include "portal/core/session.h"

enum key_status {
	KEY_ACTIVE,
	KEY_ROTATING, /* replaced by a newer one, still valid until expire_time */
	KEY_EXPIRED,
	KEY_REVOKED,
	KEY_PENDING /* not_before in the future */
};

/* A key as a page, a mail or the API shows it. Holds the passphrase: wipe with kf_wipe. */
struct key_view {
	char id[37];
	char name[64];
	struct feed_ssid ssid;
	enum feed_security security;
	struct kf_pass pass; /* n = 0 where it may not be shown */
	char email[255];
	char person[37]; /* "" = without owner */
	char workflow[64];
	char role[FEED_ROLE_MAX + 1];
	uint16_t vlan;
	uint32_t group;
	int64_t created, not_before, expires; /* expires 0 = never */
	int64_t validity_s, overlap_s;	      /* the workflow's, 0 = none */
	uint32_t max_usage;		      /* devices, 0 = no limit */
	enum key_status status;
	enum { KEY_MAIL_NONE, KEY_MAIL_WAITING, KEY_MAIL_SENT, KEY_MAIL_FAILED } mail;
	int64_t mailed; /* when the server took it, 0 = not yet */
	bool weak;
	uint64_t rev;
};

/* The person's key of this workflow: the one there is, or a new one. The same key for a reload, a
 * double click, two tabs at once. made: whether this call made it. */
enum kf_err issue_key(
    struct app *app, const struct session *ses, struct key_view *out, bool *made) KF_MUST_CHECK;
/* A new key in the same group; the old one stays valid for the workflow's overlap (24 h or its
 * own end). id: the key the form showed; when it was rotated already, the newer key comes back
 * and nothing is made. */
enum kf_err issue_rotate(struct app *app, const struct session *ses, struct kf_span id,
    struct key_view *out) KF_MUST_CHECK;
/* Queues the mail again; KF_ELIMIT when one is queued or more than 5 went in the last hour. */
enum kf_err
issue_mail_again(struct app *app, const struct session *ses, struct kf_span id) KF_MUST_CHECK;
/* One key of this person. KF_ENOENT: no such key, or somebody else's. After its end the passphrase
 * is left out. */
enum kf_err issue_find(struct app *app, const struct session *ses, struct kf_span id,
    struct key_view *out) KF_MUST_CHECK;
/* All of this person's keys that are not long over, newest first; at most max, count in *n. */
enum kf_err issue_list(struct app *app, const struct session *ses, struct key_view *out, size_t max,
    size_t *n) KF_MUST_CHECK;

/* What a published workflow shows before sign-in. */
struct workflow_view {
	char slug[64], name[128];
	struct feed_ssid ssid;
	int64_t validity_s;
	uint32_t max_usage;
};
/* slug "" = the only or first one. KF_ENOENT */
enum kf_err
workflow_find(struct app *app, struct kf_span slug, struct workflow_view *out) KF_MUST_CHECK;

#endif
