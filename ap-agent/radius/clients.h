/* Who may ask, and how many fruitless scans each may cost. */
#ifndef AGENT_RADIUS_CLIENTS_H
#define AGENT_RADIUS_CLIENTS_H

#include "ap-agent/radius/server.h"

#include <sys/socket.h>

/* A scan that finds nothing costs one token a key. Anyone in range can send messages 2 made of
 * junk; with this budget they take at most about half of one core, a client at a time. */
#define RADIUS_SCAN_RATE 200000	  /* tokens a second */
#define RADIUS_SCAN_BURST 1000000 /* the most that is saved up */

struct client {
	struct radius_client conf;
	int64_t tokens, filled_ms; /* as of filled_ms, on the monotonic clock */
};

struct clients;

/* Copies. KF_EINVAL: none, more than RADIUS_CLIENTS_MAX, a bad prefix or an empty secret. */
enum kf_err
clients_new(const struct radius_client *conf, size_t n, struct clients **out) KF_MUST_CHECK;
void clients_free(struct clients **clients); /* wipes the secrets */

/* The client with the longest prefix around the address; NULL: unknown. IPv4 in IPv6 clothes
 * (::ffff:a.b.c.d) is IPv4. Borrowed. */
struct client *clients_find(struct clients *clients, const struct sockaddr_storage *from);
struct kf_span client_secret(const struct client *client); /* borrowed */

/* May the client make us scan? A scan may overdraw, so that a ring larger than the burst is
 * still served. */
bool client_may_scan(struct client *client, int64_t now_ms);
void client_charge(struct client *client, uint32_t candidates);

#endif
