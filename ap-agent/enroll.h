/* keyfob-agent enroll: from a one-time code to a certificate. */
#ifndef AGENT_ENROLL_H
#define AGENT_ENROLL_H

#include "ap-agent/agent_conf.h"
#include "common/env.h"

/* text: what `keyfob agent code` printed. Makes a key, proves the code, writes state_dir and, if
 * it is missing, seal_key_file. The code is not sent. On failure why says what to do. KF_EEXIST:
 * enrolled already (force replaces it). */
enum kf_err enroll_agent(const struct agent_conf *conf, const struct kf_env *env,
    struct kf_span text, bool force, struct kf_buf *why) KF_MUST_CHECK;

#endif
