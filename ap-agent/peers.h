/* Who may talk to whom in a site's private networks: a pure function of its live stations. */
#ifndef AGENT_PEERS_H
#define AGENT_PEERS_H

#include "common/err.h"

#include <stddef.h>
#include <stdint.h>

#define PEERS_MAX (1U << 18) /* pairs an AP holds at most */

/* A live station. port: the interface of this AP that carries it, "" when another AP does. */
struct peers_member {
	uint8_t mac[6];
	uint16_t vlan;
	uint32_t group;
	char port[16];
};

/* Frames from mac may leave by port. */
struct peers_pair {
	uint8_t mac[6];
	char port[16];
};

struct peers {
	struct peers_pair *pair; /* sorted by mac, port; each once */
	size_t pairs;
	uint8_t (*conflict)[6]; /* MACs live in two groups, sorted, each once */
	size_t conflicts;
};

/* For each port: every station of its (group, VLAN) that is not on that port itself (there the
 * radio forwards). A MAC that is live in two groups, in whatever VLANs, is in no pair: nobody
 * can say which of the two sent a frame. A port with stations of two networks is in no pair.
 * out: owned, free with peers_release; untouched on error.
 * KF_ELIMIT: more than PEERS_MAX pairs; KF_ENOMEM. Cost: sorts n members, then the pairs. */
enum kf_err
peers_compute(const struct peers_member *member, size_t n, struct peers *out) KF_MUST_CHECK;
void peers_release(struct peers *peers);

#endif
