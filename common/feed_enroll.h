/* How an agent and a portal that share nothing but a one-time code get to trust each other. The
 * code itself never travels: each side proves it by an HMAC-SHA-256 over what it sends.
 *
 *	FEED_ENROLL    id(16) length(2) CSR(DER) mac(32)		mac = HMAC(code, CSR)
 *	FEED_ENROLLED  agent(16) length(2) certificate(DER) length(2) CA(DER)
 *	               length(1) feed URL  mac(32)		mac = HMAC(code, all before it)
 *	FEED_RENEWED   length(2) certificate(DER) length(2) CA(DER)	over mutual TLS: no mac
 *
 * The two HMACs cannot be taken for one another: a CSR starts with 0x30, a message with 'K'. */
#ifndef COMMON_FEED_ENROLL_H
#define COMMON_FEED_ENROLL_H

#include "common/feed_codec.h"

#define FEED_CODE_LEN 16 /* 128 bits */
#define FEED_CODE_TTL_S 3600
#define FEED_URL_MAX 255
#define FEED_DER_MAX 4096 /* a CSR or a certificate */
#define FEED_CODE_TEXT_MAX (FEED_URL_MAX + 1 + 32 + 1 + 32)
#define FEED_SERVER_NAME "keyfob-feed" /* the name that agents ask for and check */

/* What `keyfob agent code` prints: URL#ID.CODE, both in hex. A secret: wipe it. */
struct feed_code {
	char url[FEED_URL_MAX + 1]; /* the portal's base URL */
	uint8_t id[16];
	uint8_t code[FEED_CODE_LEN];
};

void feed_code_text(const struct feed_code *code, char out[FEED_CODE_TEXT_MAX + 1]);
/* White space around it is skipped. KF_EINVAL: not URL#ID.CODE with an http(s) URL. */
enum kf_err feed_code_parse(struct kf_span text, struct feed_code *out) KF_MUST_CHECK;

struct feed_enroll {
	uint8_t id[16];
	struct kf_span csr; /* borrowed */
	struct kf_hash mac;
};

void feed_put_enroll(struct kf_buf *b, const struct feed_code *code, struct kf_span csr);
enum kf_err feed_read_enroll(struct kf_span msg, struct feed_enroll *out) KF_MUST_CHECK;
/* KF_EDENIED: made with another code. In constant time. */
enum kf_err
feed_enroll_check(const struct feed_enroll *e, const uint8_t code[FEED_CODE_LEN]) KF_MUST_CHECK;

struct feed_enrolled {
	uint8_t agent[16];
	struct kf_span cert, ca; /* DER, borrowed */
	char url[FEED_URL_MAX + 1];
};

void feed_put_enrolled(
    struct kf_buf *b, const struct feed_enrolled *e, const uint8_t code[FEED_CODE_LEN]);
/* KF_EDENIED: whoever answered does not know the code. KF_EINVAL: malformed. */
enum kf_err feed_read_enrolled(
    struct kf_span msg, const uint8_t code[FEED_CODE_LEN], struct feed_enrolled *out) KF_MUST_CHECK;

void feed_put_renewed(struct kf_buf *b, struct kf_span cert, struct kf_span ca);
enum kf_err
feed_read_renewed(struct kf_span msg, struct kf_span *cert, struct kf_span *ca) KF_MUST_CHECK;

#endif
