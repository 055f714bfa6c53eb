/* The stations on the air: our own, and those of the site's other agents as the portal tells. And
 * what happened last to a MAC, for `keyfob-agent why`. */
#ifndef AGENT_ROSTER_H
#define AGENT_ROSTER_H

#include "common/feed_codec.h"

#define ROSTER_OWN_MAX 3500 /* fits one message of events */
#define ROSTER_SITE_MAX 65536
#define ROSTER_WHY_MAX 1024
#define ROSTER_WHY_LEN 119

struct own {
	uint8_t mac[6], bss[6], key[16];
	uint32_t group;
	uint16_t vlan, slot;
	int64_t since;
	bool asked; /* it is elsewhere in another group, and we said that it is here still */
};

struct roster;

struct roster *roster_new(void); /* NULL: no memory */
void roster_free(struct roster **r);

/* Our own. Borrowed until the next put or drop. */
struct own *roster_find(struct roster *r, const uint8_t mac[6], const uint8_t bss[6]);
/* The same station again replaces. KF_ELIMIT: ROSTER_OWN_MAX. */
enum kf_err roster_put(struct roster *r, const struct own *own) KF_MUST_CHECK;
void roster_drop(struct roster *r, const struct own *own);
size_t roster_count(const struct roster *r);
struct own *roster_at(struct roster *r, size_t i); /* i < roster_count */

/* The site's list: a message of the sessions stream, and then the list itself (borrowed). A
 * malformed message changes nothing: KF_EINVAL. */
enum kf_err
roster_take(struct roster *r, struct kf_span msg, struct feed_sessions_head *head) KF_MUST_CHECK;
const struct feed_session *roster_site(const struct roster *r, size_t *n);

/* What happened to a MAC last. */
void roster_note(struct roster *r, const uint8_t mac[6], int64_t now, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* NULL: nothing known. Borrowed until the next note. */
const char *roster_why(const struct roster *r, const uint8_t mac[6], int64_t *at);

#endif
