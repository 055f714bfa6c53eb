/* The devices that are on the air with a key right now: what the owner's page turns green for. */
#ifndef CORE_DEVICE_H
#define CORE_DEVICE_H

#include "portal/core/issue.h"

struct device {
	uint8_t mac[6];
	int64_t since; /* joined, seconds since 1970 */
};

/* The last to join first; at most max, *n is set. None when no agent has told of any, or while the
 * feed role is down. The caller has checked that whoever asks may see the key. Cost: 1 ms. */
enum kf_err device_online(struct app *app, const struct key_view *key, struct device *out,
    size_t max, size_t *n) KF_MUST_CHECK;

#endif
