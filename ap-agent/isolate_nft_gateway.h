/* Where the gateways are: their MACs, from ARP and neighbour discovery heard on the uplink. */
#ifndef AGENT_ISOLATE_NFT_GATEWAY_H
#define AGENT_ISOLATE_NFT_GATEWAY_H

#include "common/feed.h"

#define GATEWAY_FRAME_MAX 128 /* enough of a frame to parse, and all of one we send */

/* An Ethernet frame without its VLAN tag says that an address is at a MAC: ARP of either kind,
 * neighbour advertisement (its target), neighbour solicitation or router advertisement (its
 * source). mac is the frame's own source; an ARP that claims another is refused.
 * KF_ENOENT: it says nothing; KF_EINVAL: cut short or lying. RFC 826; RFC 4861 4.2-4.4 */
enum kf_err
gateway_parse(struct kf_span frame, struct feed_addr *addr, uint8_t mac[6]) KF_MUST_CHECK;

/* A question that makes the gateway say where it is without telling an address of ours: an ARP
 * probe (RFC 5227 2.1.1), or a solicitation from :: (RFC 4862 5.4.2). Returns its length. */
size_t
gateway_probe(const struct feed_addr *addr, const uint8_t mac[6], uint8_t out[GATEWAY_FRAME_MAX]);

bool gateway_addr_eq(const struct feed_addr *a, const struct feed_addr *b); /* as hosts */

/* Sets up a packet socket for what gateway_parse reads: incoming frames of all interfaces. KF_EIO.
 */
enum kf_err gateway_listen(int fd) KF_MUST_CHECK;
/* The next such frame and the interface it came in by. One that still has its VLAN tag is
 * passed over: it comes again, without, by the VLAN's own interface. KF_EAGAIN: none waits. */
enum kf_err
gateway_next(int fd, uint8_t buf[GATEWAY_FRAME_MAX], size_t *n, int *ifindex) KF_MUST_CHECK;
/* Sends a frame out of an interface. KF_EIO. */
enum kf_err gateway_send(int fd, int ifindex, struct kf_span frame) KF_MUST_CHECK;

#endif
