/* The elements of the table's sets: built whole in memory, told to the kernel as differences. */
#ifndef AGENT_ISOLATE_NFT_SETS_H
#define AGENT_ISOLATE_NFT_SETS_H

#include "ap-agent/isolate_nft_rules.h"
#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NFT_KEY_MAX 24	/* the kernel's layout: MAC padded to 8, then interface name of 16 */
#define NFT_NOTE_MAX 64 /* an element's comment, with its NUL */

struct nft_elem {
	uint8_t key[NFT_KEY_MAX];
	char note[NFT_NOTE_MAX];
};

/* Zero-initialise to start. Failure latches in bad. */
struct nft_elems {
	struct nft_elem *v;
	size_t n, cap;
	bool bad;
};

/* mac or port is NULL where the set has none; note NULL: no comment. Appends. */
void nft_elems_add(struct nft_elems *list, const uint8_t *mac, const char *port, const char *note);
void nft_elems_sort(struct nft_elems *list); /* and each key once; needed before the diff */
void nft_elems_free(struct nft_elems *list);
/* The elements of a that b lacks (a changed comment counts), both sorted. Appends to out. */
void nft_elems_minus(const struct nft_elems *a, const struct nft_elems *b, struct nft_elems *out);

struct nft_sets {
	struct mnl_socket *nl;
	uint32_t seq;
	struct nft_elems have[SET__MAX]; /* what the kernel holds, as far as we know */
};

/* fd: a NETLINK_NETFILTER socket, owned from now on. KF_EIO, KF_ENOMEM. */
enum kf_err nft_sets_open(struct nft_sets *sets, int fd) KF_MUST_CHECK;
void nft_sets_close(struct nft_sets *sets);
/* Reads what the kernel really holds into have. KF_ENOENT: the table or a set is missing. */
enum kf_err nft_sets_read(struct nft_sets *sets) KF_MUST_CHECK;
/* KF_ENOENT: the table is gone (somebody's "nft flush ruleset"). KF_EIO. */
enum kf_err nft_sets_check(struct nft_sets *sets) KF_MUST_CHECK;
/* Makes the kernel hold want (SET__MAX sorted lists, taken over on success): all deletions
 * first, then all additions, in one transaction unless that is over 1 MB. Nothing is sent
 * when nothing differs. KF_ESTALE: the kernel's sets are not what we believed: read again;
 * KF_EIO; KF_ENOMEM. */
enum kf_err nft_sets_write(struct nft_sets *sets, struct nft_elems *want) KF_MUST_CHECK;

#endif
