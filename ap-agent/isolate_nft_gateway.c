#include "ap-agent/isolate_nft_gateway.h"

#include "common/log.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <string.h>
#include <sys/socket.h>

#define ETHER_LEN 14
#define IP6_LEN 40
#define ICMP6 58
#define ROUTER_ADVERT 134
#define NEIGHBOUR_SOLICIT 135
#define NEIGHBOUR_ADVERT 136

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23 /* Linux 4.20 */
#endif

bool
gateway_addr_eq(const struct feed_addr *a, const struct feed_addr *b)
{
	return a->family == b->family && memcmp(a->b, b->b, a->family == 4 ? 4 : 16) == 0;
}

static enum kf_err
parse_arp(struct kf_rd *rd, struct feed_addr *addr, const uint8_t mac[6])
{
	uint16_t hw = kf_rd_u16(rd), proto = kf_rd_u16(rd), lens = kf_rd_u16(rd);
	uint8_t from[6];

	kf_rd_u16(rd); /* a request says it as well as a reply */
	kf_rd_copy(rd, from, sizeof(from));
	kf_rd_copy(rd, addr->b, 4);
	if (rd->bad || hw != 1 || proto != ETHERTYPE_IP || lens != 0x0604 ||
	    memcmp(from, mac, sizeof(from)) != 0)
		return KF_EINVAL;
	addr->family = 4;
	addr->bits = 32;
	return memcmp(addr->b, "\0\0\0", 4) == 0 ? KF_ENOENT : KF_OK;
}

static enum kf_err
parse_nd(struct kf_rd *rd, struct feed_addr *addr)
{
	static const uint8_t none[16];
	uint8_t next, hops, type, code;

	kf_rd_take(rd, 6);
	next = kf_rd_u8(rd);
	hops = kf_rd_u8(rd);
	kf_rd_copy(rd, addr->b, 16);
	kf_rd_take(rd, 16);
	if (rd->bad)
		return KF_EINVAL;
	if (next != ICMP6)
		return KF_ENOENT;
	type = kf_rd_u8(rd);
	code = kf_rd_u8(rd);
	kf_rd_take(rd, 6); /* checksum; flags */
	if (type == NEIGHBOUR_ADVERT)
		kf_rd_copy(rd, addr->b, 16);
	if (rd->bad)
		return KF_EINVAL;
	if (type < ROUTER_ADVERT || type > NEIGHBOUR_ADVERT)
		return KF_ENOENT;
	if (hops != 255 || code != 0) /* it came through a router: RFC 4861 7.1 */
		return KF_EINVAL;
	addr->family = 6;
	addr->bits = 128;
	return memcmp(addr->b, none, sizeof(none)) == 0 ? KF_ENOENT : KF_OK;
}

enum kf_err
gateway_parse(struct kf_span frame, struct feed_addr *addr, uint8_t mac[6])
{
	struct kf_rd rd = kf_rd_of(frame);
	uint16_t type;

	*addr = (struct feed_addr){0};
	kf_rd_take(&rd, 6);
	kf_rd_copy(&rd, mac, 6);
	type = kf_rd_u16(&rd);
	if (rd.bad || (mac[0] & 1) != 0)
		return KF_EINVAL;
	if (type == ETHERTYPE_ARP)
		return parse_arp(&rd, addr, mac);
	if (type == ETHERTYPE_IPV6)
		return parse_nd(&rd, addr);
	return KF_ENOENT;
}

static void
put(uint8_t **at, const void *p, size_t n)
{
	memcpy(*at, p, n);
	*at += n;
}

static size_t
probe_arp(const struct feed_addr *addr, const uint8_t mac[6], uint8_t *out)
{
	uint8_t *at = out;

	put(&at, "\xff\xff\xff\xff\xff\xff", 6);
	put(&at, mac, 6);
	put(&at, "\x08\x06\x00\x01\x08\x00\x06\x04\x00\x01", 10);
	put(&at, mac, 6);
	put(&at, "\0\0\0\0" /* no sender address: a probe */ "\0\0\0\0\0\0", 10);
	put(&at, addr->b, 4);
	return (size_t)(at - out);
}

/* RFC 4443 2.3: over the pseudo header and the message. n is even. */
static uint16_t
icmp6_sum(const uint8_t *ip6, const uint8_t *msg, size_t n)
{
	uint32_t sum = (uint32_t)n + ICMP6;

	for (size_t i = 8; i < IP6_LEN; i += 2)
		sum += (uint32_t)ip6[i] << 8 | ip6[i + 1];
	for (size_t i = 0; i < n; i += 2)
		sum += (uint32_t)msg[i] << 8 | msg[i + 1];
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static size_t
probe_nd(const struct feed_addr *addr, const uint8_t mac[6], uint8_t *out)
{
	static const uint8_t none[16];
	uint8_t *at = out, *msg = out + ETHER_LEN + IP6_LEN;
	uint16_t sum;

	put(&at, "\x33\x33\xff", 3);
	put(&at, addr->b + 13, 3);
	put(&at, mac, 6);
	put(&at, "\x86\xdd\x60\0\0\0\0\x18\x3a\xff", 10);
	put(&at, none, 16);
	put(&at, "\xff\x02\0\0\0\0\0\0\0\0\0\x01\xff", 13);
	put(&at, addr->b + 13, 3);
	put(&at, "\x87\0\0\0\0\0\0\0", 8); /* 135, checksum to come */
	put(&at, addr->b, 16);
	sum = icmp6_sum(out + ETHER_LEN, msg, (size_t)(at - msg));
	msg[2] = (uint8_t)(sum >> 8);
	msg[3] = (uint8_t)sum;
	return (size_t)(at - out);
}

size_t
gateway_probe(const struct feed_addr *addr, const uint8_t mac[6], uint8_t out[GATEWAY_FRAME_MAX])
{
	assert(addr->family == 4 || addr->family == 6);
	return addr->family == 4 ? probe_arp(addr, mac, out) : probe_nd(addr, mac, out);
}

enum kf_err
gateway_listen(int fd)
{
	/* ARP, or IPv6 whose next header is ICMPv6 of type 134..136: the first GATEWAY_FRAME_MAX
	 * bytes; nothing else leaves the kernel. */
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETHERTYPE_ARP, 6, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETHERTYPE_IPV6, 0, 6),
	    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, ETHER_LEN + 6),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ICMP6, 0, 4),
	    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, ETHER_LEN + IP6_LEN),
	    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, ROUTER_ADVERT, 0, 2),
	    BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, NEIGHBOUR_ADVERT, 1, 0),
	    BPF_STMT(BPF_RET | BPF_K, GATEWAY_FRAME_MAX),
	    BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog prog = {.len = sizeof(code) / sizeof(code[0]), .filter = code};
	/* ETH_P_ALL: a socket for one protocol is asked only after the bridge took the frame. */
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) < 0 ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0) {
		kf_log(LOGL_ERROR, "isolate", "uplink listen error=\"%s\"", strerror(errno));
		return KF_EIO;
	}
	return KF_OK;
}

/* Did the frame come with an 802.1Q tag? */
static bool
is_tagged(struct msghdr *m)
{
	struct tpacket_auxdata aux;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
			continue;
		memcpy(&aux, CMSG_DATA(c), sizeof(aux));
		return (aux.tp_status & TP_STATUS_VLAN_VALID) != 0;
	}
	return false;
}

enum kf_err
gateway_next(int fd, uint8_t buf[GATEWAY_FRAME_MAX], size_t *n, int *ifindex)
{
	union {
		struct cmsghdr align;
		char b[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	} control;
	struct sockaddr_ll from = {0};
	struct iovec iov = {buf, GATEWAY_FRAME_MAX};
	struct msghdr m = {.msg_name = &from, .msg_iov = &iov, .msg_iovlen = 1};
	ssize_t got;

	/* What we or our stations send is no news of the wire, however the kernel counts it. */
	do {
		m.msg_namelen = sizeof(from);
		m.msg_control = &control;
		m.msg_controllen = sizeof(control);
		got = recvmsg(fd, &m, MSG_DONTWAIT);
	} while (got >= 0 && (from.sll_pkttype == PACKET_OUTGOING || is_tagged(&m)));
	if (got < 0)
		return errno == EAGAIN || errno == ENETDOWN || errno == EINTR ? KF_EAGAIN : KF_EIO;
	*n = (size_t)got;
	*ifindex = from.sll_ifindex;
	return KF_OK;
}

enum kf_err
gateway_send(int fd, int ifindex, struct kf_span frame)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = ifindex, .sll_halen = 6};

	memcpy(to.sll_addr, frame.p, 6);
	if (sendto(fd, frame.p, frame.n, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof(to)) < 0)
		return KF_EIO;
	return KF_OK;
}
