/* keyfob init: from nothing to an installation with one of each. */
#ifndef CORE_SETUP_H
#define CORE_SETUP_H

#include "common/span.h"
#include "portal/core/audit.h"
#include "portal/core/config.h"

#define SETUP_ADDRS_MAX 16

/* Empty spans and 0 take the default that stands here. */
struct setup {
	struct kf_span org;	 /* the configuration's org_name */
	struct kf_span site;	 /* "main" */
	struct kf_span ssid;	 /* needed */
	struct kf_span workflow; /* slug: "employees" */
	uint16_t vlan;		 /* needed: 1..4094 */
	struct kf_span prefix[SETUP_ADDRS_MAX], gateway[SETUP_ADDRS_MAX];
	size_t prefixes, gateways;
};

/* Makes state_dir (0700), master_key_file (0400) if it is missing, the database with org, site,
 * WLAN, VLAN, role, workflow, SAML key, and the agents' CA. Killed in between, it may be run
 * again. On failure why gets one sentence. Errors: KF_EEXIST there is an installation: nothing was
 * changed; KF_EINVAL a value of what; KF_EIO the disk. */
enum kf_err setup_create(const struct config *conf, const struct kf_env *env,
    const struct actor *by, const struct setup *what, struct kf_buf *why) KF_MUST_CHECK;

#endif
