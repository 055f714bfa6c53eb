/* A maker's way to ask "whose key made this MIC?" and to be told. The server knows only this. */
#ifndef AGENT_RADIUS_DIALECT_H
#define AGENT_RADIUS_DIALECT_H

#include "ap-agent/radius/codec.h"
#include "common/feed.h"
#include "common/match/match.h"

struct radius_ask {
	uint8_t mac[6], bss[6];
	struct feed_ssid ssid;
	enum eapol_why why; /* EAPOL_FINE: hs is set; else why no key can be looked for */
	struct handshake hs;
	struct kf_hash
	    print; /* of all that the answer depends on: the same ask again has the same */
};

struct radius_grant {
	const struct feed_key *key;
	uint16_t tunnel;    /* for Tunnel-Private-Group-Id: VLAN or slot; 0 = leave it out */
	uint32_t session_s; /* seconds until the key ends; 0 = never */
	uint16_t salt;	    /* random */
};

struct radius_dialect {
	const char *name;
	/* KF_ENOENT: the request is not of this dialect; KF_EINVAL: malformed, drop it. What a
	 * station said wrongly is no such fault: it comes back in ask->why. */
	enum kf_err (*read)(const struct radius_packet *pkt, struct radius_ask *ask);
	/* Adds what this maker's AP needs to let the station in. */
	void (*accept)(struct radius_reply *reply, const struct radius_packet *req,
	    struct kf_span secret, const struct radius_grant *grant);
};

#endif
