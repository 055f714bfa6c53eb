/* The agent's set on disk, sealed: it answers with the portal down, from its first second. */
#ifndef AGENT_SNAPSHOT_H
#define AGENT_SNAPSHOT_H

#include "ap-agent/agent_conf.h"
#include "ap-agent/set.h"
#include "common/env.h"
#include "common/secret.h"

struct snapshot {
	char path[CONF_PATH_MAX];
	uint8_t agent[16]; /* bound to it: another agent's snapshot does not open */
	const struct kf_sealkey *key;
	const struct kf_env *env;
};

/* Replaces the file (0400), sealed with (rev, chain). */
enum kf_err snapshot_save(
    const struct snapshot *s, const struct set *set, const struct feed_head *head) KF_MUST_CHECK;
/* Fills an empty set. saved: when it was written or touched last. KF_ENOENT: none; KF_EINVAL: not
 * ours, changed, or sealed with another key. */
enum kf_err snapshot_load(const struct snapshot *s, struct set *set, struct feed_head *head,
    int64_t *saved) KF_MUST_CHECK;
/* The portal was heard: what is saved is as good as new. */
void snapshot_touch(const struct snapshot *s);

#endif
