/* How a station is put into its private network. One implementation drives nftables and netlink
 * (isolate_nft), one only remembers (isolate_dummy). Everything is called from the agent's one
 * thread; nothing blocks longer than one netlink round trip. */
#ifndef AGENT_ISOLATE_H
#define AGENT_ISOLATE_H

#include "common/err.h"
#include "common/feed.h"

#include <stdbool.h>
#include <stdint.h>

struct station {
	uint8_t mac[6];
	uint8_t bss[6];
};

struct place {
	uint16_t vlan;	/* 802.1Q id of the wired side, 1..4094 */
	uint32_t group; /* the private network */
	uint16_t slot;	/* this agent's number for (group, vlan) on the BSS; 0 = none */
	char port[16];	/* the interface that carries the station; "" = no port of ours */
};

/* What happened below, told by ops->ready; the caller turns it into an event for the portal. */
enum isolate_event_kind {
	ISOLATE_MAC_FORGED,   /* the station's MAC is a gateway's, a wired host's or our own */
	ISOLATE_MAC_CONFLICT, /* live in two groups: in no peer set until one is gone */
	ISOLATE_PORT_STUCK    /* the kernel refused to move the port: it stays in kf-none */
};

struct isolate_event {
	enum isolate_event_kind kind;
	uint8_t mac[6];
	char port[16];
	const char *why; /* one clause for the log and the portal; static, never NULL */
};

struct isolate_conf {
	const char *netns;	 /* name below /run/netns where the AP's ports live; NULL = here */
	const char *uplink;	 /* the wired interface */
	const uint8_t *agent_id; /* 16 bytes: sessions of this id are our own */
	const char *nft;	 /* path of nft(8) */
	void (*event)(void *arg, const struct isolate_event *ev);
	void *arg;
};

typedef void isolate_each_fn(void *arg, const struct station *sta, const struct place *at);

struct isolate_ops {
	const char *name;
	/* Loads the table, fail-closed, before any port exists. *ctx is owned, freed by close. */
	enum kf_err (*open)(const struct isolate_conf *conf, void **ctx);
	/* The site's VLANs, the whole list; replaces the one before. Borrowed for the call. */
	enum kf_err (*vlans)(void *ctx, const struct feed_vlan *vlan, size_t n);
	/* A station of our own is on the air / has left. join again moves it; its port may come
	 * before or after. KF_EDENIED: its MAC is forged, put it off the air (ISOLATE_MAC_FORGED
	 * says the same of one that is found out later). Another error: it is remembered, stays
	 * closed and is tried again by ready within a second; so for sessions. */
	enum kf_err (*join)(void *ctx, const struct station *sta, const struct place *at);
	enum kf_err (*leave)(void *ctx, const struct station *sta);
	/* The live sessions of the site, the whole list, our own among them or not. */
	enum kf_err (*sessions)(void *ctx, const struct feed_session *ses, size_t n);
	/* Every station that is in its place now. After open these are the ones an agent before
	 * us left in the kernel (its rules outlive it): tell join or leave for each of them. */
	void (*each)(void *ctx, isolate_each_fn *fn, void *arg);
	/* Netlink sockets to poll for reading (at most max, returns how many) and what to do
	 * when one is readable. */
	size_t (*fds)(void *ctx, int *fd, size_t max);
	enum kf_err (*ready)(void *ctx);
	void (*close)(void **ctx);
};

extern const struct isolate_ops isolate_nft, isolate_dummy;

#endif
