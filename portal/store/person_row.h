/* Persons, and the identities that point to them. */
#ifndef STORE_PERSON_ROW_H
#define STORE_PERSON_ROW_H

#include "portal/store/store.h"

extern const struct db_set person_set;

struct person_row {
	char id[STORE_ID];
	char email[255], email_key[255]; /* email_key: all in lower case */
	char name[256];
	uint32_t group; /* 0: no key yet */
};

struct identity_row {
	char id[STORE_ID], person_id[STORE_ID];
	struct kf_span idp, name_id;
};

enum kf_err person_row_insert(
    struct db *db, const char *org, const struct person_row *row, int64_t now) KF_MUST_CHECK;
enum kf_err person_row_by_id(
    struct db *db, const char *org, const char *id, struct person_row *out) KF_MUST_CHECK;
/* The oldest person with this address. */
enum kf_err person_row_by_email(
    struct db *db, const char *org, const char *email_key, struct person_row *out) KF_MUST_CHECK;
/* The oldest with this address and without any identity. */
enum kf_err person_row_unclaimed(
    struct db *db, const char *org, const char *email_key, struct person_row *out) KF_MUST_CHECK;
enum kf_err person_row_by_identity(struct db *db, const char *org, struct kf_span idp,
    struct kf_span name_id, struct person_row *out) KF_MUST_CHECK;
enum kf_err person_row_set_group(struct db *db, const char *id, uint32_t group) KF_MUST_CHECK;
/* What the IdP says today. */
enum kf_err person_row_update(struct db *db, const struct person_row *row) KF_MUST_CHECK;

enum kf_err identity_row_insert(
    struct db *db, const char *org, const struct identity_row *row, int64_t now) KF_MUST_CHECK;
enum kf_err identity_row_seen(struct db *db, const char *org, struct kf_span idp,
    struct kf_span name_id, int64_t now) KF_MUST_CHECK;

#endif
