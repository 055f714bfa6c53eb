#include "ap-agent/radius/wire.h"

#include "common/log.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define RECEIVE_ROOM (1 << 20) /* a burst: all APs of a building after a power cut */

static socklen_t
sockaddr_of(const struct feed_addr *addr, uint16_t port, struct sockaddr_storage *out)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};

	memset(out, 0, sizeof(*out));
	if (addr->family == 4) {
		memcpy(&in.sin_addr, addr->b, 4);
		memcpy(out, &in, sizeof(in));
		return sizeof(in);
	}
	assert(addr->family == 6);
	memcpy(&in6.sin6_addr, addr->b, 16);
	memcpy(out, &in6, sizeof(in6));
	return sizeof(in6);
}

static void
from_text(struct wire_packet *p)
{
	char addr[INET6_ADDRSTRLEN] = "?";
	struct sockaddr_in6 in6;
	struct sockaddr_in in;
	int n = 0;

	if (p->from.ss_family == AF_INET) {
		memcpy(&in, &p->from, sizeof(in));
		if (inet_ntop(AF_INET, &in.sin_addr, addr, sizeof(addr)) != NULL)
			n = snprintf(p->from_text, sizeof(p->from_text), "%s:%u", addr,
			    (unsigned)ntohs(in.sin_port));
	} else if (p->from.ss_family == AF_INET6) {
		memcpy(&in6, &p->from, sizeof(in6));
		if (inet_ntop(AF_INET6, &in6.sin6_addr, addr, sizeof(addr)) != NULL)
			n = snprintf(p->from_text, sizeof(p->from_text), "[%s]:%u", addr,
			    (unsigned)ntohs(in6.sin6_port));
	}
	if (n <= 0 || (size_t)n >= sizeof(p->from_text))
		p->from_text[0] = '\0';
}

enum kf_err
wire_prepare(int fd)
{
	int flags = fcntl(fd, F_GETFL), on = 1, room = RECEIVE_ROOM;

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return KF_EIO;
	/* the kernel gives less where net.core.rmem_max says so */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	/* one of the two does not go with the socket's family: that is fine */
	(void)setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
	return KF_OK;
}

enum kf_err
wire_bind(const struct feed_addr *addr, uint16_t port, int *fd)
{
	struct wire_packet at = {0};
	socklen_t len = sockaddr_of(addr, port, &at.from);
	int on = 1, s = socket(at.from.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (s >= 0 &&
	    (addr->family == 4 || setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == 0) &&
	    bind(s, (const struct sockaddr *)&at.from, len) == 0) {
		*fd = s;
		return KF_OK;
	}
	from_text(&at);
	kf_log(LOGL_ERROR, "radius",
	    "cannot-listen=%s error=\"%s\": is another RADIUS server running, or is the address "
	    "not this host's?",
	    at.from_text, strerror(errno));
	if (s >= 0)
		close(s);
	return KF_EIO;
}

enum kf_err
wire_receive(int fd, struct wire_packet *out)
{
	struct iovec iov = {out->b, sizeof(out->b)};
	struct msghdr msg = {
	    .msg_name = &out->from,
	    .msg_namelen = sizeof(out->from),
	    .msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = out->control,
	    .msg_controllen = sizeof(out->control),
	};
	ssize_t n;

	memset(&out->from, 0, sizeof(out->from));
	do /* an ICMP error of an earlier answer comes up here: it is no datagram */
		n = recvmsg(fd, &msg, 0);
	while (n < 0 && (errno == EINTR || errno == ECONNREFUSED));
	if (n < 0)
		return KF_EAGAIN;
	out->n = (size_t)n;
	out->from_len = msg.msg_namelen;
	out->control_len = (msg.msg_flags & MSG_CTRUNC) != 0 ? 0 : msg.msg_controllen;
	from_text(out);
	return KF_OK;
}

void
wire_send(int fd, struct wire_packet *to, struct kf_span bytes)
{
	struct iovec iov = {(void *)(uintptr_t)bytes.p, bytes.n}; /* only read */
	struct msghdr msg = {
	    .msg_name = &to->from,
	    .msg_namelen = to->from_len,
	    .msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = to->control_len > 0 ? to->control : NULL,
	    .msg_controllen = to->control_len,
	};

	if (sendmsg(fd, &msg, MSG_DONTWAIT) < 0)
		kf_log(LOGL_WARN, "radius", "not-sent=%s error=\"%s\"", to->from_text,
		    strerror(errno));
}
