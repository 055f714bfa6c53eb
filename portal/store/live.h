/* live.db: who is on the air right now, at every site. A file of its own, since it changes all the
 * time and nothing in it was promised to anybody: not synced, thrown away at each start of the
 * feed role. Each change takes the next number n of the file's epoch. */
#ifndef STORE_LIVE_H
#define STORE_LIVE_H

#include "common/feed_codec.h"
#include "portal/store/db.h"

struct live_point {
	uint64_t epoch, n; /* epoch: when this file was made, in milliseconds since 1970 */
};

/* Opens or makes the file. now_ms: the epoch if it is made. */
enum kf_err live_db_open(const char *path, int64_t now_ms, struct db **out) KF_MUST_CHECK;
/* Opens it for a look, for whoever is not the feed role: close it again soon, since the feed role
 * throws the file away when it starts. KF_ENOENT: there is none. Cost: 1 ms. */
enum kf_err live_db_peek(const char *path, struct db **out) KF_MUST_CHECK;

enum kf_err live_point(struct db *db, struct live_point *out) KF_MUST_CHECK;
/* What the changes of one transaction carry. */
struct live_step {
	uint64_t n;
	int64_t at; /* seconds since 1970 */
};
/* Inside a transaction. */
enum kf_err live_step(struct db *db, int64_t now, struct live_step *out) KF_MUST_CHECK;

/* Changes up to floor are forgotten: a reader that has seen less starts over. */
enum kf_err live_floor(struct db *db, uint64_t *floor) KF_MUST_CHECK;

/* --- agents --- */
struct live_agent {
	int64_t heard; /* seconds; 0 = never */
	bool full;     /* its stations are all known */
	uint64_t seq;  /* the last message of events that was taken */
};
/* All zero when it was never heard. */
enum kf_err
live_agent_get(struct db *db, const uint8_t agent[16], struct live_agent *out) KF_MUST_CHECK;
enum kf_err
live_agent_put(struct db *db, const uint8_t agent[16], const struct live_agent *a) KF_MUST_CHECK;
/* Calls each with every agent whose stations are known, but who was not heard since. */
enum kf_err live_agents_silent(struct db *db, int64_t since,
    enum kf_err (*each)(void *arg, const uint8_t agent[16]), void *arg) KF_MUST_CHECK;

/* --- stations; every change inside a transaction, after live_step --- */
enum kf_err live_put(struct db *db, const char *site, const struct feed_session *s,
    const struct live_step *st) KF_MUST_CHECK;
/* Twice is not an error. */
enum kf_err live_leave(struct db *db, const uint8_t agent[16], const uint8_t bss[6],
    const uint8_t mac[6], const struct live_step *st) KF_MUST_CHECK;
/* All of this agent's stations but those that this step has put. */
enum kf_err
live_leave_others(struct db *db, const uint8_t agent[16], const struct live_step *st) KF_MUST_CHECK;
/* The same MAC and group at the site anywhere else: it has roamed. */
enum kf_err live_roam(struct db *db, const char *site, const struct feed_session *s,
    const struct live_step *st) KF_MUST_CHECK;
/* KF_OK: the same MAC and group is elsewhere at the site, and came there later. KF_ENOENT: no. */
enum kf_err live_newer(struct db *db, const char *site, const struct feed_session *s) KF_MUST_CHECK;
/* Forgets stations that left before; raises the floor to what was forgotten. */
enum kf_err live_forget(struct db *db, int64_t left_before) KF_MUST_CHECK;
/* Calls each with the site's changes after n; n = 0: with all that are on the air. */
enum kf_err live_each(struct db *db, const char *site, uint64_t n,
    enum kf_err (*each)(void *arg, const struct feed_session *s, bool on), void *arg) KF_MUST_CHECK;
/* Calls each with the stations of one private group that are on the air, the last to join first;
 * at most 256. */
enum kf_err live_of_group(struct db *db, uint32_t group,
    enum kf_err (*each)(void *arg, const struct feed_session *s, bool on), void *arg) KF_MUST_CHECK;

#endif
