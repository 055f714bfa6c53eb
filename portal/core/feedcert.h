/* The files the feed role serves with: state_dir/feed-cert.pem, feed-key.pem, agent-ca.pem. */
#ifndef CORE_FEEDCERT_H
#define CORE_FEEDCERT_H

#include "portal/core/config.h"
#include "portal/core/x509.h"

struct feedcert_ca {
	struct x509_ca ca;
	int64_t now; /* seconds since 1970 */
};

/* All three are there, of this CA, for the host of feed_url, and not due for renewal. */
bool feedcert_good(const struct config *conf, const struct feedcert_ca *ca);
/* Makes a key and a certificate for FEED_SERVER_NAME and the host of feed_url. Each file is
 * replaced as a whole, mode 0600. KF_EIO: said in the log. */
enum kf_err feedcert_write(const struct config *conf, const struct feedcert_ca *ca) KF_MUST_CHECK;

#endif
