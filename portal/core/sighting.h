/* The devices that used a key. */
#ifndef CORE_SIGHTING_H
#define CORE_SIGHTING_H

#include "portal/core/app.h"
#include "portal/store/agent.h"

/* Calls each with every device under this key (its MAC, first and last seen, where), the one seen
 * last first; at most 1000. Borrowed. The caller has checked that whoever asks may see the key. */
enum kf_err sighting_list(struct app *app, struct kf_span key_id,
    enum kf_err (*each)(void *arg, const struct sighting_row *row), void *arg) KF_MUST_CHECK;

#endif
