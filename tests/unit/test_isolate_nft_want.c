#include "ap-agent/isolate_nft.h"
#include "tests/unit/tap.h"

#include <string.h>

#define GROUP 100
#define VLAN 20

/* up0 in br20, wlan0.11 in br20, wlan0.12 in kf-none, tap0 in br0 (not ours). */
static struct link links[] = {
    {.index = 1, .name = "lo"},
    {.index = 2, .name = "up0", .master = 10, .mac = {2, 0xaa, 0, 0, 0, 2}},
    {.index = 3, .name = "wlan0.11", .master = 10, .mac = {2, 0xaa, 0, 0, 0, 3}},
    {.index = 4, .name = "wlan0.12", .master = 11, .mac = {2, 0xaa, 0, 0, 0, 3}},
    {.index = 5, .name = "tap0", .master = 12, .mac = {2, 0xaa, 0, 0, 0, 5}},
    {.index = 10, .name = "br20"},
    {.index = 11, .name = "kf-none"},
    {.index = 12, .name = "br0"},
};

static struct nft_vlan vlan = {
    .v = {.vid = VLAN, .gateways = 1}, .gateway_mac = {{2, 0, 0, 0, 0x20, 1}}, .known = {true}};

static struct nft_own own[] = {
    {.sta = {.mac = {2, 0, 0, 0, 0, 1}}, .at = {VLAN, GROUP, 11, "wlan0.11"}},
    {.sta = {.mac = {2, 0, 0, 0, 0, 2}}, .at = {VLAN, GROUP, 12, "wlan0.12"}},
};

static struct feed_session ses[] = {
    {.agent = {9}, .mac = {2, 0, 0, 0, 0, 3}, .group = GROUP, .vlan = VLAN},
    {.agent = {9}, .mac = {2, 0, 0, 0, 0x20, 1}, .group = GROUP, .vlan = VLAN},
    {.agent = {1}, .mac = {2, 0, 0, 0, 0, 4}, .group = GROUP, .vlan = VLAN},
};

static bool
has(const struct nft_elems *list, const uint8_t *mac, const char *port)
{
	struct nft_elems one = {0};
	bool found = false;

	nft_elems_add(&one, mac, port, NULL);
	for (size_t i = 0; i < list->n; i++)
		found |= memcmp(list->v[i].key, one.v[0].key, NFT_KEY_MAX) == 0;
	nft_elems_free(&one);
	return found;
}

static void
test_sets(void)
{
	struct nft n = {.uplink = "up0",
	    .agent_id = {1},
	    .links = {.v = links, .n = sizeof(links) / sizeof(links[0])},
	    .vlan = &vlan,
	    .vlans = 1,
	    .own = own,
	    .owns = 2,
	    .ses = ses,
	    .sess = 3};
	struct nft_elems w[SET__MAX] = {0};
	struct peers p = {0};

	OK(nft_want(&n, w, &p) == KF_OK);
	IT("binds a station to its port once that is in the VLAN's bridge, not before");
	OK(w[SET_OWN].n == 1 && has(&w[SET_OWN], own[0].sta.mac, "wlan0.11"));
	IT("pairs with remote stations of the group, only by such a port");
	OK(has(&w[SET_PEER], ses[0].mac, "wlan0.11") && !has(&w[SET_PEER], ses[0].mac, "wlan0.12"));
	IT("gives a remote station with a gateway's MAC no peers");
	OK(!has(&w[SET_PEER], ses[1].mac, "wlan0.11"));
	IT("takes no session of its own from the portal for a remote one");
	OK(!has(&w[SET_PEER], ses[2].mac, "wlan0.11"));
	IT("lets the gateway in by its own uplink");
	OK(w[SET_WIRED].n == 1 && has(&w[SET_WIRED], vlan.gateway_mac[0], "up0"));
	IT("leaves other bridges alone, and only those");
	OK(w[SET_FOREIGN].n == 1 && has(&w[SET_FOREIGN], NULL, "tap0"));
	IT("forbids stations the gateway's and its own MACs");
	OK(nft_is_forbidden(&n, vlan.gateway_mac[0]) && nft_is_forbidden(&n, links[1].mac));
	OK(w[SET_FORBIDDEN].n == 4 && !nft_is_forbidden(&n, own[0].sta.mac));
	IT("opens a VLAN to any wired host only when it says so");
	OK(w[SET_ANYHOST].n == 0);
	peers_release(&p);
	for (size_t i = 0; i < SET__MAX; i++)
		nft_elems_free(&w[i]);
}

static void
test_names(void)
{
	uint16_t vid;

	IT("knows its own bridges by name");
	OK(nft_bridge_vid("br20", &vid) && vid == 20);
	OK(nft_bridge_vid("kf-none", &vid) && vid == 0);
	IT("takes no other for its own");
	OK(!nft_bridge_vid("br0", &vid) && !nft_bridge_vid("br-lan", &vid));
	OK(!nft_bridge_vid("br4095", &vid) && !nft_bridge_vid("br020", &vid));
	OK(!nft_bridge_vid("br20x", &vid) && !nft_bridge_vid("br", &vid));
}

static void
test_notes(void)
{
	struct nft_own o = {.sta = {.mac = {2, 0, 0, 0, 0, 1}, .bss = {2, 0xaa, 0, 0, 0, 0}},
	    .at = {4094, 16777200, 4094, "wlan0.4094"}};
	struct nft_own got;
	struct nft_elems list = {0};
	char note[NFT_NOTE_MAX];

	IT("reads back what it notes at an element");
	nft_note(&o, note);
	nft_elems_add(&list, o.sta.mac, o.at.port, note);
	OK(nft_note_read(&list.v[0], &got) == KF_OK);
	OK(memcmp(&got.sta, &o.sta, sizeof(o.sta)) == 0 && got.at.group == o.at.group);
	OK(got.at.vlan == 4094 && got.at.slot == 4094 && strcmp(got.at.port, "wlan0.4094") == 0);
	IT("refuses a note that is not its own");
	memcpy(list.v[0].note, "printer", 8);
	OK(nft_note_read(&list.v[0], &got) == KF_EINVAL);
	memcpy(list.v[0].note, "group 1 vlan 20 slot 1 bss 02:aa:00:00:00:00", 45);
	OK(nft_note_read(&list.v[0], &got) == KF_EINVAL);
	memcpy(list.v[0].note, "group 2 vlan 0 slot 1 bss 02:aa:00:00:00:00", 44);
	OK(nft_note_read(&list.v[0], &got) == KF_EINVAL);
	nft_elems_free(&list);
}

int
main(void)
{
	test_sets();
	test_names();
	test_notes();
	return tap_end();
}
