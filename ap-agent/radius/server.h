/* The agent's RADIUS server over UDP: authentication (the hostapd >= 2.11 question "whose key
 * made this MIC?") and accounting. One thread, no blocking; the caller polls the sockets.
 * RFC 2865, 2866, 2868, 2869, 3579, 5997, 6929; what happened goes out by struct radius_events. */
#ifndef AGENT_RADIUS_SERVER_H
#define AGENT_RADIUS_SERVER_H

#include "ap-agent/keyring.h"
#include "ap-agent/station.h"
#include "common/env.h"
#include "common/err.h"
#include "common/feed.h"
#include "common/match/match.h"

#define RADIUS_CLIENTS_MAX 1024
#define RADIUS_SECRET_MAX 128
#define RADIUS_CLIENT_NAME_MAX 63
#define RADIUS_SESSION_MAX 64
#define RADIUS_SOCKETS_MAX 8
#define RADIUS_WAITING_MAX 16 /* requests that wait for a scan */
#define RADIUS_DRAIN_MAX 256  /* packets taken between two scans */

/* One line of the agent's configuration: who may ask. The longest prefix wins. */
struct radius_client {
	struct feed_addr net;
	char name[RADIUS_CLIENT_NAME_MAX + 1];
	uint8_t secret[RADIUS_SECRET_MAX];
	size_t secret_len; /* 1..RADIUS_SECRET_MAX */
	/* RFC 3579 3.2 on Access-Requests. Off only for an AP that cannot send it: then a man
	 * in the middle can forge our answers (CVE-2024-3596). */
	bool require_message_authenticator;
};

enum radius_vlan_attr {
	RADIUS_VLAN_ATTR_VLAN, /* Tunnel-Private-Group-Id carries the VLAN: the default */
	RADIUS_VLAN_ATTR_SLOT  /* ... the slot: only for the hostapd on the agent's own host */
};

struct radius_match {
	const struct feed_key *key; /* borrowed for the call */
	uint8_t mac[6], bss[6];
	enum wpa_akm akm;
	uint32_t candidates;   /* PMKs tried: 1, or at most so many */
	uint32_t microseconds; /* spent on trying */
	uint16_t slot;	       /* told to the AP; 0 unless vlan_attr = slot */
	const char *client;
};

struct radius_miss {
	struct feed_ssid ssid;
	uint8_t mac[6], bss[6];
	enum wpa_akm akm; /* 0 when refused */
	uint32_t candidates, microseconds;
	enum eapol_why why; /* EAPOL_FINE: no key fits; else why none was looked for */
	const char *client;
};

enum radius_acct_kind { /* Acct-Status-Type, RFC 2866 5.1 */
	RADIUS_ACCT_START = 1,
	RADIUS_ACCT_STOP = 2,
	RADIUS_ACCT_INTERIM = 3,
	RADIUS_ACCT_ON = 7,
	RADIUS_ACCT_OFF = 8
};

struct radius_acct {
	enum radius_acct_kind kind;
	bool has_mac, has_bss, has_key;
	uint8_t mac[6], bss[6];
	struct feed_ssid ssid;		      /* n = 0: not said */
	uint8_t key_id[16];		      /* from Class, else Chargeable-User-Identity */
	char session[RADIUS_SESSION_MAX + 1]; /* Acct-Session-Id, printable */
	uint64_t in_bytes, out_bytes;	      /* from the station, to the station */
	uint32_t duration_s, terminate_cause, delay_s;
	const char *client;
};

/* What the server tells and asks. All may be NULL. Called from radius_server_ready. */
struct radius_events {
	void (*on_match)(void *arg, const struct radius_match *m);
	void (*on_miss)(void *arg, const struct radius_miss *m);
	/* KF_OK: recorded, the AP gets its Accounting-Response. Anything else: no answer, it
	 * will send again. An identical duplicate does not come here twice. */
	enum kf_err (*on_acct)(void *arg, const struct radius_acct *a);
	/* The slot of (group, vlan) on the BSS; 0: none is free, the request is rejected. */
	uint16_t (*slot)(void *arg, uint32_t group, uint16_t vlan, const uint8_t bss[6]);
	void *arg;
};

struct radius_conf {
	const struct radius_client *client; /* copied */
	size_t clients;
	enum radius_vlan_attr vlan_attr;
	const struct kf_env *env;	/* borrowed */
	struct station_cache *stations; /* borrowed */
	struct radius_events events;
};

struct radius_counters {
	uint64_t requests, accepts, rejects, acct, status;
	uint64_t duplicates;	 /* answered with the same bytes again */
	uint64_t unknown_client; /* dropped, as all below */
	uint64_t malformed;
	uint64_t no_authenticator, bad_authenticator;
	uint64_t unexpected; /* a code we do not serve on that port */
	uint64_t limited;    /* over a client's budget of fruitless scans */
	uint64_t failed;     /* not recorded, no memory, no randomness */
};

struct radius_server;

/* KF_EINVAL: no client, one without secret, or more than RADIUS_CLIENTS_MAX; KF_ENOMEM. */
enum kf_err
radius_server_new(const struct radius_conf *conf, struct radius_server **out) KF_MUST_CHECK;
void radius_server_free(struct radius_server **srv); /* closes its sockets, wipes secrets */

/* Opens a UDP socket for authentication on addr:port and one for accounting on port + 1.
 * addr: an IPv4 or IPv6 address, its bits ignored. port: 1..65534.
 * KF_EIO: cannot bind (said in the log); KF_ELIMIT: RADIUS_SOCKETS_MAX is reached. */
enum kf_err radius_server_listen(
    struct radius_server *srv, const struct feed_addr *addr, uint16_t port) KF_MUST_CHECK;
/* Takes over a bound UDP socket; it is made non-blocking. KF_ELIMIT, KF_EIO. */
enum kf_err radius_server_adopt(struct radius_server *srv, int fd, bool accounting) KF_MUST_CHECK;
/* The sockets to poll for reading: at most max, returns how many. */
size_t radius_server_fds(const struct radius_server *srv, int *fd, size_t max);

/* The keys to answer from: borrowed until the next call. NULL: none, everything is rejected.
 * Call it at every swap: what was rejected before may be accepted now. */
void radius_server_keys(struct radius_server *srv, const struct keyring *ring);

/* Answers what waits on fd, stations known to the cache before those that need a scan. Never
 * blocks; takes the time of at most 2 * RADIUS_WAITING_MAX scans. A socket that is not readable
 * is fine. */
void radius_server_ready(struct radius_server *srv, int fd);

const struct radius_counters *radius_server_counters(const struct radius_server *srv);

#endif
