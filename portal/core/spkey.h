/* The key pair with which we sign SAML requests and metadata. */
#ifndef CORE_SPKEY_H
#define CORE_SPKEY_H

#include "common/err.h"
#include "common/text.h"

/* A new RSA key of 3072 bits and a self-signed certificate of ten years for name, PEM, appended;
 * wipe key. IdPs pin the certificate, so nobody checks who signed it. now: seconds since 1970.
 * KF_EIO: OpenSSL failed. Cost: up to a second. */
enum kf_err
spkey_make(const char *name, int64_t now, struct kf_buf *key, struct kf_buf *cert) KF_MUST_CHECK;

#endif
