/* Clock and randomness, passed in so that every rule runs in a test without waiting. */
#ifndef COMMON_ENV_H
#define COMMON_ENV_H

#include "common/err.h"

#include <stddef.h>
#include <stdint.h>

struct kf_env {
	int64_t (*now_ms)(void *ctx);  /* wall clock, milliseconds since 1970 UTC */
	int64_t (*mono_ms)(void *ctx); /* never goes back; for time-outs */
	enum kf_err (*random)(void *ctx, void *out, size_t n); /* KF_OK or KF_EIO */
	void *ctx;
};

/* The machine's clocks and getrandom(2). The only place of common/ that asks the system. */
extern const struct kf_env kf_env_real;

int64_t kf_now_s(const struct kf_env *env); /* wall clock, seconds since 1970 */

#endif
