/* Bridges and the ports in them. */
#include "ap-agent/isolate_nft.h"
#include "common/log.h"

#include <stdio.h>
#include <string.h>

/* "<prefix><vid>"; false when that is no interface name. */
static bool
numbered(char out[16], const char *prefix, const char *dot, uint16_t vid)
{
	int len = snprintf(out, 16, "%s%s%u", prefix, dot, vid);

	return len > 0 && len < 16;
}

/* The wired side of a VLAN, made where it is missing. NULL: *why says why not. */
static const struct link *
uplink_of(struct nft *n, uint16_t vid, const char **why)
{
	const struct link *up, *parent = links_by_name(&n->links, n->uplink);
	char name[16];
	int error;

	if (!numbered(name, n->uplink, ".", vid)) {
		*why = "the uplink's name is too long for a VLAN number behind it";
		return NULL;
	}
	if ((up = links_by_name(&n->links, name)) != NULL)
		return up;
	if (parent == NULL) {
		*why = "there is no bridge of this VLAN and the uplink interface does not exist";
		return NULL;
	}
	if (links_make_vlan(&n->links, parent, vid, name, &error) != KF_OK) {
		kf_log(LOGL_WARN, "isolate", "make=%s error=\"%s\"", name, strerror(error));
		*why = "there is no bridge of this VLAN and the kernel refused an 802.1Q device";
		return NULL;
	}
	return links_by_name(&n->links, name);
}

static const struct link *
bridge_make(struct nft *n, uint16_t vid, const char *name, const char **why)
{
	const struct link *up = uplink_of(n, vid, why), *br;
	int error, up_index;

	if (up == NULL)
		return NULL;
	if (up->master != 0) {
		*why = "the uplink of this VLAN is in another bridge";
		return NULL;
	}
	up_index = up->index;
	if (links_make_bridge(&n->links, name, &error) != KF_OK ||
	    (br = links_by_name(&n->links, name)) == NULL ||
	    links_set_master(&n->links, up_index, br->index, &error) != KF_OK) {
		kf_log(LOGL_WARN, "isolate", "make=%s error=\"%s\"", name, strerror(error));
		*why = "the kernel refused a bridge";
		return NULL;
	}
	kf_log(LOGL_INFO, "isolate", "made=%s uplink=%s.%u", name, n->uplink, vid);
	return links_by_name(&n->links, name);
}

/* br<vid>. NULL: *why says why there is none. */
static const struct link *
bridge_of(struct nft *n, uint16_t vid, const char **why)
{
	const struct link *br;
	char name[16];

	if (numbered(name, "br", "", vid) && (br = links_by_name(&n->links, name)) != NULL)
		return br;
	if (nft_vlan_of(n, vid) == NULL) {
		*why = "the site has no such VLAN";
		return NULL;
	}
	return bridge_make(n, vid, name, why);
}

/* NULL when the port is where it belongs or need not move; else why it is stuck. */
static const char *
place_port(struct nft *n, const struct nft_own *own)
{
	const struct link *l = links_by_name(&n->links, own->at.port), *br;
	const char *why = NULL;
	uint16_t vid = 0;
	int index, error;

	if (l == NULL)
		return NULL; /* its event will come */
	if (strcmp(l->name, n->uplink) == 0 || nft_is_uplink(n, l))
		return "the port is the uplink";
	br = links_by_index(&n->links, l->master);
	if (l->master == 0 && !l->up)
		return NULL; /* hostapd is about to put it into NFT_LIMBO */
	if (l->master != 0 && (br == NULL || !nft_bridge_vid(br->name, &vid)))
		return "the port is in a bridge that is not ours";
	if (vid == own->at.vlan)
		return NULL;
	index = l->index;
	if ((br = bridge_of(n, own->at.vlan, &why)) == NULL)
		return why;
	if (links_set_master(&n->links, index, br->index, &error) == KF_OK)
		return NULL;
	kf_log(LOGL_WARN, "isolate", "move=%s error=\"%s\"", own->at.port, strerror(error));
	return "the kernel refused to move the port";
}

void
nft_ports_place(struct nft *n)
{
	for (size_t i = 0; i < n->owns; i++) {
		struct nft_own *o = &n->own[i];
		const char *why = o->forged || o->at.port[0] == '\0' ? NULL : place_port(n, o);
		struct isolate_event ev = {.kind = ISOLATE_PORT_STUCK, .why = why};

		if (why != NULL && !o->stuck_told) {
			kf_log(LOGL_WARN, "isolate", "port=%s vlan=%u stuck=\"%s\"", o->at.port,
			    o->at.vlan, why);
			memcpy(ev.mac, o->sta.mac, sizeof(ev.mac));
			memcpy(ev.port, o->at.port, sizeof(ev.port));
			n->event(n->arg, &ev);
		}
		o->stuck_told = why != NULL;
	}
}

void
nft_port_vacate(struct nft *n, const char port[16])
{
	const struct link *l = links_by_name(&n->links, port);
	const struct link *limbo = links_by_name(&n->links, NFT_LIMBO);
	int error;

	if (nft_port_joined(n, port) || l == NULL || limbo == NULL || nft_is_uplink(n, l) ||
	    nft_link_vid(n, l) == 0)
		return;
	if (links_set_master(&n->links, l->index, limbo->index, &error) != KF_OK)
		kf_log(LOGL_INFO, "isolate", "vacate=%s error=\"%s\"", port, strerror(error));
}

void
nft_ports_bridges(struct nft *n)
{
	for (size_t i = 0; i < n->vlans; i++) {
		uint16_t vid = n->vlan[i].v.vid;
		const char *why = NULL;

		if (bridge_of(n, vid, &why) == NULL)
			kf_log(LOGL_WARN, "isolate", "vlan=%u closed=\"%s\" remedy=\"%s%u\"", vid,
			    why, "put the wired side into a bridge br", vid);
	}
}
