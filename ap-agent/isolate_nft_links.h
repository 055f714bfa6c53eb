/* Network interfaces: a table of all of them, kept by netlink events, and the few changes the
 * isolation makes (bridges, 802.1Q devices, moving a port). */
#ifndef AGENT_ISOLATE_NFT_LINKS_H
#define AGENT_ISOLATE_NFT_LINKS_H

#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINKS_MAX 16384

struct link {
	int index, master; /* master 0: in no bridge */
	bool up;
	char name[16];
	uint8_t mac[6];
};

struct links {
	struct mnl_socket *req, *ev;
	uint32_t seq;
	struct link *v;
	size_t n, cap;
	unsigned changes; /* counts what changed in the table */
};

/* Two NETLINK_ROUTE sockets of one namespace, owned from now on; reads the table. KF_EIO,
 * KF_ENOMEM, KF_ELIMIT more than LINKS_MAX interfaces. */
enum kf_err links_open(struct links *links, int req_fd, int ev_fd) KF_MUST_CHECK;
void links_close(struct links *links);
int links_fd(const struct links *links); /* readable: call links_ready */
/* Takes in all waiting events; never blocks on them. */
enum kf_err links_ready(struct links *links) KF_MUST_CHECK;

/* Borrowed until the next change; NULL when there is none. */
const struct link *links_by_name(const struct links *links, const char *name);
const struct link *links_by_index(const struct links *links, int index);

/* Each is one request; the table knows the result at once. KF_EIO: the kernel refused, *error
 * says why (errno); nothing was changed. */
enum kf_err links_make_bridge(struct links *links, const char *name, int *error) KF_MUST_CHECK;
enum kf_err links_make_vlan(struct links *links, const struct link *parent, uint16_t vid,
    const char *name, int *error) KF_MUST_CHECK;
enum kf_err links_set_master(struct links *links, int index, int master, int *error) KF_MUST_CHECK;

#endif
