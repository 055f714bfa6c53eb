/* Isolation by one nftables bridge table and one plain bridge per VLAN: see isolate_nft_rules.c
 * for what passes, isolate_nft_want.c for how the sets follow from what is known. */
#include "ap-agent/isolate_nft.h"
#include "ap-agent/isolate_nft_gateway.h"
#include "ap-agent/isolate_nft_ns.h"
#include "common/log.h"

#include <assert.h>
#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define TICK_S 1
#define PROBE_TICKS 30	/* a gateway that is known is asked again, in case it moved */
#define FRAMES_MAX 1024 /* heard on the uplink, taken in one go */

static enum kf_err
copy_name(char *out, size_t room, const char *in, const char *what)
{
	int len = snprintf(out, room, "%s", in == NULL ? "" : in);

	if (len >= 0 && (size_t)len < room)
		return KF_OK;
	kf_log(LOGL_ERROR, "isolate", "%s=%s error=\"longer than %zu characters\"", what, in,
	    room - 1);
	return KF_EINVAL;
}

static enum kf_err
open_sockets(struct nft *n)
{
	struct ns_socket sock[] = {
	    {.domain = AF_NETLINK, .type = SOCK_RAW, .protocol = NETLINK_ROUTE},
	    {.domain = AF_NETLINK, .type = SOCK_RAW, .protocol = NETLINK_ROUTE},
	    {.domain = AF_NETLINK, .type = SOCK_RAW, .protocol = NETLINK_NETFILTER},
	    {.domain = AF_PACKET, .type = SOCK_RAW, .protocol = 0},
	};
	struct itimerspec tick = {.it_interval.tv_sec = TICK_S, .it_value.tv_sec = TICK_S};
	enum kf_err r;

	if ((r = ns_sockets(n->netns, sock, sizeof(sock) / sizeof(sock[0]))) != KF_OK)
		return r;
	n->packet_fd = sock[3].fd;
	r = links_open(&n->links, sock[0].fd, sock[1].fd);
	if (r != KF_OK) {
		close(sock[2].fd);
		return r;
	}
	if ((r = nft_sets_open(&n->sets, sock[2].fd)) != KF_OK ||
	    (r = gateway_listen(n->packet_fd)) != KF_OK)
		return r;
	n->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (n->timer_fd < 0 || timerfd_settime(n->timer_fd, 0, &tick, NULL) < 0) {
		kf_log(LOGL_ERROR, "isolate", "timer error=\"%s\"", strerror(errno));
		return KF_EIO;
	}
	return KF_OK;
}

/* The text for the VLANs of now; sent only when it differs from what is loaded or force. */
static enum kf_err
load_rules(struct nft *n, bool force)
{
	struct feed_vlan *vlan = calloc(n->vlans + 1, sizeof(*vlan));
	struct kf_buf text = {0};
	enum kf_err r = KF_OK;

	if (vlan == NULL)
		return KF_ENOMEM;
	for (size_t i = 0; i < n->vlans; i++)
		vlan[i] = n->vlan[i].v;
	nft_rules(vlan, n->vlans, &text);
	free(vlan);
	if (text.bad)
		r = KF_ENOMEM;
	else if (force || !kf_span_eq(kf_buf_span(&text), kf_buf_span(&n->rules)))
		r = ns_nft(n->netns, n->path, kf_buf_span(&text));
	if (r == KF_OK) {
		kf_buf_free(&n->rules);
		n->rules = text;
		text = (struct kf_buf){0};
	}
	kf_buf_free(&text);
	return r;
}

static enum kf_err
own_add(struct nft *n, const struct nft_own *own)
{
	if (n->owns == NFT_OWN_MAX)
		return KF_ELIMIT;
	if (n->owns == n->own_cap) {
		size_t cap = n->own_cap == 0 ? 64 : n->own_cap * 2;
		struct nft_own *v = realloc(n->own, cap * sizeof(*v));

		if (v == NULL)
			return KF_ENOMEM;
		n->own = v;
		n->own_cap = cap;
	}
	n->own[n->owns++] = *own;
	return KF_OK;
}

/* Takes over what an agent before us left in the kernel: its rules work on, and its stations
 * stand in SET_OWN. KF_ENOENT: nothing there, or not whole. */
static enum kf_err
adopt(struct nft *n)
{
	const struct nft_elems *have = &n->sets.have[SET_OWN];
	struct nft_own own;
	enum kf_err r;

	if ((r = nft_sets_read(&n->sets)) != KF_OK)
		return r;
	for (size_t i = 0; i < have->n; i++)
		if (nft_note_read(&have->v[i], &own) == KF_OK && (r = own_add(n, &own)) != KF_OK)
			return r;
	kf_log(LOGL_INFO, "isolate", "adopted stations=%zu", n->owns);
	return KF_OK;
}

static enum kf_err
make_limbo(struct nft *n)
{
	int error = 0;
	enum kf_err r;

	if (links_by_name(&n->links, NFT_LIMBO) != NULL)
		return KF_OK;
	if ((r = links_make_bridge(&n->links, NFT_LIMBO, &error)) != KF_OK)
		kf_log(LOGL_ERROR, "isolate", "make=" NFT_LIMBO " error=\"%s\" remedy=\"%s\"",
		    strerror(error), "the kernel needs its bridge module");
	return r;
}

static void
nft_close(void **ctx)
{
	struct nft *n = *ctx;

	if (n == NULL)
		return;
	links_close(&n->links);
	nft_sets_close(&n->sets);
	if (n->packet_fd >= 0)
		close(n->packet_fd);
	if (n->timer_fd >= 0)
		close(n->timer_fd);
	kf_buf_free(&n->rules);
	free(n->vlan);
	free(n->own);
	free(n->ses);
	free(n->conflict);
	free(n);
	*ctx = NULL;
}

static void
tell(struct nft *n, enum isolate_event_kind kind, const uint8_t mac[6], const char *why)
{
	struct isolate_event ev = {.kind = kind, .why = why};
	char text[18];

	kf_mac_str(mac, text);
	kf_log(LOGL_WARN, "isolate", "station=%s cut=\"%s\"", text, why);
	memcpy(ev.mac, mac, sizeof(ev.mac));
	n->event(n->arg, &ev);
}

static int
mac_cmp(const void *a, const void *b)
{
	return memcmp(a, b, 6);
}

/* Each conflict once, until it ends. */
static void
tell_conflicts(struct nft *n, struct peers *peers)
{
	for (size_t i = 0; i < peers->conflicts; i++)
		if (n->conflicts == 0 ||
		    bsearch(peers->conflict[i], n->conflict, n->conflicts, 6, mac_cmp) == NULL)
			tell(n, ISOLATE_MAC_CONFLICT, peers->conflict[i],
			    "its MAC is live in two private networks");
	free(n->conflict);
	n->conflict = peers->conflict;
	n->conflicts = peers->conflicts;
	peers->conflict = NULL;
	peers->conflicts = 0;
}

/* A gateway that shows up with the MAC of a station that is on the air already. */
static void
mark_forged(struct nft *n)
{
	for (size_t i = 0; i < n->owns; i++) {
		struct nft_own *o = &n->own[i];
		bool forged = nft_is_forbidden(n, o->sta.mac);

		if (forged && !o->forged)
			tell(n, ISOLATE_MAC_FORGED, o->sta.mac,
			    "its MAC is a gateway's, a wired host's or this access point's");
		o->forged = forged;
	}
}

static enum kf_err
sync_sets(struct nft *n)
{
	struct nft_elems want[SET__MAX] = {0};
	struct peers peers = {0};
	enum kf_err r;

	if ((r = nft_want(n, want, &peers)) == KF_OK &&
	    (r = nft_sets_write(&n->sets, want)) == KF_OK)
		tell_conflicts(n, &peers);
	for (size_t i = 0; i < SET__MAX; i++)
		nft_elems_free(&want[i]);
	peers_release(&peers);
	return r;
}

static enum kf_err
nft_open(const struct isolate_conf *conf, void **ctx)
{
	struct nft *n = calloc(1, sizeof(*n));
	void *made = n;
	enum kf_err r;

	assert(conf->uplink != NULL);
	assert(conf->event != NULL);
	if (n == NULL)
		return KF_ENOMEM;
	n->packet_fd = n->timer_fd = -1;
	memcpy(n->agent_id, conf->agent_id, sizeof(n->agent_id));
	n->event = conf->event;
	n->arg = conf->arg;
	if ((r = copy_name(n->netns, sizeof(n->netns), conf->netns, "netns")) != KF_OK ||
	    (r = copy_name(n->uplink, sizeof(n->uplink), conf->uplink, "uplink")) != KF_OK ||
	    (r = copy_name(n->path, sizeof(n->path), conf->nft, "nft")) != KF_OK ||
	    (r = open_sockets(n)) != KF_OK)
		goto out;
	if ((r = adopt(n)) == KF_ENOENT && (r = load_rules(n, true)) == KF_OK &&
	    (r = nft_sets_read(&n->sets)) == KF_OK)
		r = sync_sets(n); /* no station is known; other bridges of the host go on */
	if (r != KF_OK || (r = make_limbo(n)) != KF_OK)
		goto out;
	*ctx = n;
	made = NULL;
out:
	nft_close(&made);
	return r;
}

/* Somebody changed our table behind us: load it again, look, and start from what is there. */
static enum kf_err
heal(struct nft *n)
{
	enum kf_err r;

	kf_log(LOGL_WARN, "isolate", "table=" NFT_TABLE " state=changed-by-others action=reload");
	if ((r = load_rules(n, true)) != KF_OK || (r = nft_sets_read(&n->sets)) != KF_OK)
		return r;
	return sync_sets(n);
}

/* Brings the kernel to what is known. On error it is tried again at the next tick. */
static enum kf_err
settle(struct nft *n)
{
	enum kf_err r;

	n->dirty = true;
	if (!n->have_vlans)
		return KF_OK;
	mark_forged(n);
	nft_ports_place(n);
	n->links_seen = n->links.changes;
	if ((r = sync_sets(n)) == KF_ESTALE)
		r = heal(n);
	if (r == KF_OK)
		n->dirty = false;
	return r;
}

/* The interface that carries a VLAN's untagged or tagged frames behind the uplink. */
static const struct link *
uplink_for(const struct nft *n, uint16_t vid)
{
	for (size_t i = 0; i < n->links.n; i++)
		if (nft_is_uplink(n, &n->links.v[i]) && nft_link_vid(n, &n->links.v[i]) == vid)
			return &n->links.v[i];
	return NULL;
}

static void
probe(struct nft *n, bool all)
{
	uint8_t frame[GATEWAY_FRAME_MAX];

	for (size_t i = 0; i < n->vlans; i++) {
		const struct nft_vlan *v = &n->vlan[i];
		const struct link *l = uplink_for(n, v->v.vid);

		for (size_t g = 0; l != NULL && g < v->v.gateways; g++) {
			size_t len;

			if (v->known[g] && !all)
				continue;
			len = gateway_probe(&v->v.gateway[g], l->mac, frame);
			if (gateway_send(n->packet_fd, l->index, kf_span_of(frame, len)) != KF_OK)
				kf_log(LOGL_DEBUG, "isolate", "probe uplink=%s error=\"%s\"",
				    l->name, strerror(errno));
		}
	}
}

static void
learn(struct nft *n, struct nft_vlan *v, const struct feed_addr *addr, const uint8_t mac[6])
{
	char text[18];

	for (size_t g = 0; g < v->v.gateways; g++) {
		if (!gateway_addr_eq(&v->v.gateway[g], addr) ||
		    (v->known[g] && memcmp(v->gateway_mac[g], mac, 6) == 0))
			continue;
		kf_mac_str(mac, text);
		if (nft_is_station(n, mac)) {
			kf_log(LOGL_WARN, "isolate", "gateway vlan=%u mac=%s refused=a-station",
			    v->v.vid, text);
			continue;
		}
		memcpy(v->gateway_mac[g], mac, 6);
		v->known[g] = true;
		n->dirty = true;
		kf_log(LOGL_INFO, "isolate", "gateway vlan=%u mac=%s", v->v.vid, text);
	}
}

/* ARP and neighbour discovery that came in by the wire. */
static enum kf_err
hear(struct nft *n)
{
	uint8_t frame[GATEWAY_FRAME_MAX], mac[6];
	struct feed_addr addr;
	int index;
	size_t len;
	enum kf_err r;

	for (int i = 0; i < FRAMES_MAX; i++) {
		const struct link *l;
		struct nft_vlan *v;

		if ((r = gateway_next(n->packet_fd, frame, &len, &index)) != KF_OK)
			return r == KF_EAGAIN ? KF_OK : r;
		if (gateway_parse(kf_span_of(frame, len), &addr, mac) != KF_OK)
			continue;
		if ((l = links_by_index(&n->links, index)) != NULL && nft_is_uplink(n, l) &&
		    (v = nft_vlan_of(n, nft_link_vid(n, l))) != NULL)
			learn(n, v, &addr, mac);
	}
	return KF_OK;
}

static enum kf_err
nft_vlans(void *ctx, const struct feed_vlan *vlan, size_t count)
{
	struct nft *n = ctx;
	struct nft_vlan *new = calloc(count + 1, sizeof(*new)), *old = n->vlan;
	size_t olds = n->vlans;
	enum kf_err r;

	if (new == NULL)
		return KF_ENOMEM;
	if (count > NFT_VLANS_MAX) {
		free(new);
		return KF_ELIMIT;
	}
	for (size_t i = 0; i < count; i++) {
		struct nft_vlan *was = nft_vlan_of(n, vlan[i].vid);

		new[i].v = vlan[i];
		for (size_t g = 0; was != NULL && g < vlan[i].gateways; g++)
			for (size_t w = 0; w < was->v.gateways; w++)
				if (was->known[w] &&
				    gateway_addr_eq(&vlan[i].gateway[g], &was->v.gateway[w])) {
					memcpy(new[i].gateway_mac[g], was->gateway_mac[w], 6);
					new[i].known[g] = true;
				}
	}
	n->vlan = new;
	n->vlans = count;
	if ((r = load_rules(n, !n->have_vlans)) != KF_OK) {
		free(new); /* the rules of before still stand, so does the list they are of */
		n->vlan = old;
		n->vlans = olds;
		return r;
	}
	free(old);
	n->have_vlans = true;
	nft_ports_bridges(n);
	r = settle(n);
	probe(n, false);
	return r;
}

static struct nft_own *
own_of(const struct nft *n, const struct station *sta)
{
	for (size_t i = 0; i < n->owns; i++)
		if (memcmp(&n->own[i].sta, sta, sizeof(*sta)) == 0)
			return &n->own[i];
	return NULL;
}

/* A port serves one network. Reused for another VLAN, it takes nobody of the old one along; two
 * groups on it are kept from everybody but the gateway (peers.h), which is said. */
static void
share_port(struct nft *n, const struct nft_own *now)
{
	bool mixed = false;

	for (size_t i = 0; now->at.port[0] != '\0' && i < n->owns; i++) {
		struct nft_own *o = &n->own[i];

		if (strcmp(o->at.port, now->at.port) != 0 ||
		    memcmp(&o->sta, &now->sta, sizeof(o->sta)) == 0)
			continue;
		if (o->at.vlan != now->at.vlan)
			memset(o->at.port, 0, sizeof(o->at.port));
		else if (o->at.group != now->at.group)
			mixed = true;
	}
	if (mixed)
		kf_log(LOGL_WARN, "isolate", "port=%s error=\"%s\" remedy=\"%s\"", now->at.port,
		    "two private networks on one port",
		    "vlan_attr slot, so that hostapd makes a port for each");
}

static enum kf_err
nft_join(void *ctx, const struct station *sta, const struct place *at)
{
	struct nft *n = ctx;
	struct nft_own now = {.sta = *sta, .at = *at}, *was = own_of(n, sta);
	enum kf_err r;

	assert(memchr(at->port, '\0', sizeof(at->port)) != NULL);
	assert(at->vlan >= 1 && at->vlan <= NFT_VLANS_MAX);
	if (nft_is_forbidden(n, sta->mac)) {
		tell(n, ISOLATE_MAC_FORGED, sta->mac,
		    "its MAC is a gateway's, a wired host's or this access point's");
		return KF_EDENIED;
	}
	share_port(n, &now);
	if (was != NULL)
		*was = now;
	else if ((r = own_add(n, &now)) != KF_OK)
		return r;
	return settle(n);
}

static enum kf_err
nft_leave(void *ctx, const struct station *sta)
{
	struct nft *n = ctx;
	struct nft_own *own = own_of(n, sta);
	char port[sizeof(own->at.port)];

	if (own == NULL)
		return KF_OK;
	memcpy(port, own->at.port, sizeof(port));
	*own = n->own[--n->owns];
	nft_port_vacate(n, port);
	return settle(n);
}

static enum kf_err
nft_sessions(void *ctx, const struct feed_session *ses, size_t count)
{
	struct nft *n = ctx;
	struct feed_session *copy;

	if (count > NFT_SESSIONS_MAX)
		return KF_ELIMIT;
	if ((copy = calloc(count + 1, sizeof(*copy))) == NULL)
		return KF_ENOMEM;
	for (size_t i = 0; i < count; i++)
		copy[i] = ses[i];
	free(n->ses);
	n->ses = copy;
	n->sess = count;
	return settle(n);
}

static void
nft_each(void *ctx, isolate_each_fn *fn, void *arg)
{
	const struct nft *n = ctx;

	for (size_t i = 0; i < n->owns; i++)
		fn(arg, &n->own[i].sta, &n->own[i].at);
}

static size_t
nft_fds(void *ctx, int *fd, size_t max)
{
	const struct nft *n = ctx;
	const int all[] = {links_fd(&n->links), n->packet_fd, n->timer_fd};
	size_t count = 0;

	for (; count < max && count < sizeof(all) / sizeof(all[0]); count++)
		fd[count] = all[count];
	return count;
}

/* Once a second: what got lost is found, what failed is tried again. */
static enum kf_err
tick(struct nft *n)
{
	enum kf_err r;

	if (!n->have_vlans)
		return KF_OK;
	probe(n, ++n->ticks % PROBE_TICKS == 0);
	if ((r = nft_sets_check(&n->sets)) == KF_ENOENT)
		return heal(n);
	return r;
}

static enum kf_err
nft_ready(void *ctx)
{
	struct nft *n = ctx;
	uint64_t ticks;
	enum kf_err r;

	if ((r = links_ready(&n->links)) != KF_OK)
		return r;
	if ((r = hear(n)) != KF_OK)
		return r;
	if (read(n->timer_fd, &ticks, sizeof(ticks)) == (ssize_t)sizeof(ticks) &&
	    (r = tick(n)) != KF_OK)
		return r;
	return n->dirty || n->links_seen != n->links.changes ? settle(n) : KF_OK;
}

const struct isolate_ops isolate_nft = {
    .name = "nft",
    .open = nft_open,
    .vlans = nft_vlans,
    .join = nft_join,
    .leave = nft_leave,
    .sessions = nft_sessions,
    .each = nft_each,
    .fds = nft_fds,
    .ready = nft_ready,
    .close = nft_close,
};
