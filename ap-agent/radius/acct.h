/* An Accounting-Request in the agent's words. RFC 2866 */
#ifndef AGENT_RADIUS_ACCT_H
#define AGENT_RADIUS_ACCT_H

#include "ap-agent/radius/codec.h"
#include "ap-agent/radius/server.h"

/* The key comes from Class, Chargeable-User-Identity or User-Name, whichever first holds a key
 * id. KF_EINVAL: no Acct-Status-Type, or a Called- or Calling-Station-Id without a MAC.
 * KF_ENOENT: a status type that we do not record. */
enum kf_err acct_read(const struct radius_packet *pkt, struct radius_acct *out) KF_MUST_CHECK;

#endif
