/* What isolate_dummy remembers, for tests and for "keyfob-agent status" without a kernel. */
#ifndef AGENT_ISOLATE_DUMMY_H
#define AGENT_ISOLATE_DUMMY_H

#include "ap-agent/isolate.h"

#include <stddef.h>

/* Where the station is; NULL when it is not on the air. Borrowed until the next call. */
const struct place *isolate_dummy_at(void *ctx, const struct station *sta);
size_t isolate_dummy_stations(void *ctx);
size_t isolate_dummy_sessions(void *ctx); /* of the last list */

#endif
