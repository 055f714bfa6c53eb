/* Kore's configuration, made from ours: the texts of common.conf and web.conf or feed.conf with
 * their @NAMES@ filled in. */
#ifndef PORTAL_KORE_CONF_H
#define PORTAL_KORE_CONF_H

#include "common/text.h"
#include "portal/core/config.h"

enum role { ROLE_WEB, ROLE_FEED };

/* Made by routes.awk. */
extern const char conf_common[], conf_web[], conf_feed[];

const char *role_name(enum role role); /* "web", "feed" */
/* Where the role listens. */
const struct config_addr *role_listen(enum role role, const struct config *conf);
/* Appends Kore's configuration to out; check out->bad. */
void conf_make(enum role role, const struct config *conf, struct kf_buf *out);

#endif
