/* The worker's SAML service provider: loaded at start, again when an IdP or our key changed. */
#ifndef PORTAL_HTTP_SP_H
#define PORTAL_HTTP_SP_H

#include "portal/http/web.h"
#include "portal/saml/saml.h"

struct sp {
	struct saml *saml;   /* owned; NULL until there is a key and it loads */
	uint64_t generation; /* of what was loaded */
};

/* A start of the web role. Looks every 200 ms (one SELECT) whether the store has a newer
 * generation and then builds a new one, 60 ms, and swaps. What does not load is said in the log,
 * and what worked before goes on. */
enum kf_err sp_start(struct web_worker *w) KF_MUST_CHECK;

#endif
