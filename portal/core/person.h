/* Who is who: one person, one e-mail, any number of identities that point to it. Everything here is
 * called inside a transaction. */
#ifndef CORE_PERSON_H
#define CORE_PERSON_H

#include "common/span.h"
#include "portal/core/app.h"
#include "portal/store/person_row.h"

/* What an IdP (or a code sent by mail) proved. */
struct person_proof {
	const char *idp; /* entityID, or "email" */
	const char *name_id;
	const char *email, *name; /* email: normalised; name may be "" */
	bool email_proven;	  /* by code, in this sign-in */
};

enum person_how { PERSON_KNOWN, PERSON_JOINED, PERSON_MADE };

/* The person of this identity. A new identity joins the person with its e-mail only if that
 * person has no identity yet or the e-mail was proven by code; otherwise it makes a person of its
 * own, so that no IdP can take over what another's user has. */
enum kf_err person_of_identity(struct app *app, const struct person_proof *proof,
    struct person_row *out, enum person_how *how) KF_MUST_CHECK;
/* The person with this address, made without identity if there is none. */
enum kf_err
person_of_email(struct app *app, const char *email, struct person_row *out) KF_MUST_CHECK;

/* For comparing: all in lower case. */
void person_email_key(const char *email, char out[255]);

#endif
