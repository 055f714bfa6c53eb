/* The wire form of what portal and agent tell each other: small, binary, strict.
 *
 *	message = 'K' 'F' version(1) type(1) head record*	all integers are big endian
 *	record  = kind(1) length(4) body			a kind that is not known is skipped
 *	text    = length(1) UTF-8 without control characters;	SSID = length(1) 1..32 bytes
 *
 * type                 head                                 records
 * DELTA, SNAPSHOT      rev(8) chain(32) set(32)             SITE WLAN VLAN ROLE KEY, GONE
 * SESSIONS, CHANGES    epoch(8) n(8) want_full(1)           ON, OFF
 * EVENTS               seq(8) full(1)                       MATCH .. STUCK, COUNTERS
 * ACK                  seq(8) want_full(1)                  none
 *
 * SITE..KEY start with id(16) rev(8): the thing's id and the revision that changed it last. `set`
 * is the SHA-256 of kind(1) id(16) rev(8) of everything the agent then holds, in ascending order:
 * both ends can tell that they hold the same without the portal opening one sealed key.
 * A reader takes a whole message or nothing: rd.bad is checked after the last record. */
#ifndef COMMON_FEED_CODEC_H
#define COMMON_FEED_CODEC_H

#include "common/feed.h"
#include "common/text.h"

#define FEED_VERSION 1
#define FEED_BODY_MAX (48UL << 20) /* a snapshot of KF_RING_MAX keys takes less than half */
#define FEED_EVENTS_MAX 4096	   /* events in one message */
#define FEED_EVENTS_BODY_MAX (480UL << 10)
#define FEED_GROUP_MIN 2U
#define FEED_GROUP_MAX 16777200U
#define FEED_NOTE_MAX 31
#define FEED_WAIT_S 55	 /* how long a poll may wait for news */
#define FEED_SILENT_S 70 /* an agent not heard for so long has no live stations */

enum feed_type {
	FEED_DELTA = 1,
	FEED_SNAPSHOT,
	FEED_SESSIONS, /* the whole list */
	FEED_CHANGES,  /* what changed in it */
	FEED_EVENTS,
	FEED_ACK,
	FEED_ENROLL, /* common/feed_enroll.h */
	FEED_ENROLLED,
	FEED_RENEWED
};

enum feed_kind { FEED_SITE = 1, FEED_WLAN, FEED_VLAN, FEED_ROLE, FEED_KEY };

/* One thing of the feed. Holds a PMK when kind is FEED_KEY: wipe it. */
struct feed_item {
	enum feed_kind kind;
	bool gone; /* only kind and id count */
	uint8_t id[16];
	uint64_t rev;
	union {
		struct feed_site site;
		struct feed_wlan wlan;
		struct feed_vlan vlan;
		struct feed_role role;
		struct feed_key key;
	} u;
	struct kf_span raw; /* the record as read, borrowed */
};

struct feed_head {
	enum feed_type type; /* FEED_DELTA or FEED_SNAPSHOT */
	uint64_t rev;
	struct kf_hash chain, set;
};

struct feed_sessions_head {
	enum feed_type type; /* FEED_SESSIONS or FEED_CHANGES */
	uint64_t epoch, n;
	bool want_full; /* the portal does not know this agent's stations: send all */
};

enum feed_event_kind {
	FEED_EV_MATCH = 32, /* a handshake gave this key */
	FEED_EV_MISS,	    /* ... gave none */
	FEED_EV_JOIN,	    /* a station is on the air */
	FEED_EV_LEAVE,
	FEED_EV_STILL,	  /* asked by the list (the MAC is elsewhere too): it is still here */
	FEED_EV_FORGED,	  /* a station's MAC is a gateway's, a wired host's or the AP's own */
	FEED_EV_CONFLICT, /* a MAC lives in two groups */
	FEED_EV_STUCK	  /* a port could not be moved to its bridge: note names it */
};

/* What does not apply is zero. */
struct feed_event {
	enum feed_event_kind kind;
	int64_t at; /* seconds since 1970, the agent's clock; JOIN: on the air since */
	uint8_t key[16], bss[6], mac[6];
	uint32_t group;
	uint16_t vlan;
	uint8_t akm;
	uint32_t candidates, microseconds;
	char note[FEED_NOTE_MAX + 1];
};

/* Since the agent's start. */
struct feed_counters {
	uint64_t accepts, rejects, dropped, acct, keys;
};

struct feed_events_head {
	uint64_t seq; /* of this message; one more with each, 0 = only asks for the last one */
	bool full;    /* its JOINs are all of the agent's stations */
};

struct feed_ack {
	uint64_t seq; /* the last message that was taken */
	bool want_full;
};

/* Does kf_wipe on what may hold a secret. */
void feed_item_wipe(struct feed_item *it);

/* --- things ---------------------------------------------------------------------------------- */
void feed_put_head(struct kf_buf *b, const struct feed_head *head);
/* it->id is what counts; the id inside u is set by the reader. Names must be clean text that fits.
 */
void feed_put_item(struct kf_buf *b, const struct feed_item *it);
/* Starts reading. KF_EINVAL: not such a message. */
enum kf_err
feed_read_head(struct kf_span msg, struct feed_head *head, struct kf_rd *rd) KF_MUST_CHECK;
/* The next thing; false at the end or when rd->bad (malformed: take nothing of the message). */
bool feed_next_item(struct kf_rd *rd, struct feed_item *it) KF_MUST_CHECK;

/* One line of `set`, in the order in which things are sorted: memcmp of these 25 bytes. */
#define FEED_SET_LINE 25
void
feed_set_line(enum feed_kind kind, const uint8_t id[16], uint64_t rev, uint8_t out[FEED_SET_LINE]);

/* --- live stations --------------------------------------------------------------------------- */
void feed_put_sessions_head(struct kf_buf *b, const struct feed_sessions_head *head);
void feed_put_session(struct kf_buf *b, const struct feed_session *s, bool on);
enum kf_err feed_read_sessions_head(
    struct kf_span msg, struct feed_sessions_head *head, struct kf_rd *rd) KF_MUST_CHECK;
bool feed_next_session(struct kf_rd *rd, struct feed_session *s, bool *on) KF_MUST_CHECK;

/* --- events ---------------------------------------------------------------------------------- */
void feed_put_events_head(struct kf_buf *b, const struct feed_events_head *head);
void feed_put_event(struct kf_buf *b, const struct feed_event *ev);
void feed_put_counters(struct kf_buf *b, const struct feed_counters *c);
enum kf_err feed_read_events_head(
    struct kf_span msg, struct feed_events_head *head, struct kf_rd *rd) KF_MUST_CHECK;
/* The next event. Counters on the way are copied to *c. */
bool
feed_next_event(struct kf_rd *rd, struct feed_event *ev, struct feed_counters *c) KF_MUST_CHECK;
void feed_put_ack(struct kf_buf *b, const struct feed_ack *ack);
enum kf_err feed_read_ack(struct kf_span msg, struct feed_ack *ack) KF_MUST_CHECK;

/* --- for feed_enroll.c ----------------------------------------------------------------------- */
void feed_put_magic(struct kf_buf *b, enum feed_type type);
/* The message's type; 0 when it is not ours (and rd->bad). */
unsigned feed_take_magic(struct kf_rd *rd);

#endif
