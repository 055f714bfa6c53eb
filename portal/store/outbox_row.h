/* Mail that was promised. */
#ifndef STORE_OUTBOX_ROW_H
#define STORE_OUTBOX_ROW_H

#include "portal/store/store.h"

extern const struct db_set outbox_set;

struct outbox_row {
	int64_t id;
	int kind;
	char psk_id[STORE_ID];
	int64_t version; /* 1, 2, … of this kind and key */
	char message_id[80], email[255], name[256], mail_mode[8];
	uint32_t attempts;
	int64_t due_ms, created;
};

/* KF_EEXIST: this version of this kind of mail about this key was promised already. */
enum kf_err
outbox_row_insert(struct db *db, const char *org, const struct outbox_row *row) KF_MUST_CHECK;
/* About one key: how many mails wait, how many were made after since, and the next version of
 * this kind. */
struct outbox_state {
	uint64_t waiting, recent;
	int64_t next_version;
};
enum kf_err outbox_row_state(struct db *db, const char *psk_id, int kind, int64_t since,
    struct outbox_state *out) KF_MUST_CHECK;

/* Leases the next one that is due until lease_ms and counts the attempt. KF_ENOENT: none. */
enum kf_err outbox_row_claim(struct db *db, const char *org, int64_t now_ms, int64_t lease_ms,
    struct outbox_row *out) KF_MUST_CHECK;
/* Ends all leases. */
enum kf_err outbox_row_release(struct db *db, const char *org) KF_MUST_CHECK;
/* When the next becomes due. KF_ENOENT: nothing waits. */
enum kf_err outbox_row_next(struct db *db, const char *org, int64_t *due_ms) KF_MUST_CHECK;
/* A waiting one. */
enum kf_err outbox_row_waiting(
    struct db *db, const char *org, int64_t id, struct outbox_row *out) KF_MUST_CHECK;

/* What came of it. */
struct outbox_result {
	int64_t id;
	const char *state; /* sent, dead, or waiting until due_ms */
	int code;
	const char *text;
	int64_t due_ms, done; /* done 0: not yet */
};
/* KF_ENOENT: it does not wait (any more). */
enum kf_err
outbox_row_result(struct db *db, const char *org, const struct outbox_result *result) KF_MUST_CHECK;

#endif
