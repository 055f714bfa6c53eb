/* What issue.c and psk.c share: the making, replacing and showing of one key. Everything that
 * writes is called inside a transaction of theirs. */
#ifndef CORE_KEY_H
#define CORE_KEY_H

#include "portal/core/audit.h"
#include "portal/core/issue.h"
#include "portal/store/person_row.h"
#include "portal/store/psk_row.h"

#define KEY_OVERLAP_S 86400 /* where no workflow says otherwise */

/* A passphrase and what follows from it on one SSID. Made before the transaction (4 ms); wipe. */
struct key_secret {
	struct kf_pass pass;
	struct kf_pmk pmk;
	struct kf_hash tag;
};

enum kf_err key_secret_make(struct app *app, const struct feed_ssid *ssid, unsigned int groups,
    struct key_secret *out) KF_MUST_CHECK;
/* KF_EINVAL: not 8..63 printable ASCII characters. */
enum kf_err key_secret_given(struct app *app, const struct feed_ssid *ssid, struct kf_span pass,
    struct key_secret *out) KF_MUST_CHECK;

/* At this moment. The order of the rules: revoked, over, not yet, replaced. */
enum key_status key_status_at(const struct psk_row *row, int64_t now);
/* May be used, now or later. */
bool key_alive(const struct psk_row *row, int64_t now);

/* The private network of a new key: the person's (made with its first key), or one of its own.
 * KF_ELIMIT: all numbers are given out. */
enum kf_err
key_group(struct app *app, struct person_row *person, bool own, uint32_t *out) KF_MUST_CHECK;
/* Gives row an id and a revision, seals the secret and inserts it. KF_EEXIST: another key of this
 * SSID has this passphrase. */
enum kf_err
key_insert(struct app *app, const struct key_secret *secret, struct psk_row *row) KF_MUST_CHECK;
/* Puts row, which key_insert has not seen yet, in the place of old: same group, WLAN, VLAN, role,
 * owner; old ends after overlap_s or at its own end. */
enum kf_err key_replace(struct app *app, const struct psk_row *old, int64_t overlap_s,
    const struct key_secret *secret, struct psk_row *row) KF_MUST_CHECK;

/* The row as others see it. reveal: with the passphrase, unless the key is over. */
enum kf_err key_show(
    struct app *app, const struct psk_row *row, bool reveal, struct key_view *out) KF_MUST_CHECK;
/* The same by id, read afresh. */
enum kf_err
key_show_id(struct app *app, const char *id, bool reveal, struct key_view *out) KF_MUST_CHECK;

#endif
