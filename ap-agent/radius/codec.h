/* RADIUS packets: read, verified, built. RFC 2865, 2866, 2868, 3579, 6929. Bytes only. */
#ifndef AGENT_RADIUS_CODEC_H
#define AGENT_RADIUS_CODEC_H

#include "common/err.h"
#include "common/span.h"

#define RADIUS_LEN_MIN 20
#define RADIUS_LEN_MAX 4096
#define RADIUS_AUTH_LEN 16
#define RADIUS_VALUE_MAX 253
#define RADIUS_PASSWORD_MAX 128 /* of a Tunnel-Password that we send */

enum radius_code {
	RADIUS_ACCESS_REQUEST = 1,
	RADIUS_ACCESS_ACCEPT = 2,
	RADIUS_ACCESS_REJECT = 3,
	RADIUS_ACCOUNTING_REQUEST = 4,
	RADIUS_ACCOUNTING_RESPONSE = 5,
	RADIUS_STATUS_SERVER = 12
};

enum radius_type {
	RADIUS_USER_NAME = 1,
	RADIUS_CLASS = 25,
	RADIUS_SESSION_TIMEOUT = 27,
	RADIUS_CALLED_STATION_ID = 30,
	RADIUS_CALLING_STATION_ID = 31,
	RADIUS_PROXY_STATE = 33,
	RADIUS_ACCT_STATUS_TYPE = 40,
	RADIUS_ACCT_DELAY_TIME = 41,
	RADIUS_ACCT_INPUT_OCTETS = 42,
	RADIUS_ACCT_OUTPUT_OCTETS = 43,
	RADIUS_ACCT_SESSION_ID = 44,
	RADIUS_ACCT_SESSION_TIME = 46,
	RADIUS_ACCT_TERMINATE_CAUSE = 49,
	RADIUS_ACCT_INPUT_GIGAWORDS = 52,
	RADIUS_ACCT_OUTPUT_GIGAWORDS = 53,
	RADIUS_TUNNEL_TYPE = 64,
	RADIUS_TUNNEL_MEDIUM_TYPE = 65,
	RADIUS_TUNNEL_PASSWORD = 69,
	RADIUS_MESSAGE_AUTHENTICATOR = 80,
	RADIUS_TUNNEL_PRIVATE_GROUP_ID = 81,
	RADIUS_CHARGEABLE_USER_IDENTITY = 89,
	RADIUS_EXTENDED_5 = 245 /* long extended, RFC 6929 */
};

/* A packet whose lengths are right: every attribute lies inside it. Borrowed. */
struct radius_packet {
	struct kf_span bytes; /* header and attributes, padding cut off */
	uint8_t code, id;
	const uint8_t *authenticator; /* 16 bytes */
	struct kf_span attrs;
	size_t ma_at; /* where Message-Authenticator's value stands in bytes; 0: there is none */
};

/* KF_EINVAL: shorter than 20 bytes, or a length below 20, above 4096 or above what arrived; an
 * attribute of type 0, shorter than 2 or over the end; Message-Authenticator twice or not of
 * 18 bytes. RFC 2865 3, RFC 3579 3.2 */
enum kf_err radius_parse(struct kf_span datagram, struct radius_packet *out) KF_MUST_CHECK;

struct radius_attr {
	uint8_t type;
	struct kf_span value;
};

/* Walks attributes: struct kf_rd rd = kf_rd_of(pkt->attrs); while (radius_next(&rd, &a)) ...
 * False at the end, or with rd->bad where the lengths are wrong. */
bool radius_next(struct kf_rd *rd, struct radius_attr *out);
/* The first attribute of the type; false when there is none. */
bool radius_find(const struct radius_packet *pkt, enum radius_type type, struct kf_span *out);
/* A number of four bytes; 0 when there is none or it has another length. */
uint32_t radius_find_u32(const struct radius_packet *pkt, enum radius_type type);

#define RADIUS_JOINED_MAX 768

struct radius_joined {
	uint8_t b[RADIUS_JOINED_MAX];
	size_t n;
};

/* The value of the Extended-Vendor-Specific-5 attribute (245.26) of this vendor and type, its
 * fragments joined. RFC 6929 2.4: the vendor's header stands in the first fragment; that a
 * client repeats it in each is understood as well.
 * KF_ENOENT none; KF_EINVAL twice, a broken chain, or more than RADIUS_JOINED_MAX bytes. */
enum kf_err radius_find_evs5(const struct radius_packet *pkt, uint32_t vendor, uint8_t type,
    struct radius_joined *out) KF_MUST_CHECK;

/* Message-Authenticator of an Access-Request or Status-Server, in constant time; false also
 * when there is none. RFC 3579 3.2 */
bool radius_ma_ok(const struct radius_packet *pkt, struct kf_span secret);
/* Request Authenticator of an Accounting-Request, in constant time. RFC 2866 3 */
bool radius_acct_ok(const struct radius_packet *pkt, struct kf_span secret);

/* A reply under way. Message-Authenticator is its first attribute (CVE-2024-3596), computed at
 * the end; but none goes into the answer to an Accounting-Request: RFC 2869 5.19 has none there,
 * and FreeRADIUS and hostapd do not agree on how to compute one, so each would drop the other's.
 * What does not fit latches bad. */
struct radius_reply {
	uint8_t b[RADIUS_LEN_MAX];
	size_t n;
	bool bad, signs;
};

void radius_reply_start(
    struct radius_reply *reply, enum radius_code code, const struct radius_packet *req);
/* value: 1..253 bytes (asserted). */
void radius_reply_add(struct radius_reply *reply, enum radius_type type, struct kf_span value);
void radius_reply_u32(struct radius_reply *reply, enum radius_type type, uint32_t v);
/* Tunnel-Password under tag 0, hidden by secret, request and salt; the salt's top bit is set
 * here, its other 15 must not come twice in one reply. RFC 2868 3.5 */
void radius_reply_password(struct radius_reply *reply, const struct radius_packet *req,
    struct kf_span secret, uint16_t salt, struct kf_span password);
/* Copies the request's Proxy-States in order, signs. KF_ELIMIT: more than 4096 bytes. */
enum kf_err radius_reply_finish(struct radius_reply *reply, const struct radius_packet *req,
    struct kf_span secret) KF_MUST_CHECK;

#endif
