/* Keys by API and command line: an actor that may do everything with every key of the org. */
#ifndef CORE_PSK_H
#define CORE_PSK_H

#include "common/span.h"
#include "portal/core/audit.h"
#include "portal/core/issue.h"

/* What is wished; empty span or 0 = default. Checked here: every refusal says in why what was
 * expected, in one English sentence. */
struct psk_spec {
	struct kf_span name, ssid, passphrase, role, email;
	uint16_t vlan_id;    /* 0: the one that the WLAN's first workflow gives */
	int64_t expire_time; /* seconds since 1970; 0 = never */
	uint32_t max_usage;
	bool weak;   /* allow less than 79 bits, then never without an expiry */
	bool notify; /* mail it to its owner; needs email */
};

/* KF_EINVAL with why; KF_EEXIST this passphrase is another key's on this SSID (never says whose).
 */
enum kf_err psk_add(struct app *app, const struct actor *by, const struct psk_spec *spec,
    struct key_view *out, struct kf_buf *why) KF_MUST_CHECK;
/* reveal: with the passphrase, while the key is not over; the caller tells the audit by
 * psk_revealed if a person sees it. */
enum kf_err
psk_find(struct app *app, struct kf_span id, bool reveal, struct key_view *out) KF_MUST_CHECK;

enum kf_err psk_revealed(struct app *app, const struct actor *by, const char *id) KF_MUST_CHECK;

struct psk_filter {
	struct kf_span name, ssid, role, email;
	uint32_t limit, page; /* limit 1..1000, page from 1 */
};
/* Calls each with every key in turn (borrowed, without passphrase); total: how many fit. */
enum kf_err psk_list(struct app *app, const struct psk_filter *filter,
    enum kf_err (*each)(void *arg, const struct key_view *key), void *arg,
    uint64_t *total) KF_MUST_CHECK;
/* Over at once: the agents hear of it within a second. KF_ENOENT. Twice is not an error. */
enum kf_err psk_revoke(struct app *app, const struct actor *by, struct kf_span id,
    struct kf_span reason) KF_MUST_CHECK;
/* A new passphrase in the same group, role and VLAN; the old one stays valid for overlap_s (< 0:
 * the workflow's, or 24 h) or its own end. An owner gets it by mail. KF_ENOENT; KF_EEXIST it was
 * replaced before; KF_EEXPIRED it is over. */
enum kf_err psk_rotate(struct app *app, const struct actor *by, struct kf_span id,
    int64_t overlap_s, struct key_view *out) KF_MUST_CHECK;

/* API tokens: "kf_" and 43 base62 characters (256 bits); the store keeps the SHA-256. */
enum kf_err token_make(
    struct app *app, const struct actor *by, struct kf_span name, char out[64]) KF_MUST_CHECK;
/* KF_EDENIED. name takes 64 bytes, for the actor. */
enum kf_err token_check(struct app *app, struct kf_span token, char name[64]) KF_MUST_CHECK;

#endif
