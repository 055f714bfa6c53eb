#include "ap-agent/isolate_nft.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VID_MAX 4094
#define GROUP_MAX 16777200

bool
nft_bridge_vid(const char *name, uint16_t *vid)
{
	uint64_t v;

	*vid = 0;
	if (strcmp(name, NFT_LIMBO) == 0)
		return true;
	if (strncmp(name, "br", 2) != 0 || name[2] == '0' ||
	    kf_parse_u64(kf_span_str(name + 2), 1, VID_MAX, &v) != KF_OK)
		return false;
	*vid = (uint16_t)v;
	return true;
}

uint16_t
nft_link_vid(const struct nft *n, const struct link *l)
{
	const struct link *br = l->master == 0 ? NULL : links_by_index(&n->links, l->master);
	uint16_t vid;

	return br != NULL && nft_bridge_vid(br->name, &vid) ? vid : 0;
}

struct nft_vlan *
nft_vlan_of(const struct nft *n, uint16_t vid)
{
	for (size_t i = 0; i < n->vlans; i++)
		if (n->vlan[i].v.vid == vid)
			return &n->vlan[i];
	return NULL;
}

bool
nft_is_uplink(const struct nft *n, const struct link *l)
{
	size_t len = strlen(n->uplink);
	uint64_t vid;

	if (nft_link_vid(n, l) == 0 || strncmp(l->name, n->uplink, len) != 0)
		return false;
	return l->name[len] == '\0' ||
	    (l->name[len] == '.' &&
		kf_parse_u64(kf_span_str(l->name + len + 1), 1, VID_MAX, &vid) == KF_OK);
}

bool
nft_is_forbidden(const struct nft *n, const uint8_t mac[6])
{
	for (size_t i = 0; i < n->links.n; i++)
		if (memcmp(n->links.v[i].mac, mac, 6) == 0)
			return true;
	for (size_t i = 0; i < n->vlans; i++) {
		const struct nft_vlan *v = &n->vlan[i];

		for (size_t g = 0; g < v->v.gateways; g++)
			if (v->known[g] && memcmp(v->gateway_mac[g], mac, 6) == 0)
				return true;
		for (size_t w = 0; w < v->v.wireds; w++)
			if (memcmp(v->v.wired[w], mac, 6) == 0)
				return true;
	}
	return false;
}

bool
nft_is_station(const struct nft *n, const uint8_t mac[6])
{
	for (size_t i = 0; i < n->owns; i++)
		if (memcmp(n->own[i].sta.mac, mac, 6) == 0)
			return true;
	for (size_t i = 0; i < n->sess; i++)
		if (memcmp(n->ses[i].mac, mac, 6) == 0)
			return true;
	return false;
}

/* The station's port, once it is in the bridge of the station's VLAN; "" until then. */
static const char *
placed_port(const struct nft *n, const struct nft_own *own)
{
	const struct link *l;

	if (own->forged || own->at.port[0] == '\0' ||
	    (l = links_by_name(&n->links, own->at.port)) == NULL || nft_is_uplink(n, l))
		return "";
	return nft_link_vid(n, l) == own->at.vlan ? own->at.port : "";
}

bool
nft_port_joined(const struct nft *n, const char *name)
{
	for (size_t i = 0; i < n->owns; i++)
		if (strcmp(n->own[i].at.port, name) == 0)
			return true;
	return false;
}

static void
want_links(const struct nft *n, struct nft_elems *want)
{
	static const uint8_t none[6];

	for (size_t i = 0; i < n->links.n; i++) {
		const struct link *l = &n->links.v[i], *br;
		const struct nft_vlan *v;
		uint16_t vid;

		if (memcmp(l->mac, none, sizeof(none)) != 0)
			nft_elems_add(&want[SET_FORBIDDEN], l->mac, NULL, NULL);
		if (l->master == 0)
			continue;
		br = links_by_index(&n->links, l->master);
		if (br != NULL && !nft_bridge_vid(br->name, &vid) && !nft_port_joined(n, l->name))
			nft_elems_add(&want[SET_FOREIGN], NULL, l->name, NULL);
		if (!nft_is_uplink(n, l))
			continue;
		nft_elems_add(&want[SET_UPLINK], NULL, l->name, NULL);
		if ((v = nft_vlan_of(n, nft_link_vid(n, l))) == NULL)
			continue;
		if (v->v.wired_any)
			nft_elems_add(&want[SET_ANYHOST], NULL, l->name, NULL);
		for (size_t g = 0; g < v->v.gateways; g++)
			if (v->known[g])
				nft_elems_add(&want[SET_WIRED], v->gateway_mac[g], l->name, NULL);
		for (size_t w = 0; w < v->v.wireds; w++)
			nft_elems_add(&want[SET_WIRED], v->v.wired[w], l->name, NULL);
	}
}

static void
want_vlans(const struct nft *n, struct nft_elems *want)
{
	for (size_t i = 0; i < n->vlans; i++) {
		const struct nft_vlan *v = &n->vlan[i];

		for (size_t g = 0; g < v->v.gateways; g++) {
			if (!v->known[g])
				continue;
			nft_elems_add(&want[SET_GATEWAY], v->gateway_mac[g], NULL, NULL);
			nft_elems_add(&want[SET_FORBIDDEN], v->gateway_mac[g], NULL, NULL);
		}
		for (size_t w = 0; w < v->v.wireds; w++)
			nft_elems_add(&want[SET_FORBIDDEN], v->v.wired[w], NULL, NULL);
	}
}

static int
mac_in_elem(const void *mac, const void *elem)
{
	return memcmp(mac, elem, 6);
}

static bool
forbids(const struct nft_elems *forbidden, const uint8_t mac[6])
{
	return forbidden->n > 0 &&
	    bsearch(mac, forbidden->v, forbidden->n, sizeof(*forbidden->v), mac_in_elem) != NULL;
}

/* Fills SET_OWN and SET_STATION and the members of all private networks. */
static size_t
want_stations(const struct nft *n, struct nft_elems *want, struct peers_member *m)
{
	size_t count = 0;

	for (size_t i = 0; i < n->owns; i++) {
		const struct nft_own *o = &n->own[i];
		const char *port = placed_port(n, o);
		char note[NFT_NOTE_MAX];

		nft_elems_add(&want[SET_STATION], o->sta.mac, NULL, NULL);
		if (forbids(&want[SET_FORBIDDEN], o->sta.mac))
			continue;
		nft_note(o, note);
		if (port[0] != '\0')
			nft_elems_add(&want[SET_OWN], o->sta.mac, port, note);
		/* without a place it still counts: its MAC may be live in another group */
		m[count] = (struct peers_member){.vlan = o->at.vlan, .group = o->at.group};
		memcpy(m[count].mac, o->sta.mac, 6);
		memcpy(m[count].port, port, strlen(port));
		count++;
	}
	for (size_t i = 0; i < n->sess; i++) {
		const struct feed_session *s = &n->ses[i];

		nft_elems_add(&want[SET_STATION], s->mac, NULL, NULL);
		if (memcmp(s->agent, n->agent_id, 16) == 0 || forbids(&want[SET_FORBIDDEN], s->mac))
			continue; /* our own we know better; a forger has no friends */
		m[count] = (struct peers_member){.vlan = s->vlan, .group = s->group};
		memcpy(m[count].mac, s->mac, 6);
		count++;
	}
	return count;
}

enum kf_err
nft_want(const struct nft *n, struct nft_elems want[SET__MAX], struct peers *peers)
{
	struct peers_member *m = calloc(n->owns + n->sess + 1, sizeof(*m));
	enum kf_err r;

	if (m == NULL)
		return KF_ENOMEM;
	want_links(n, want);
	want_vlans(n, want);
	nft_elems_sort(&want[SET_FORBIDDEN]);
	r = peers_compute(m, want_stations(n, want, m), peers);
	free(m);
	for (size_t i = 0; r == KF_OK && i < peers->pairs; i++)
		nft_elems_add(&want[SET_PEER], peers->pair[i].mac, peers->pair[i].port, NULL);
	for (size_t i = 0; i < SET__MAX; i++) {
		nft_elems_sort(&want[i]);
		if (want[i].bad)
			r = KF_ENOMEM;
	}
	return r;
}

void
nft_note(const struct nft_own *own, char note[NFT_NOTE_MAX])
{
	char bss[18];
	int len;

	kf_mac_str(own->sta.bss, bss);
	len = snprintf(note, NFT_NOTE_MAX, "group %" PRIu32 " vlan %u slot %u bss %s",
	    own->at.group, own->at.vlan, own->at.slot, bss);
	assert(len > 0 && len < NFT_NOTE_MAX);
}

enum kf_err
nft_note_read(const struct nft_elem *elem, struct nft_own *own)
{
	char bss[18];

	*own = (struct nft_own){0};
	memcpy(own->sta.mac, elem->key, 6);
	memcpy(own->at.port, elem->key + 8, sizeof(own->at.port) - 1);
	if (sscanf(elem->note, "group %8" SCNu32 " vlan %4" SCNu16 " slot %5" SCNu16 " bss %17s",
		&own->at.group, &own->at.vlan, &own->at.slot, bss) != 4 ||
	    own->at.group < 2 || own->at.group > GROUP_MAX || own->at.vlan < 1 ||
	    own->at.vlan > VID_MAX)
		return KF_EINVAL;
	return kf_parse_mac(kf_span_str(bss), own->sta.bss);
}
