/* Workflows: what a person who signs in gets. */
#ifndef STORE_WORKFLOW_ROW_H
#define STORE_WORKFLOW_ROW_H

#include "common/feed.h"
#include "portal/store/store.h"

extern const struct db_set workflow_set;

struct workflow_row {
	char id[STORE_ID];
	char slug[64], name[128];
	char wlan_id[STORE_ID];
	struct feed_ssid ssid; /* the WLAN's; read only */
	uint16_t vlan;
	char role_id[STORE_ID], idp_id[STORE_ID]; /* or "" */
	char idp_groups[2048];			  /* separated by newlines; "" = everybody */
	int64_t validity_s, overlap_s;		  /* validity 0: for ever */
	uint32_t pass_groups, max_usage;
	char mail_mode[8]; /* link, qr, qr+text */
	bool group_per_key, published;
};

enum kf_err workflow_row_insert(
    struct db *db, const char *org, const struct workflow_row *row, int64_t now) KF_MUST_CHECK;
/* A published one; an empty slug means the first. */
enum kf_err workflow_row_published(
    struct db *db, const char *org, struct kf_span slug, struct workflow_row *out) KF_MUST_CHECK;
enum kf_err workflow_row_by_id(
    struct db *db, const char *org, const char *id, struct workflow_row *out) KF_MUST_CHECK;
enum kf_err workflow_row_by_slug(
    struct db *db, const char *org, const char *slug, struct workflow_row *out) KF_MUST_CHECK;
/* The VLAN of the oldest workflow of this WLAN. KF_ENOENT: it has none. */
enum kf_err
workflow_row_vlan(struct db *db, const char *org, const char *wlan_id, uint16_t *out) KF_MUST_CHECK;

#endif
