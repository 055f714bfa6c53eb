/* The server's UDP sockets: datagrams in, answers out by the way they came. */
#ifndef AGENT_RADIUS_WIRE_H
#define AGENT_RADIUS_WIRE_H

#include "ap-agent/radius/codec.h"
#include "common/feed.h"

#include <sys/socket.h>

struct wire_packet {
	struct sockaddr_storage from;
	socklen_t from_len;
	char from_text[56]; /* "192.0.2.1:4711", "[2001:db8::1]:4711" */
	/* Which of our addresses it was sent to, as the kernel told: the answer leaves from it,
	 * or the AP would not take it from a server that listens on all addresses. */
	_Alignas(struct cmsghdr) uint8_t control[64];
	size_t control_len;
	uint8_t b[RADIUS_LEN_MAX + 1];
	size_t n;
};

/* KF_EIO: said in the log. */
enum kf_err wire_bind(const struct feed_addr *addr, uint16_t port, int *fd) KF_MUST_CHECK;
/* Makes a bound socket non-blocking and asks for the address a datagram was sent to. KF_EIO */
enum kf_err wire_prepare(int fd) KF_MUST_CHECK;
/* KF_EAGAIN: nothing waits. */
enum kf_err wire_receive(int fd, struct wire_packet *out) KF_MUST_CHECK;
/* What cannot be sent is lost, as on any wire: the AP asks again. */
void wire_send(int fd, struct wire_packet *to, struct kf_span bytes);

#endif
