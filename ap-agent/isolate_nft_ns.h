/* Work in another network namespace while the process itself stays in its own. */
#ifndef AGENT_ISOLATE_NFT_NS_H
#define AGENT_ISOLATE_NFT_NS_H

#include "common/err.h"
#include "common/span.h"

struct ns_socket {
	int domain, type, protocol;
	int fd; /* result; the caller closes it */
};

/* Opens n sockets in the namespace /run/netns/NAME (NULL or "": the process's own).
 * KF_ENOENT: no such namespace; KF_EIO: not permitted or no such protocol. All or none. */
enum kf_err ns_sockets(const char *netns, struct ns_socket *sock, size_t n) KF_MUST_CHECK;

/* Runs "path -f -" (nft) there with the text on its standard input and waits for its end.
 * KF_EINVAL: it refused the text (what it said is logged); KF_ENOENT: no namespace or no
 * program; KF_EIO. */
enum kf_err ns_nft(const char *netns, const char *path, struct kf_span text) KF_MUST_CHECK;

#endif
