/* The state behind isolate_nft, shared by its parts only: what we were told, what we saw, what
 * the kernel holds. The sets are always computed whole from the first two. */
#ifndef AGENT_ISOLATE_NFT_H
#define AGENT_ISOLATE_NFT_H

#include "ap-agent/isolate.h"
#include "ap-agent/isolate_nft_links.h"
#include "ap-agent/isolate_nft_sets.h"
#include "ap-agent/peers.h"
#include "common/text.h"

#define NFT_LIMBO "kf-none" /* the bridge where hostapd puts a new port; no uplink */
#define NFT_VLANS_MAX 4094
#define NFT_OWN_MAX 8192
#define NFT_SESSIONS_MAX 65536

struct nft_vlan {
	struct feed_vlan v;
	uint8_t gateway_mac[FEED_GATEWAYS_MAX][6];
	bool known[FEED_GATEWAYS_MAX];
};

struct nft_own {
	struct station sta;
	struct place at;
	bool forged;	 /* told, and out of every set */
	bool stuck_told; /* its port stays in NFT_LIMBO */
};

struct nft {
	char netns[64], uplink[16], path[128];
	uint8_t agent_id[16];
	void (*event)(void *arg, const struct isolate_event *ev);
	void *arg;

	struct links links;
	struct nft_sets sets;
	int packet_fd, timer_fd;
	unsigned ticks;

	struct nft_vlan *vlan;
	size_t vlans;
	bool have_vlans;     /* until the first list the kernel's state is left as we found it */
	struct kf_buf rules; /* the text that is loaded */
	struct nft_own *own;
	size_t owns, own_cap;
	struct feed_session *ses;
	size_t sess;
	uint8_t (*conflict)[6]; /* told, sorted */
	size_t conflicts;
	bool dirty;	     /* the kernel does not hold yet what it should */
	unsigned links_seen; /* links.changes at the last settling */
};

/* isolate_nft_want.c: pure functions of the state. */

/* Is it a bridge of ours: NFT_LIMBO or br<1..4094>? *vid: the number, 0 for NFT_LIMBO. */
bool nft_bridge_vid(const char *name, uint16_t *vid);
/* Is a joined station on the port of that name? */
bool nft_port_joined(const struct nft *n, const char *name);
/* The VLAN whose bridge the interface is in; 0 for none or NFT_LIMBO. */
uint16_t nft_link_vid(const struct nft *n, const struct link *l);
struct nft_vlan *nft_vlan_of(const struct nft *n, uint16_t vid); /* NULL: not of the site */
/* "<uplink>" or "<uplink>.<vid>", and where it is in a bridge of ours. */
bool nft_is_uplink(const struct nft *n, const struct link *l);
bool nft_is_forbidden(const struct nft *n, const uint8_t mac[6]);
bool nft_is_station(const struct nft *n, const uint8_t mac[6]); /* live anywhere on the site */
/* All sets as they should be, sorted, and the peers they were made of; both owned by the
 * caller, also on error. KF_ENOMEM, KF_ELIMIT. */
enum kf_err
nft_want(const struct nft *n, struct nft_elems want[SET__MAX], struct peers *peers) KF_MUST_CHECK;
/* An element's comment in SET_OWN, and back from it. KF_EINVAL: not one of ours. */
void nft_note(const struct nft_own *own, char note[NFT_NOTE_MAX]);
enum kf_err nft_note_read(const struct nft_elem *elem, struct nft_own *own) KF_MUST_CHECK;

/* isolate_nft_ports.c */

/* Moves every joined port that waits in NFT_LIMBO (or up and in no bridge) into its br<vlan>,
 * made where it is missing. One that cannot be moved stays, and an event says why, once. */
void nft_ports_place(struct nft *n);
/* A port that no joined station is on goes back into NFT_LIMBO: a station that is still associated
 * there, its key revoked, is not to hear what the wire sends to everybody. "" or a port that is
 * gone already: nothing to do. */
void nft_port_vacate(struct nft *n, const char port[16]);
/* Makes the bridge of each of the site's VLANs that lacks one; says in the log what fails. */
void nft_ports_bridges(struct nft *n);

#endif
