#include "common/secret.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#define SEAL_VERSION 1
#define NONCE_LEN 12
#define TAG_LEN 16

_Static_assert(KF_SEAL_OVERHEAD == 1 + NONCE_LEN + TAG_LEN, "what a sealed secret adds");

void
kf_wipe(void *p, size_t n)
{
	OPENSSL_cleanse(p, n);
}

bool
kf_ct_equal(const void *a, const void *b, size_t n)
{
	return CRYPTO_memcmp(a, b, n) == 0;
}

void
kf_sha256_parts(const struct kf_span *part, size_t n, struct kf_hash *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ok = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL);

	for (size_t i = 0; ok && i < n; i++)
		ok = EVP_DigestUpdate(ctx, part[i].p, part[i].n);
	ok = ok && EVP_DigestFinal_ex(ctx, out->b, NULL);
	EVP_MD_CTX_free(ctx);
	assert(ok); /* SHA-256 of memory fails only without memory: going on would be worse */
}

void
kf_sha256(struct kf_span s, struct kf_hash *out)
{
	kf_sha256_parts(&s, 1, out);
}

void
kf_hmac_sha256(struct kf_span key, struct kf_span s, struct kf_hash *out)
{
	unsigned int n = sizeof(out->b);
	static const uint8_t none[1];

	assert(key.n <= 4096);
	bool ok = HMAC(EVP_sha256(), key.n > 0 ? key.p : none, (int)key.n, s.n > 0 ? s.p : none,
		      s.n, out->b, &n) != NULL;
	assert(ok);
}

enum kf_err
kf_seal(const struct kf_sealkey *key, const struct kf_env *env, struct kf_span aad,
    struct kf_span plain, struct kf_buf *out)
{
	uint8_t head[1 + NONCE_LEN] = {SEAL_VERSION}, tag[TAG_LEN];
	struct kf_buf text = {.max = plain.n + 64};
	EVP_CIPHER_CTX *ctx = NULL;
	enum kf_err r;
	int n = 0, ok;

	assert(plain.n <= KF_BUF_MAX);
	if ((r = env->random(env->ctx, head + 1, NONCE_LEN)) != KF_OK)
		return r;
	kf_buf_add(&text, plain.p, plain.n); /* encrypted in place */
	ctx = EVP_CIPHER_CTX_new();
	ok = ctx != NULL && !text.bad &&
	    EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key->b, head + 1) &&
	    EVP_EncryptUpdate(ctx, NULL, &n, aad.p, (int)aad.n) &&
	    (plain.n == 0 ||
		EVP_EncryptUpdate(ctx, (uint8_t *)text.p, &n, (uint8_t *)text.p, (int)plain.n)) &&
	    EVP_EncryptFinal_ex(ctx, tag, &n) &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG_LEN, tag);
	EVP_CIPHER_CTX_free(ctx);
	if (ok) {
		kf_buf_add(out, head, sizeof(head));
		kf_buf_add(out, text.p, text.n);
		kf_buf_add(out, tag, sizeof(tag));
	}
	kf_buf_free(&text);
	return ok && !out->bad ? KF_OK : KF_EIO;
}

enum kf_err
kf_unseal(
    const struct kf_sealkey *key, struct kf_span aad, struct kf_span sealed, struct kf_buf *out)
{
	struct kf_rd rd = kf_rd_of(sealed);
	uint8_t version = kf_rd_u8(&rd), tag[TAG_LEN];
	struct kf_span nonce = kf_rd_take(&rd, NONCE_LEN), text;
	struct kf_buf plain = {0};
	EVP_CIPHER_CTX *ctx;
	int n = 0, ok;

	text = kf_rd_take(&rd, rd.n < TAG_LEN ? rd.n + 1 : rd.n - TAG_LEN);
	kf_rd_copy(&rd, tag, TAG_LEN);
	if (rd.bad || version != SEAL_VERSION || sealed.n > KF_BUF_MAX)
		return KF_EINVAL;
	kf_buf_add(&plain, text.p, text.n);
	if (plain.bad)
		return KF_ENOMEM;
	ctx = EVP_CIPHER_CTX_new();
	ok = ctx != NULL && EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key->b, nonce.p) &&
	    EVP_DecryptUpdate(ctx, NULL, &n, aad.p, (int)aad.n) &&
	    (text.n == 0 || EVP_DecryptUpdate(ctx, (uint8_t *)plain.p, &n, text.p, (int)text.n)) &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG_LEN, tag) &&
	    EVP_DecryptFinal_ex(ctx, tag, &n) > 0;
	EVP_CIPHER_CTX_free(ctx);
	if (ok)
		kf_buf_add(out, plain.p, plain.n);
	kf_buf_free(&plain);
	if (!ok)
		return KF_EINVAL;
	return out->bad ? KF_ENOMEM : KF_OK;
}

enum kf_err
kf_random_text(const struct kf_env *env, const char *alphabet, size_t sym, char *out, size_t n)
{
	unsigned int top;
	uint8_t c;
	enum kf_err r;

	assert(sym >= 2);
	assert(sym <= 256);
	top = 256 - 256 % (unsigned int)sym; /* values from top on would favour the first symbols */
	for (size_t i = 0; i < n;) {
		if ((r = env->random(env->ctx, &c, 1)) != KF_OK)
			return r;
		if (c < top)
			out[i++] = alphabet[c % sym];
	}
	out[n] = '\0';
	kf_wipe(&c, sizeof(c));
	return KF_OK;
}

enum kf_err
kf_random_uuid(const struct kf_env *env, uint8_t out[16])
{
	enum kf_err r = env->random(env->ctx, out, 16);

	out[6] = (uint8_t)((out[6] & 0x0f) | 0x40);
	out[8] = (uint8_t)((out[8] & 0x3f) | 0x80);
	return r;
}
