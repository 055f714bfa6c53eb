/* RADIUS requests for unit tests, built and signed here, so that the codec is not its own judge. */
#ifndef TESTS_RADIUS_REQ_H
#define TESTS_RADIUS_REQ_H

#include "ap-agent/radius/codec.h"
#include "tests/vectors/handshakes.h"
#include "tests/vectors/unhex.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#define SECRET "testing-secret"
#define OWN_CALLED "02-00-00-00-01-00:" OWN_SSID
#define OWN_CALLING "02-00-00-00-A1-1C"

#define REQ_MAX 1200

struct req {
	uint8_t b[REQ_MAX];
	size_t n;
};

static inline void
req_len(struct req *q)
{
	q->b[2] = (uint8_t)(q->n >> 8);
	q->b[3] = (uint8_t)q->n;
}

static inline struct req
req_new(uint8_t code, uint8_t id)
{
	struct req q = {.n = 20};

	q.b[0] = code;
	q.b[1] = id;
	for (size_t i = 4; code != RADIUS_ACCOUNTING_REQUEST && i < 20; i++)
		q.b[i] = (uint8_t)(i * 7 + id);
	req_len(&q);
	return q;
}

static inline void
req_add(struct req *q, uint8_t type, const void *value, size_t n)
{
	q->b[q->n] = type;
	q->b[q->n + 1] = (uint8_t)(n + 2);
	memcpy(q->b + q->n + 2, value, n);
	q->n += n + 2;
	req_len(q);
}

static inline void
req_text(struct req *q, uint8_t type, const char *text)
{
	req_add(q, type, text, strlen(text));
}

static inline void
req_u32(struct req *q, uint8_t type, uint32_t v)
{
	uint8_t w[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};

	req_add(q, type, w, 4);
}

/* 245.26 of the vendor, in fragments of at most room bytes, the vendor's header in the first. */
static inline void
req_evs5(struct req *q, uint8_t kind, const uint8_t *value, size_t n, size_t room)
{
	uint8_t head[5] = {0, 0, 0x2c, 0x50, kind}, all[1024], part[253];

	memcpy(all, head, 5);
	memcpy(all + 5, value, n);
	n += 5;
	for (size_t at = 0; at < n; at += room) {
		size_t len = n - at < room ? n - at : room;

		part[0] = 26;
		part[1] = at + len < n ? 0x80 : 0;
		memcpy(part + 2, all + at, len);
		req_add(q, 245, part, len + 2);
	}
}

/* What hostapd asks about a message 2 of our own. */
static inline struct req
req_ask(uint8_t id, const char *m2_hex)
{
	struct req q = req_new(RADIUS_ACCESS_REQUEST, id);
	uint8_t anonce[32], m2[600];
	size_t n = unhex(m2_hex, m2);

	unhex(OWN_ANONCE, anonce);
	req_text(&q, 1, "02000000a11c");
	req_text(&q, 30, OWN_CALLED);
	req_text(&q, 31, OWN_CALLING);
	req_evs5(&q, 1, anonce, 32, 251);
	req_evs5(&q, 2, m2, n, 251);
	return q;
}

/* Appends Message-Authenticator and signs. */
static inline void
req_sign(struct req *q, const char *secret)
{
	uint8_t zero[16] = {0};
	size_t at = q->n + 2;

	req_add(q, 80, zero, 16);
	HMAC(EVP_md5(), secret, (int)strlen(secret), q->b, q->n, q->b + at, NULL);
}

/* Request Authenticator of an accounting request. */
static __attribute__((noinline, unused)) void
req_sign_acct(struct req *q, const char *secret)
{
	uint8_t all[REQ_MAX + 128];

	memset(q->b + 4, 0, 16);
	memcpy(all, q->b, q->n);
	memcpy(all + q->n, secret, strlen(secret));
	EVP_Digest(all, q->n + strlen(secret), q->b + 4, NULL, EVP_md5(), NULL);
}

/* Is this a reply to q, signed with secret: Response Authenticator and, except in accounting,
 * Message-Authenticator as the first attribute? */
static __attribute__((noinline, unused)) bool
reply_ok(const uint8_t *b, size_t n, const struct req *q, const char *secret)
{
	uint8_t all[RADIUS_LEN_MAX + 128], want[16], mac[16];

	if (n < 20 || b[1] != q->b[1] || ((size_t)b[2] << 8 | b[3]) != n)
		return false;
	memcpy(all, b, n);
	memcpy(all + 4, q->b + 4, 16);
	memcpy(all + n, secret, strlen(secret));
	EVP_Digest(all, n + strlen(secret), want, NULL, EVP_md5(), NULL);
	if (memcmp(want, b + 4, 16) != 0)
		return false;
	if (q->b[0] == RADIUS_ACCOUNTING_REQUEST)
		return n == 20 || b[20] != 80;
	if (n < 38 || b[20] != 80)
		return false;
	memset(all + 22, 0, 16);
	HMAC(EVP_md5(), secret, (int)strlen(secret), all, n, mac, NULL);
	return memcmp(mac, b + 22, 16) == 0;
}

#endif
