/* What time does to things. Nothing has to run for a key to be over: everybody compares with the
 * clock. This tells the agents of it and throws away what is of no use any more. */
#ifndef CORE_LIFECYCLE_H
#define CORE_LIFECYCLE_H

#include "portal/core/app.h"

/* To be called each minute or so, by one process. */
enum kf_err lifecycle_sweep(struct app *app) KF_MUST_CHECK;

#endif
