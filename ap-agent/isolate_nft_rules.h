/* The text of the bridge table "keyfob" for nft(8). Pure. */
#ifndef AGENT_ISOLATE_NFT_RULES_H
#define AGENT_ISOLATE_NFT_RULES_H

#include "common/feed.h"
#include "common/text.h"

#define NFT_TABLE "keyfob"

/* Its sets, all hashes filled over netlink (isolate_nft_sets.h). Those of a (MAC . port) bind a
 * frame's source to where it may come in (own, wired) or go out (peer). */
enum nft_set {
	SET_OWN,       /* (MAC . port) our stations, each on its own port; a comment says whose */
	SET_PEER,      /* (MAC . port) station of the site . out port of its own network */
	SET_WIRED,     /* (MAC . port) gateways and allowed wired hosts . the uplink they are on */
	SET_STATION,   /* (MAC) every station of the site */
	SET_FORBIDDEN, /* (MAC) gateways, wired hosts, ourselves: no station may be these */
	SET_GATEWAY,   /* (MAC) gateways: the detour rules look at frames to and from them */
	SET_UPLINK,    /* (port) the wired side of our bridges */
	SET_ANYHOST,   /* (port) uplinks of VLANs where any wired host may talk to stations */
	SET_FOREIGN,   /* (port) members of bridges that are none of ours: left alone */
	SET__MAX
};

enum nft_set_kind { SET_OF_MAC, SET_OF_PORT, SET_OF_MAC_PORT };

const char *nft_set_name(enum nft_set set);
enum nft_set_kind nft_set_kind(enum nft_set set);

/* Appends the whole script: the table and its sets where they are missing, every chain emptied
 * and filled again; nft applies it as one transaction, so no frame meets half of it. The
 * elements of the sets stay.
 * The detour rules are made from the prefixes and gateway addresses of all n VLANs. */
void nft_rules(const struct feed_vlan *vlan, size_t n, struct kf_buf *out);

#endif
