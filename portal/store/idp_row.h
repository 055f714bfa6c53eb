/* Identity providers, and our own SAML key. */
#ifndef STORE_IDP_ROW_H
#define STORE_IDP_ROW_H

#include "portal/store/store.h"

extern const struct db_set idp_set;

/* Spans are borrowed: of the caller at insert, of the row under the cursor in idp_rows. */
struct idp_row {
	struct kf_span entity_id, metadata, domains;
	bool enabled;
};

enum kf_err idp_row_insert(struct db *db, const char *org, const char *id,
    const struct idp_row *row, int64_t now) KF_MUST_CHECK;
/* By entity_id. KF_ENOENT: there is none of this name. */
enum kf_err idp_row_update(
    struct db *db, const char *org, const struct idp_row *row, int64_t now) KF_MUST_CHECK;
enum kf_err idp_rows(struct db *db, const char *org,
    enum kf_err (*each)(void *arg, const struct idp_row *row), void *arg) KF_MUST_CHECK;
/* The domains an enabled IdP may assert, appended. KF_ENOENT */
enum kf_err idp_row_domains(
    struct db *db, const char *org, struct kf_span entity_id, struct kf_buf *out) KF_MUST_CHECK;
/* The entityID of the IdP with this id ("": the first one), if it is enabled. */
enum kf_err
idp_row_pick(struct db *db, const char *org, const char *id, char *out, size_t size) KF_MUST_CHECK;

struct sp_key_row {
	char id[STORE_ID];
	struct kf_span sealed_key, cert_pem; /* borrowed */
};
enum kf_err sp_key_insert(
    struct db *db, const char *org, const struct sp_key_row *row, int64_t now) KF_MUST_CHECK;
/* The newest; the sealed key and the certificate are appended. */
enum kf_err sp_key_get(struct db *db, const char *org, char id[STORE_ID], struct kf_buf *sealed_key,
    struct kf_buf *cert_pem) KF_MUST_CHECK;

#endif
