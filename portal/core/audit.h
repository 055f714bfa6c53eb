/* Who did what to what: a chain of hashes in the transaction of the change itself. */
#ifndef CORE_AUDIT_H
#define CORE_AUDIT_H

#include "portal/core/app.h"

/* Who acts: {"cli", "root"}, {"token", "ci"}, {"person", "alice@example.test"}, {"agent", ID},
 * {"system", "jobs"}. Borrowed. */
struct actor {
	const char *kind, *name;
};

struct audit_note {
	const struct actor *by;
	const char *action; /* "psk.revoke", "login.refused": dotted, for ever the same */
	const char *target; /* an id, or "" */
	const char *detail; /* for people; never a secret; or "" */
};

/* Inside a transaction: appends the note. */
enum kf_err audit_put(struct app *app, const struct audit_note *note) KF_MUST_CHECK;

struct audit_check {
	uint64_t entries; /* that are whole, from the first on */
	uint64_t broken;  /* number of the first that is not; 0: none */
	struct kf_hash head;
};
/* Goes through the whole chain. KF_EINVAL: broken, out says where. What was cut off at the end
 * shows only against a head noted elsewhere. */
enum kf_err audit_verify(struct app *app, struct audit_check *out) KF_MUST_CHECK;

#endif
