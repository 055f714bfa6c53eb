/* What a site's agents are to hold, row by row, as the feed wants it. Secrets come sealed. */
#ifndef STORE_FEED_ROWS_H
#define STORE_FEED_ROWS_H

#include "common/feed_codec.h"
#include "portal/store/db.h"

extern const struct db_set feed_rows_set;

struct feed_scope {
	const char *org, *site;
};

struct feed_row {
	struct feed_item item; /* without pmk and pass */
	char id[37];
	struct kf_span pmk, pass; /* sealed; pass empty unless the WLAN's key_form wants it */
};

/* Calls each with every row of this kind that belongs to the site, in the order of ids; id: only
 * this one (then KF_ENOENT when it does not belong there or is over). The row dies after the call;
 * each must not call this function with the same kind. */
enum kf_err feed_rows(struct db *db, const struct feed_scope *scope, enum feed_kind kind,
    const char *id, enum kf_err (*each)(void *arg, struct feed_row *row), void *arg) KF_MUST_CHECK;
/* The ids and revisions of all keys of the site, in the order of ids. */
enum kf_err feed_key_revs(struct db *db, const struct feed_scope *scope,
    enum kf_err (*each)(void *arg, const uint8_t id[16], uint64_t rev), void *arg) KF_MUST_CHECK;
/* May an agent of this site be told that this key is over? KF_ENOENT: it never heard of it. */
enum kf_err
feed_key_was_here(struct db *db, const struct feed_scope *scope, const char *id) KF_MUST_CHECK;

#endif
