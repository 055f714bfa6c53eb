#include "common/env.h"

#include <sys/random.h>
#include <time.h>

static int64_t
clock_ms(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int64_t
real_now_ms(void *ctx)
{
	(void)ctx;
	return clock_ms(CLOCK_REALTIME);
}

static int64_t
real_mono_ms(void *ctx)
{
	(void)ctx;
	return clock_ms(CLOCK_MONOTONIC);
}

static enum kf_err
real_random(void *ctx, void *out, size_t n)
{
	uint8_t *p = out;

	(void)ctx;
	while (n > 0) {
		/* up to 256 bytes getrandom() is never interrupted and never short */
		size_t want = n < 256 ? n : 256;
		ssize_t got = getrandom(p, want, 0);

		if (got != (ssize_t)want)
			return KF_EIO;
		p += want;
		n -= want;
	}
	return KF_OK;
}

const struct kf_env kf_env_real = {real_now_ms, real_mono_ms, real_random, NULL};

int64_t
kf_now_s(const struct kf_env *env)
{
	return env->now_ms(env->ctx) / 1000;
}
