/* Secrets at rest: sealed with the data key, which is itself sealed with the master key. */
#ifndef CORE_VAULT_H
#define CORE_VAULT_H

#include "common/secret.h"
#include "portal/core/app.h"

/* Where a secret belongs. It is bound to this place: a sealed value copied into another row,
 * column or org does not open there. version grows when a row's secret is replaced by another. */
struct vault_place {
	const char *table, *row, *column;
	unsigned int version;
};

/* Appends to out what may be stored. */
enum kf_err vault_seal(struct app *app, const struct vault_place *at, struct kf_span plain,
    struct kf_buf *out) KF_MUST_CHECK;
/* Appends the plain text to out; wipe it. KF_EINVAL (logged): changed, or of another place. */
enum kf_err vault_open(struct app *app, const struct vault_place *at, struct kf_span sealed,
    struct kf_buf *out) KF_MUST_CHECK;

/* A key's secrets, as psk rows keep them. */
enum kf_err vault_open_pmk(
    struct app *app, const char *psk_id, struct kf_span sealed, struct kf_pmk *out) KF_MUST_CHECK;
enum kf_err vault_open_pass(
    struct app *app, const char *psk_id, struct kf_span sealed, struct kf_pass *out) KF_MUST_CHECK;
/* HMAC-SHA-256(tag key, org || ssid || PMK): equal for equal keys of an SSID, tells nothing. */
void vault_pmk_tag(
    const struct app *app, struct kf_span ssid, const struct kf_pmk *pmk, struct kf_hash *out);

/* For app_open and setup: the data and tag keys under the master key. */
struct vault_wrap {
	const char *org, *id, *purpose; /* purpose: "data" or "tag" */
};
enum kf_err vault_wrap(const struct kf_sealkey *master, const struct kf_env *env,
    const struct vault_wrap *at, const struct kf_sealkey *key, struct kf_buf *out) KF_MUST_CHECK;
enum kf_err vault_unwrap(const struct kf_sealkey *master, const struct vault_wrap *at,
    struct kf_span wrapped, struct kf_sealkey *out) KF_MUST_CHECK;

#endif
