/* What was answered in the last 30 seconds: a request that comes again gets the same bytes, not
 * a new decision. RFC 5080 2.2.2 */
#ifndef AGENT_RADIUS_ANSWERS_H
#define AGENT_RADIUS_ANSWERS_H

#include "common/err.h"
#include "common/secret.h"
#include "common/span.h"

#define ANSWERS_MAX 1024 /* the oldest of a bucket of 4 makes room */
#define ANSWERS_TTL_MS 30000

struct answers;

enum kf_err answers_new(struct answers **out) KF_MUST_CHECK; /* KF_ENOMEM */
void answers_free(struct answers **answers);

/* who: a hash of the peer's address and port, our socket, and the request's id and
 * authenticator. get: empty when there is none or it is too old. Borrowed until the next put. */
struct kf_span
answers_get(const struct answers *answers, const struct kf_hash *who, int64_t now_ms);
void answers_put(
    struct answers *answers, const struct kf_hash *who, struct kf_span bytes, int64_t now_ms);

#endif
