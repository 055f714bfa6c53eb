/* Secrets: their types, wiping, comparing, digests and sealing (AES-256-GCM). */
#ifndef COMMON_SECRET_H
#define COMMON_SECRET_H

#include "common/env.h"
#include "common/err.h"
#include "common/span.h"
#include "common/text.h"

#define KF_PMK_LEN 32
#define KF_PASS_MAX 63	    /* IEEE 802.11-2020 J.4: 8..63 printable ASCII */
#define KF_SEAL_OVERHEAD 29 /* version 1, nonce 12, tag 16 */

struct kf_pmk {
	uint8_t b[KF_PMK_LEN];
};

struct kf_pass {
	char s[KF_PASS_MAX + 1]; /* NUL-terminated */
	uint8_t n;
};

struct kf_hash {
	uint8_t b[32];
};

struct kf_sealkey {
	uint8_t b[32];
};

void kf_wipe(void *p, size_t n);			  /* never optimised away */
bool kf_ct_equal(const void *a, const void *b, size_t n); /* in constant time */

void kf_sha256(struct kf_span s, struct kf_hash *out);
/* SHA-256 of the parts one after the other, without separators. */
void kf_sha256_parts(const struct kf_span *part, size_t n, struct kf_hash *out);
void kf_hmac_sha256(struct kf_span key, struct kf_span s, struct kf_hash *out);

/* AES-256-GCM: out gets version byte, 12 random bytes of nonce, ciphertext, 16 bytes of tag
 * appended. aad is bound, not stored: give where the secret belongs (org, row, column,
 * version). Errors: KF_EIO no randomness or cipher. NIST SP 800-38D */
enum kf_err kf_seal(const struct kf_sealkey *key, const struct kf_env *env, struct kf_span aad,
    struct kf_span plain, struct kf_buf *out) KF_MUST_CHECK;
/* Appends the plain text to out. KF_EINVAL: not ours, changed, or under another aad or key. */
enum kf_err kf_unseal(const struct kf_sealkey *key, struct kf_span aad, struct kf_span sealed,
    struct kf_buf *out) KF_MUST_CHECK;

/* n characters of alphabet[0..sym) by rejection sampling into out, and a NUL. sym 2..256. */
enum kf_err kf_random_text(
    const struct kf_env *env, const char *alphabet, size_t sym, char *out, size_t n) KF_MUST_CHECK;
/* A random UUID, version 4. RFC 9562 5.4 */
enum kf_err kf_random_uuid(const struct kf_env *env, uint8_t out[16]) KF_MUST_CHECK;

#endif
