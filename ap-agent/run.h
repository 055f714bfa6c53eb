/* keyfob-agent run: one thread, one poll loop, until SIGTERM or SIGINT. */
#ifndef AGENT_RUN_H
#define AGENT_RUN_H

#include "ap-agent/agent_conf.h"
#include "common/env.h"

/* Returns the exit status: 0 was asked to end, 1 could not start (said in the log). */
int run_agent(const struct agent_conf *conf, const struct kf_env *env);

#endif
