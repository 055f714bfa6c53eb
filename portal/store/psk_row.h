/* Keys. Secrets come and go sealed: portal/core/vault.h opens them. */
#ifndef STORE_PSK_ROW_H
#define STORE_PSK_ROW_H

#include "common/feed.h"
#include "portal/store/store.h"

#define PSK_SEALED_MAX (KF_PASS_MAX + KF_SEAL_OVERHEAD)

extern const struct db_set psk_set;

struct psk_sealed {
	uint8_t b[PSK_SEALED_MAX];
	uint8_t n; /* 0: there is none */
};

struct psk_row {
	char id[STORE_ID], wlan_id[STORE_ID];
	struct feed_ssid ssid;
	char name[64];
	char person_id[STORE_ID], workflow_id[STORE_ID], role_id[STORE_ID]; /* or "" */
	uint16_t vlan;							    /* 0: the WLAN's own */
	uint32_t group;
	struct psk_sealed pass, pmk;
	struct kf_hash tag; /* written only */
	bool weak, current, ended;
	uint32_t max_usage;
	int64_t not_before, expire_time;
	char rotated_from[STORE_ID], replaced_by[STORE_ID]; /* or "" */
	int64_t revoked_at;
	char source[8]; /* portal, api, cli, import */
	int64_t created;
	uint64_t rev;

	/* read along with it, not of this table */
	char email[255], role[FEED_ROLE_MAX + 1], workflow[64];
	char security[10];
	int64_t validity_s, overlap_s; /* of its workflow */
	char mail_state[8];	       /* of the last mail about it: "", waiting, sent, dead */
	int64_t mail_done;
};

enum kf_err psk_row_insert(struct db *db, const char *org, const struct psk_row *row) KF_MUST_CHECK;
enum kf_err
psk_row_by_id(struct db *db, const char *org, struct kf_span id, struct psk_row *out) KF_MUST_CHECK;
/* The key that this person sees for this workflow, valid or not. */
enum kf_err psk_row_current(struct db *db, const char *person_id, const char *workflow_id,
    struct psk_row *out) KF_MUST_CHECK;
/* KF_OK: a key of this SSID, alive or over, has this tag. */
enum kf_err psk_row_tag_taken(
    struct db *db, const char *org, struct kf_span ssid, const struct kf_hash *tag) KF_MUST_CHECK;

/* No longer the current one, so that another can be. */
enum kf_err psk_row_uncurrent(struct db *db, const char *id) KF_MUST_CHECK;
enum kf_err psk_row_replace(
    struct db *db, const char *id, const char *by, int64_t expire_time, uint64_t rev) KF_MUST_CHECK;
enum kf_err psk_row_revoke(
    struct db *db, const char *id, int64_t at, struct kf_span reason, uint64_t rev) KF_MUST_CHECK;
enum kf_err psk_row_end(struct db *db, const char *id, uint64_t rev) KF_MUST_CHECK;
/* One key whose time is over and of which the agents were not told. */
enum kf_err
psk_row_over(struct db *db, const char *org, int64_t now, char out[STORE_ID]) KF_MUST_CHECK;

typedef enum kf_err psk_each(void *arg, const struct psk_row *row);

/* A person's keys that were not over at since, newest first, at most max. */
enum kf_err psk_rows_of_person(struct db *db, const char *person_id, int64_t since, int64_t max,
    psk_each *each, void *arg) KF_MUST_CHECK;

/* Empty spans fit everything. */
struct psk_row_filter {
	struct kf_span name, ssid, role, email_key;
	int64_t limit, offset;
};
/* Newest first. */
enum kf_err psk_rows(struct db *db, const char *org, const struct psk_row_filter *filter,
    psk_each *each, void *arg) KF_MUST_CHECK;
enum kf_err psk_rows_count(struct db *db, const char *org, const struct psk_row_filter *filter,
    uint64_t *out) KF_MUST_CHECK;

#endif
