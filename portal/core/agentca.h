/* Agents: the CA of the feed, enrolment by one-time code, renewal, and who may come in. */
#ifndef CORE_AGENTCA_H
#define CORE_AGENTCA_H

#include "common/feed_codec.h"
#include "portal/core/app.h"
#include "portal/core/psk.h"
#include "portal/store/agent.h"

#define AGENTCA_CERT_DAYS 90  /* an agent's and the feed's own */
#define AGENTCA_RENEW_DAYS 60 /* from this day of its life on it is renewed */
#define AGENTCA_CA_DAYS 7305  /* 20 years */

/* Makes the org's CA if there is none, then the feed's certificate. Inside a transaction of the
 * caller's or in one of its own. */
enum kf_err agentca_init(struct app *app) KF_MUST_CHECK;
/* Writes state_dir/{feed-cert,feed-key,agent-ca}.pem when one is missing, is not of our CA, names
 * another host than feed_url, or is due for renewal. *renewed: written; restart the feed role. */
enum kf_err agentca_renew_feed_cert(struct app *app, bool *renewed) KF_MUST_CHECK;

/* Appends "URL#ID.CODE": good for one enrolment at this site within an hour. A secret.
 * KF_ENOENT: no such site. */
enum kf_err agentca_code(
    struct app *app, const struct actor *by, struct kf_span site, struct kf_buf *out) KF_MUST_CHECK;
/* Answers a FEED_ENROLL message. reply: FEED_ENROLLED. KF_EDENIED: no such code, used, too late,
 * or the HMAC is of another code: never says which. KF_EINVAL: malformed. */
enum kf_err agentca_enroll(struct app *app, struct kf_span msg, struct kf_buf *reply) KF_MUST_CHECK;

/* An agent on the line. */
struct agent_caller {
	struct agent_row row;
	uint8_t id[16];
	struct kf_hash fingerprint; /* of the certificate it came with */
};
/* Who came with this certificate (DER, checked against our CA by TLS). KF_EDENIED: no agent of
 * ours, or revoked. Asked at every request. */
enum kf_err
agentca_caller(struct app *app, struct kf_span cert, struct agent_caller *out) KF_MUST_CHECK;
/* A new certificate for the same agent. The one it came with stays good until the new one was
 * seen; older ones do not. KF_EINVAL: malformed request. */
enum kf_err agentca_renew(struct app *app, const struct agent_caller *who, struct kf_span csr,
    struct kf_buf *reply) KF_MUST_CHECK;
/* Its feed ends at once. KF_ENOENT. Twice is not an error. */
enum kf_err
agentca_revoke(struct app *app, const struct actor *by, struct kf_span id) KF_MUST_CHECK;
enum kf_err agentca_list(struct app *app,
    enum kf_err (*each)(void *arg, const struct agent_row *row), void *arg) KF_MUST_CHECK;
/* Codes that are over. For lifecycle_sweep. */
enum kf_err agentca_sweep(struct app *app) KF_MUST_CHECK;

#endif
