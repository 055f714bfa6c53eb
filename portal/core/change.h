/* The change log: every change of a key, role, VLAN, WLAN, site, workflow or agent takes the next
 * revision in its own transaction, through change_put and nothing else. Agents are fed from it. */
#ifndef CORE_CHANGE_H
#define CORE_CHANGE_H

#include "common/span.h"
#include "portal/core/app.h"

/* Numbers stand in the database: never renumber. */
enum change_kind {
	CHANGE_SITE = 1,
	CHANGE_WLAN = 2,
	CHANGE_VLAN = 3,
	CHANGE_ROLE = 4,
	CHANGE_PSK = 5,
	CHANGE_AGENT = 6,
	CHANGE_WORKFLOW = 7
};

/* A place in the history. Revision 0 has a chain of zeroes: nothing happened yet. */
struct change_point {
	uint64_t rev;
	struct kf_hash chain; /* SHA-256(previous chain || entry) */
};

/* Inside a transaction: entity id changed. *rev: the revision it took, to be kept in its row. */
enum kf_err
change_put(struct app *app, enum change_kind kind, const char *id, uint64_t *rev) KF_MUST_CHECK;
enum kf_err change_head(struct app *app, struct change_point *out) KF_MUST_CHECK;
/* KF_ENOENT: this point is not in our history (a restored backup, another portal). */
enum kf_err change_known(struct app *app, const struct change_point *at) KF_MUST_CHECK;
/* Calls each once with every entity that changed after rev, in the order of its last change. Use
 * a read transaction (db_begin_read) if more is read by it. each must not call this again. */
enum kf_err change_since(struct app *app, uint64_t rev,
    enum kf_err (*each)(void *arg, enum change_kind kind, const char *id, uint64_t rev),
    void *arg) KF_MUST_CHECK;

#endif
