/* Agents: their CA, enrolment codes, certificates, and the devices they saw. */
#ifndef STORE_AGENT_H
#define STORE_AGENT_H

#include "common/feed_codec.h"
#include "portal/store/db.h"

#define AGENT_NAME_MAX 63

struct agent_row {
	char id[37], site[37], name[AGENT_NAME_MAX + 1];
	int64_t created, revoked_at, last_seen; /* 0 = never */
	uint64_t event_seq;
	struct feed_counters counters;
};

extern const struct db_set agent_set;

/* --- the CA --- */
/* key: sealed. KF_EEXIST: the org has one. */
enum kf_err agent_ca_insert(struct db *db, const char *org, const char *id, struct kf_span key,
    struct kf_span cert, int64_t now) KF_MUST_CHECK;
/* Appends the sealed key and the certificate (DER). KF_ENOENT. */
enum kf_err agent_ca_get(struct db *db, const char *org, char id[37], struct kf_buf *key,
    struct kf_buf *cert) KF_MUST_CHECK;

/* --- codes --- */
struct agent_code_row {
	char id[37], site[37];
	int64_t expires;
};
enum kf_err agent_code_insert(struct db *db, const char *org, const struct agent_code_row *row,
    struct kf_span sealed) KF_MUST_CHECK;
/* Appends the sealed code. KF_ENOENT: none, or used. */
enum kf_err agent_code_get(
    struct db *db, const char *id, struct agent_code_row *out, struct kf_buf *sealed) KF_MUST_CHECK;
/* KF_ENOENT: somebody else was quicker. */
enum kf_err agent_code_use(struct db *db, const char *id) KF_MUST_CHECK;
enum kf_err agent_code_sweep(struct db *db, int64_t now) KF_MUST_CHECK;

/* --- agents --- */
enum kf_err agent_insert(struct db *db, const char *org, const struct agent_row *row) KF_MUST_CHECK;
enum kf_err
agent_get(struct db *db, const char *org, const char *id, struct agent_row *out) KF_MUST_CHECK;
/* The agent that this certificate belongs to, revoked or not. KF_ENOENT. */
enum kf_err agent_by_cert(struct db *db, const struct kf_hash *fingerprint, int64_t now,
    struct agent_row *out) KF_MUST_CHECK;
enum kf_err agent_cert_insert(struct db *db, const char *org, const char *agent,
    const struct kf_hash *fingerprint, int64_t expires) KF_MUST_CHECK;
/* Forgets all certificates of the agent but this one (NULL: all). */
enum kf_err
agent_cert_keep(struct db *db, const char *agent, const struct kf_hash *keep) KF_MUST_CHECK;
enum kf_err agent_revoke(struct db *db, const char *id, int64_t now) KF_MUST_CHECK;
enum kf_err agent_seen(struct db *db, const char *id, int64_t now) KF_MUST_CHECK;
/* Takes the message of events with this number; KF_EEXIST: it was taken before. */
enum kf_err agent_events_take(struct db *db, const char *id, uint64_t seq,
    const struct feed_counters *counters) KF_MUST_CHECK;
enum kf_err agent_each(struct db *db, const char *org,
    enum kf_err (*each)(void *arg, const struct agent_row *row), void *arg) KF_MUST_CHECK;

/* --- devices under a key --- */
struct sighting_row {
	uint8_t mac[6], bss[6];
	char agent[37];
	int64_t first_seen, last_seen;
};
/* The key's group and VLAN if the key's SSID is served at this site. KF_ENOENT. */
enum kf_err agent_key_scope(struct db *db, const char *site, const char *psk, uint32_t *group,
    uint16_t *vlan) KF_MUST_CHECK;
enum kf_err sighting_put(
    struct db *db, const char *org, const char *psk, const struct sighting_row *row) KF_MUST_CHECK;
enum kf_err sighting_each(struct db *db, const char *org, const char *psk,
    enum kf_err (*each)(void *arg, const struct sighting_row *row), void *arg) KF_MUST_CHECK;
/* The key that this device used last. KF_ENOENT: it was never seen. */
enum kf_err
sighting_key(struct db *db, const char *org, const uint8_t mac[6], char psk[37]) KF_MUST_CHECK;

#endif
