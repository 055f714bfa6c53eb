/* IP addresses and prefixes as text. */
#ifndef COMMON_ADDR_H
#define COMMON_ADDR_H

#include "common/feed.h"

#define KF_ADDR_TEXT_MAX 49 /* "xxxx:…:255.255.255.255/128" */

/* "10.20.0.0/16", "fd00::/64", or without a length: a host. KF_EINVAL otherwise. */
enum kf_err kf_addr_parse(struct kf_span text, struct feed_addr *out) KF_MUST_CHECK;
/* The length is left out for a host. */
void kf_addr_str(const struct feed_addr *a, char out[KF_ADDR_TEXT_MAX + 1]);

#endif
