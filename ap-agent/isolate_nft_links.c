#include "ap-agent/isolate_nft_links.h"

#include "common/log.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#define BUFFER (32 * 1024)
#define EVENT_BUFFER (4 * 1024 * 1024) /* some ten thousand events between two polls */
#define EVENTS_MAX 4096		       /* taken in one go, so that a storm starves nobody */

static struct link *
find(struct links *links, int index)
{
	for (size_t i = 0; i < links->n; i++)
		if (links->v[i].index == index)
			return &links->v[i];
	return NULL;
}

const struct link *
links_by_name(const struct links *links, const char *name)
{
	for (size_t i = 0; i < links->n; i++)
		if (strcmp(links->v[i].name, name) == 0)
			return &links->v[i];
	return NULL;
}

const struct link *
links_by_index(const struct links *links, int index)
{
	for (size_t i = 0; i < links->n; i++)
		if (links->v[i].index == index)
			return &links->v[i];
	return NULL;
}

static enum kf_err
table_put(struct links *links, const struct link *got)
{
	struct link *l = find(links, got->index);

	if (l == NULL) {
		if (links->n == LINKS_MAX)
			return KF_ELIMIT;
		if (links->n == links->cap) {
			size_t cap = links->cap == 0 ? 64 : links->cap * 2;

			if ((l = realloc(links->v, cap * sizeof(*l))) == NULL)
				return KF_ENOMEM;
			links->v = l;
			links->cap = cap;
		}
		l = &links->v[links->n++];
		links->changes++;
	} else if (memcmp(l, got, sizeof(*l)) != 0)
		links->changes++;
	memcpy(l, got, sizeof(*l));
	return KF_OK;
}

static void
table_drop(struct links *links, int index)
{
	struct link *l = find(links, index);

	if (l == NULL)
		return;
	*l = links->v[--links->n];
	links->changes++;
}

static int
read_attr(const struct nlattr *a, void *arg)
{
	struct link *got = arg;
	uint16_t n = mnl_attr_get_payload_len(a);

	switch (mnl_attr_get_type(a)) {
	case IFLA_IFNAME:
		if (n > 0 && n <= sizeof(got->name))
			memcpy(got->name, mnl_attr_get_payload(a), n - 1U);
		break;
	case IFLA_MASTER:
		if (n == sizeof(uint32_t))
			got->master = (int)mnl_attr_get_u32(a);
		break;
	case IFLA_ADDRESS:
		if (n == sizeof(got->mac))
			memcpy(got->mac, mnl_attr_get_payload(a), n);
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

static enum kf_err
read_link(struct links *links, const struct nlmsghdr *h)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(h);
	struct link got = {0};

	if (h->nlmsg_type != RTM_NEWLINK && h->nlmsg_type != RTM_DELLINK)
		return KF_OK;
	/* A port's view of family AF_BRIDGE: its DELLINK means "left the bridge" only, and the
	 * plain NEWLINK that comes with it says so too. */
	if (h->nlmsg_len < mnl_nlmsg_size(sizeof(*info)) || info->ifi_family == AF_BRIDGE)
		return KF_OK;
	got.index = info->ifi_index;
	got.up = (info->ifi_flags & IFF_UP) != 0;
	if (h->nlmsg_type == RTM_DELLINK) {
		table_drop(links, got.index);
		return KF_OK;
	}
	mnl_attr_parse(h, sizeof(*info), read_attr, &got);
	return got.name[0] == '\0' ? KF_OK : table_put(links, &got);
}

static enum kf_err
read_links(struct links *links, const void *buf, size_t n, bool *done)
{
	const struct nlmsghdr *h = buf;
	int left = (int)n;
	enum kf_err r;

	*done = false;
	for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left)) {
		if (h->nlmsg_type == NLMSG_DONE)
			*done = true;
		if (h->nlmsg_type == NLMSG_ERROR)
			return KF_EIO;
		if ((r = read_link(links, h)) != KF_OK)
			return r;
	}
	return KF_OK;
}

static enum kf_err
read_table(struct links *links)
{
	char buf[BUFFER / 8] __attribute__((aligned(8))), *in = malloc(BUFFER);
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *info;
	enum kf_err r = in == NULL ? KF_ENOMEM : KF_OK;
	bool done = false;

	h->nlmsg_type = RTM_GETLINK;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	h->nlmsg_seq = ++links->seq;
	info = mnl_nlmsg_put_extra_header(h, sizeof(*info));
	info->ifi_family = AF_UNSPEC;
	if (r == KF_OK && mnl_socket_sendto(links->req, h, h->nlmsg_len) < 0)
		r = KF_EIO;
	links->n = 0;
	links->changes++;
	while (r == KF_OK && !done) {
		ssize_t n = mnl_socket_recvfrom(links->req, in, BUFFER);

		r = n < 0 ? KF_EIO : read_links(links, in, (size_t)n, &done);
	}
	free(in);
	if (r != KF_OK)
		kf_log(LOGL_ERROR, "isolate", "interfaces error=%s", kf_err_str(r));
	return r;
}

enum kf_err
links_open(struct links *links, int req_fd, int ev_fd)
{
	struct timeval wait = {.tv_sec = 5};
	int size = EVENT_BUFFER;

	*links = (struct links){0};
	links->req = mnl_socket_fdopen(req_fd);
	links->ev = mnl_socket_fdopen(ev_fd);
	if (links->req == NULL || links->ev == NULL ||
	    mnl_socket_bind(links->req, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_bind(links->ev, RTMGRP_LINK, MNL_SOCKET_AUTOPID) < 0 ||
	    setsockopt(req_fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) < 0 ||
	    setsockopt(ev_fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0) {
		kf_log(LOGL_ERROR, "isolate", "rtnetlink error=\"%s\"", strerror(errno));
		return KF_EIO;
	}
	return read_table(links);
}

void
links_close(struct links *links)
{
	if (links->req != NULL)
		mnl_socket_close(links->req);
	if (links->ev != NULL)
		mnl_socket_close(links->ev);
	free(links->v);
	*links = (struct links){0};
}

int
links_fd(const struct links *links)
{
	return mnl_socket_get_fd(links->ev);
}

enum kf_err
links_ready(struct links *links)
{
	char *in = malloc(BUFFER);
	enum kf_err r = in == NULL ? KF_ENOMEM : KF_OK;
	bool done;

	for (int i = 0; i < EVENTS_MAX && r == KF_OK; i++) {
		ssize_t n = recv(links_fd(links), in, BUFFER, MSG_DONTWAIT);

		if (n < 0 && errno == ENOBUFS)
			r = read_table(links); /* events were lost */
		else if (n < 0)
			break;
		else
			r = read_links(links, in, (size_t)n, &done);
	}
	free(in);
	return r;
}

/* Sends a request and waits for its acknowledgement. */
static enum kf_err
ask(struct links *links, struct nlmsghdr *h, int *error)
{
	char in[BUFFER / 8] __attribute__((aligned(8)));
	ssize_t n;

	h->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	h->nlmsg_seq = ++links->seq;
	*error = 0;
	if (mnl_socket_sendto(links->req, h, h->nlmsg_len) < 0 ||
	    (n = mnl_socket_recvfrom(links->req, in, sizeof(in))) < 0 ||
	    mnl_cb_run(in, (size_t)n, links->seq, mnl_socket_get_portid(links->req), NULL, NULL) <
		0) {
		*error = errno;
		return KF_EIO;
	}
	return KF_OK;
}

static struct nlmsghdr *
newlink(char *buf, int index, uint16_t flags, bool up)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *info;

	h->nlmsg_type = RTM_NEWLINK;
	h->nlmsg_flags = flags;
	info = mnl_nlmsg_put_extra_header(h, sizeof(*info));
	info->ifi_family = AF_UNSPEC;
	info->ifi_index = index;
	info->ifi_flags = up ? IFF_UP : 0;
	info->ifi_change = info->ifi_flags;
	return h;
}

/* No address of its own, not even a link-local one: the AP is no host of a VLAN it serves
 * unless its admin says so. */
static enum kf_err
bridge_up(struct links *links, int index, int *error)
{
	char buf[1024] __attribute__((aligned(8)));
	struct nlmsghdr *h = newlink(buf, index, 0, false);
	struct nlattr *nest = mnl_attr_nest_start(h, IFLA_AF_SPEC);
	struct nlattr *inet6 = mnl_attr_nest_start(h, AF_INET6);

	mnl_attr_put_u8(h, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	mnl_attr_nest_end(h, inet6);
	mnl_attr_nest_end(h, nest);
	if (ask(links, h, error) != KF_OK)
		kf_log(LOGL_DEBUG, "isolate", "addrgenmode error=\"%s\"", strerror(*error));
	return ask(links, newlink(buf, index, 0, true), error);
}

enum kf_err
links_make_bridge(struct links *links, const char *name, int *error)
{
	char buf[1024] __attribute__((aligned(8)));
	struct nlmsghdr *h = newlink(buf, 0, NLM_F_CREATE | NLM_F_EXCL, false);
	const struct link *made;
	struct nlattr *nest;
	enum kf_err r;

	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	nest = mnl_attr_nest_start(h, IFLA_LINKINFO);
	mnl_attr_put_str(h, IFLA_INFO_KIND, "bridge");
	mnl_attr_nest_end(h, nest);
	if ((r = ask(links, h, error)) != KF_OK || (r = read_table(links)) != KF_OK)
		return r;
	made = links_by_name(links, name);
	return made == NULL ? KF_EIO : bridge_up(links, made->index, error);
}

enum kf_err
links_make_vlan(
    struct links *links, const struct link *parent, uint16_t vid, const char *name, int *error)
{
	char buf[1024] __attribute__((aligned(8)));
	struct nlmsghdr *h = newlink(buf, 0, NLM_F_CREATE | NLM_F_EXCL, true);
	struct nlattr *info, *data;
	enum kf_err r;

	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	mnl_attr_put_u32(h, IFLA_LINK, (uint32_t)parent->index);
	info = mnl_attr_nest_start(h, IFLA_LINKINFO);
	mnl_attr_put_str(h, IFLA_INFO_KIND, "vlan");
	data = mnl_attr_nest_start(h, IFLA_INFO_DATA);
	mnl_attr_put_u16(h, IFLA_VLAN_ID, vid);
	mnl_attr_nest_end(h, data);
	mnl_attr_nest_end(h, info);
	if ((r = ask(links, h, error)) != KF_OK)
		return r;
	return read_table(links);
}

enum kf_err
links_set_master(struct links *links, int index, int master, int *error)
{
	char buf[1024] __attribute__((aligned(8)));
	struct nlmsghdr *h = newlink(buf, index, 0, false);
	struct link *l = find(links, index);
	enum kf_err r;

	mnl_attr_put_u32(h, IFLA_MASTER, (uint32_t)master);
	if ((r = ask(links, h, error)) == KF_OK && l != NULL)
		l->master = master; /* before its event arrives */
	return r;
}
