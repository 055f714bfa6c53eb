/* Who this agent is: what enrolment left in state_dir (agent.conf, agent-key.pem, agent-cert.pem,
 * agent-ca.pem), and the key that seals its snapshot. */
#ifndef AGENT_IDENTITY_H
#define AGENT_IDENTITY_H

#include "ap-agent/agent_conf.h"
#include "common/feed_enroll.h"
#include "common/secret.h"

struct identity {
	uint8_t id[16];
	char text[37];
	char url[FEED_URL_MAX + 1];					 /* of the feed */
	char key[CONF_PATH_MAX], cert[CONF_PATH_MAX], ca[CONF_PATH_MAX]; /* paths, PEM */
	int64_t cert_start, cert_end;					 /* seconds since 1970 */
};

/* KF_ENOENT: not enrolled yet; KF_EINVAL: a file is broken (logged). */
enum kf_err identity_read(const struct agent_conf *conf, struct identity *out) KF_MUST_CHECK;
/* Writes what enrolment gave. key_pem: the private key. */
enum kf_err identity_write(const struct agent_conf *conf, const struct feed_enrolled *e,
    struct kf_span key_pem) KF_MUST_CHECK;
/* Replaces key and certificate: the certificate last, so that a crash in between is mended by
 * identity_read. */
enum kf_err identity_renew(const struct agent_conf *conf, struct identity *id, struct kf_span cert,
    struct kf_span key_pem) KF_MUST_CHECK;

/* A fresh P-256 key (PEM, appended; wipe it) and a certificate request for it (DER, appended).
 * name: the common name. */
enum kf_err
identity_request(const char *name, struct kf_buf *key_pem, struct kf_buf *csr) KF_MUST_CHECK;

/* The key in seal_key_file; made (0400) if it is missing and make is set. KF_ENOENT, KF_EINVAL:
 * not 32 bytes. */
enum kf_err identity_seal_key(const struct agent_conf *conf, const struct kf_env *env, bool make,
    struct kf_sealkey *out) KF_MUST_CHECK;

#endif
