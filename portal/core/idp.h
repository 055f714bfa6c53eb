/* Identity providers and our own SAML key, as the saml module wants to load them. */
#ifndef CORE_IDP_H
#define CORE_IDP_H

#include "portal/core/psk.h"

/* Grows by one with every change of an IdP or the SP key; workers reload when it moved. */
enum kf_err idp_generation(struct app *app, uint64_t *out) KF_MUST_CHECK;
/* Calls each with every enabled IdP: entityID and metadata XML, borrowed. */
enum kf_err idp_each(struct app *app,
    enum kf_err (*each)(void *arg, struct kf_span entity_id, struct kf_span metadata),
    void *arg) KF_MUST_CHECK;
/* The SP's signing key and self-signed certificate, PEM, appended; made at init. Wipe key. */
enum kf_err idp_sp_keypair(struct app *app, struct kf_buf *key, struct kf_buf *cert) KF_MUST_CHECK;
/* Adds or replaces by entity_id. The caller has checked the XML (saml_metadata_check). domains:
 * the e-mail domains this IdP may assert, separated by commas; at least one. */
enum kf_err idp_put(struct app *app, const struct actor *by, struct kf_span entity_id,
    struct kf_span metadata, struct kf_span domains, struct kf_buf *why) KF_MUST_CHECK;

#endif
