#include "ap-agent/isolate_nft_rules.h"

#include <arpa/inet.h>
#include <assert.h>

static const struct {
	const char *name;
	enum nft_set_kind kind;
} sets[SET__MAX] = {
    [SET_OWN] = {"own", SET_OF_MAC_PORT},
    [SET_PEER] = {"peer", SET_OF_MAC_PORT},
    [SET_WIRED] = {"wired", SET_OF_MAC_PORT},
    [SET_STATION] = {"station", SET_OF_MAC},
    [SET_FORBIDDEN] = {"forbidden", SET_OF_MAC},
    [SET_GATEWAY] = {"gateway", SET_OF_MAC},
    [SET_UPLINK] = {"uplink", SET_OF_PORT},
    [SET_ANYHOST] = {"anyhost", SET_OF_PORT},
    [SET_FOREIGN] = {"foreign", SET_OF_PORT},
};

static const char *const kinds[] = {
    [SET_OF_MAC] = "ether_addr",
    [SET_OF_PORT] = "ifname",
    [SET_OF_MAC_PORT] = "ether_addr . ifname",
};

/* A bridge port that is neither uplink nor foreign carries stations, also one that nobody has
 * announced yet: it is closed until its stations stand in "own".
 * prerouting runs before the bridge learns a source address, so a forged one never moves the
 * gateway's entry in the forwarding table to a station's port. EAPOL is hostapd's. A frame
 * with a VLAN tag of its own would leave the VLAN by the uplink. */
static const char static_chains[] =
    "add chain bridge keyfob prerouting { type filter hook prerouting priority -300; policy "
    "accept; }\n"
    "add chain bridge keyfob forward { type filter hook forward priority 0; policy drop; }\n"
    "add chain bridge keyfob input { type filter hook input priority 0; policy accept; }\n"
    "add chain bridge keyfob output { type filter hook output priority 0; policy accept; }\n"
    "add chain bridge keyfob from_wire\n"
    "add chain bridge keyfob impostor\n"
    "add chain bridge keyfob to_gateway\n"
    "add chain bridge keyfob from_gateway\n"
    "flush chain bridge keyfob prerouting\n"
    "flush chain bridge keyfob forward\n"
    "flush chain bridge keyfob input\n"
    "flush chain bridge keyfob output\n"
    "flush chain bridge keyfob from_wire\n"
    "flush chain bridge keyfob impostor\n"
    "flush chain bridge keyfob to_gateway\n"
    "flush chain bridge keyfob from_gateway\n"
    "add rule bridge keyfob prerouting iifname @foreign accept\n"
    "add rule bridge keyfob prerouting iifname @uplink accept\n"
    "add rule bridge keyfob prerouting ether saddr @forbidden counter drop comment \"forged\"\n"
    "add rule bridge keyfob prerouting ether type 0x888e accept\n"
    "add rule bridge keyfob prerouting ether saddr . iifname != @own counter drop comment "
    "\"unknown station\"\n"
    "add rule bridge keyfob prerouting ether type { 0x8100, 0x88a8 } counter drop comment "
    "\"tagged\"\n"
    "add rule bridge keyfob prerouting jump impostor\n"
    "add rule bridge keyfob forward iifname @foreign oifname @foreign accept\n"
    "add rule bridge keyfob forward iifname @uplink goto from_wire\n"
    "add rule bridge keyfob forward ether daddr @gateway jump to_gateway\n"
    "add rule bridge keyfob forward oifname @uplink accept\n"
    "add rule bridge keyfob forward ether saddr . oifname @peer accept\n"
    "add rule bridge keyfob forward counter drop comment \"port to port\"\n"
    "add rule bridge keyfob from_wire ether saddr @gateway jump from_gateway\n"
    "add rule bridge keyfob from_wire ether saddr . iifname @wired accept\n"
    "add rule bridge keyfob from_wire ether saddr . oifname @peer accept\n"
    "add rule bridge keyfob from_wire iifname @anyhost ether saddr != @station accept\n"
    "add rule bridge keyfob from_wire counter drop comment \"wire to port\"\n"
    /* An AP that routes itself must not be the detour either. */
    "add rule bridge keyfob input iifname @foreign accept\n"
    "add rule bridge keyfob input iifname @uplink accept\n"
    "add rule bridge keyfob input jump to_gateway\n"
    "add rule bridge keyfob output oifname @foreign accept\n"
    "add rule bridge keyfob output oifname @uplink accept\n"
    "add rule bridge keyfob output jump from_gateway\n";

const char *
nft_set_name(enum nft_set set)
{
	assert(set < SET__MAX);
	return sets[set].name;
}

enum nft_set_kind
nft_set_kind(enum nft_set set)
{
	assert(set < SET__MAX);
	return sets[set].kind;
}

static void
addr_text(const struct feed_addr *a, char out[INET6_ADDRSTRLEN])
{
	if (inet_ntop(a->family == 4 ? AF_INET : AF_INET6, a->b, out, INET6_ADDRSTRLEN) == NULL)
		out[0] = '\0'; /* cannot be: 46 bytes hold every address */
}

/* A station may not speak as a gateway: neither ARP nor ND nor IP. Other APs learn the gateway
 * from what they hear on the wire, so this is what makes that learning sound. */
static void
rules_impostor(const struct feed_addr *gw, struct kf_buf *out)
{
	char text[INET6_ADDRSTRLEN];

	addr_text(gw, text);
	if (gw->family == 4) {
		kf_buf_fmt(out,
		    "add rule bridge keyfob impostor arp saddr ip %s counter drop\n"
		    "add rule bridge keyfob impostor ip saddr %s counter drop\n",
		    text, text);
		return;
	}
	kf_buf_fmt(out,
	    "add rule bridge keyfob impostor ip6 saddr %s counter drop\n"
	    "add rule bridge keyfob impostor icmpv6 type nd-neighbor-advert @th,64,128 0x",
	    text);
	kf_buf_hex(out, kf_span_of(gw->b, 16));
	kf_buf_str(out, " counter drop\n");
}

/* verdict "return" for a gateway's own address, then "counter drop" for a whole prefix. */
static void
rules_detour(const struct feed_addr *a, bool prefix, struct kf_buf *out)
{
	static const struct {
		const char *chain, *field;
	} way[] = {{"to_gateway", "daddr"}, {"from_gateway", "saddr"}};
	const char *verdict = prefix ? "counter drop comment \"detour\"" : "return";
	unsigned bits = prefix ? a->bits : a->family == 4 ? 32 : 128;
	char text[INET6_ADDRSTRLEN];

	addr_text(a, text);
	for (size_t i = 0; i < sizeof(way) / sizeof(way[0]); i++) {
		kf_buf_fmt(out, "add rule bridge keyfob %s %s %s %s/%u %s\n", way[i].chain,
		    a->family == 4 ? "ip" : "ip6", way[i].field, text, bits, verdict);
		if (a->family == 4)
			kf_buf_fmt(out, "add rule bridge keyfob %s arp %s ip %s/%u %s\n",
			    way[i].chain, way[i].field, text, bits, verdict);
	}
}

void
nft_rules(const struct feed_vlan *vlan, size_t n, struct kf_buf *out)
{
	kf_buf_str(out, "add table bridge keyfob\n");
	for (size_t i = 0; i < SET__MAX; i++)
		kf_buf_fmt(out, "add set bridge keyfob %s { type %s; }\n", sets[i].name,
		    kinds[sets[i].kind]);
	kf_buf_str(out, static_chains);
	kf_buf_str(
	    out, "add rule bridge keyfob impostor icmpv6 type nd-router-advert counter drop\n");
	for (size_t i = 0; i < n; i++)
		for (size_t g = 0; g < vlan[i].gateways; g++) {
			rules_impostor(&vlan[i].gateway[g], out);
			rules_detour(&vlan[i].gateway[g], false, out);
		}
	for (size_t i = 0; i < n; i++)
		for (size_t p = 0; p < vlan[i].prefixes; p++)
			rules_detour(&vlan[i].prefix[p], true, out);
}
