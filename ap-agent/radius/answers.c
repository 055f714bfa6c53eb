#include "ap-agent/radius/answers.h"

#include "ap-agent/radius/codec.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define WAYS 4

/* Only what is used costs memory: the pages of bytes that nobody touched are not there. */
struct answer {
	struct kf_hash who;
	int64_t at_ms;
	size_t n; /* 0: free */
	uint8_t bytes[RADIUS_LEN_MAX];
};

struct answers {
	struct answer a[ANSWERS_MAX];
};

enum kf_err
answers_new(struct answers **out)
{
	*out = calloc(1, sizeof(**out));
	return *out == NULL ? KF_ENOMEM : KF_OK;
}

void
answers_free(struct answers **answers)
{
	free(*answers); /* the PMKs in it are hidden under the clients' secrets */
	*answers = NULL;
}

static size_t
bucket_of(const struct kf_hash *who)
{
	return ((size_t)who->b[0] << 8 | who->b[1]) % (ANSWERS_MAX / WAYS) * WAYS;
}

struct kf_span
answers_get(const struct answers *answers, const struct kf_hash *who, int64_t now_ms)
{
	const struct answer *a = &answers->a[bucket_of(who)];

	for (size_t i = 0; i < WAYS; i++)
		if (a[i].n > 0 && now_ms - a[i].at_ms < ANSWERS_TTL_MS &&
		    memcmp(&a[i].who, who, sizeof(*who)) == 0)
			return kf_span_of(a[i].bytes, a[i].n);
	return kf_span_of(NULL, 0);
}

void
answers_put(
    struct answers *answers, const struct kf_hash *who, struct kf_span bytes, int64_t now_ms)
{
	struct answer *a = &answers->a[bucket_of(who)], *at = a;

	assert(bytes.n >= 1);
	assert(bytes.n <= sizeof(a->bytes));
	for (size_t i = 0; i < WAYS && at->n > 0; i++)
		if (a[i].n == 0 || a[i].at_ms < at->at_ms)
			at = &a[i];
	at->who = *who;
	at->at_ms = now_ms;
	at->n = bytes.n;
	memcpy(at->bytes, bytes.p, bytes.n);
}
