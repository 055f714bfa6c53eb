#include "ap-agent/isolate_nft_rules.h"
#include "tests/unit/tap.h"

#include <string.h>

static bool
has(const struct kf_buf *b, const char *line)
{
	return strstr(kf_buf_cstr(b), line) != NULL;
}

static size_t
at(const struct kf_buf *b, const char *line)
{
	const char *p = strstr(kf_buf_cstr(b), line);

	return p == NULL ? (size_t)-1 : (size_t)(p - kf_buf_cstr(b));
}

static struct feed_addr
v4(uint8_t c, uint8_t d, uint8_t bits)
{
	return (struct feed_addr){.family = 4, .b = {10, 9, c, d}, .bits = bits};
}

int
main(void)
{
	struct feed_vlan v[2] = {{.vid = 20}, {.vid = 30}};
	struct kf_buf b = {0};

	v[0].prefix[v[0].prefixes++] = v4(20, 0, 24);
	v[0].gateway[v[0].gateways++] = v4(20, 1, 24); /* written with the prefix' length */
	v[0].prefix[v[0].prefixes++] =
	    (struct feed_addr){.family = 6, .b = {0x20, 0x01, 0x0d, 0xb8, 0, 0x20}, .bits = 64};
	v[0].gateway[v[0].gateways++] = (struct feed_addr){
	    .family = 6, .b = {0x20, 0x01, 0x0d, 0xb8, 0, 0x20, [15] = 1}, .bits = 128};
	v[1].prefix[v[1].prefixes++] = v4(30, 0, 24);
	v[1].gateway[v[1].gateways++] = v4(30, 1, 32);
	nft_rules(v, 2, &b);

	IT("drops what no rule lets pass");
	OK(has(&b, "hook forward priority 0; policy drop;"));
	IT("looks at forged sources before anything else a station sends");
	OK(at(&b, "prerouting ether saddr @forbidden") < at(&b, "prerouting ether type 0x888e"));
	OK(at(&b, "prerouting ether saddr @forbidden") < at(&b, "ether saddr . iifname != @own"));
	IT("never removes the table or a set: elements outlive a reload");
	OK(!has(&b, "delete ") && !has(&b, "flush set") && !has(&b, "flush table") &&
	    !has(&b, "flush ruleset"));
	IT("empties every chain it fills");
	OK(has(&b, "flush chain bridge keyfob from_gateway\n") &&
	    has(&b, "flush chain bridge keyfob forward\n"));
	IT("closes the detour both ways for every VLAN's prefixes, ARP too");
	OK(has(&b, "to_gateway ip daddr 10.9.20.0/24 counter drop"));
	OK(has(&b, "from_gateway ip saddr 10.9.20.0/24 counter drop"));
	OK(has(&b, "from_gateway arp saddr ip 10.9.30.0/24 counter drop"));
	OK(has(&b, "to_gateway ip6 daddr 2001:db8:20::/64 counter drop"));
	IT("excepts exactly the gateways' own addresses");
	OK(has(&b, "to_gateway ip daddr 10.9.20.1/32 return"));
	OK(!has(&b, "10.9.20.1/24"));
	IT("excepts all of them before the first prefix");
	OK(at(&b, "to_gateway ip daddr 10.9.30.1/32 return") <
	    at(&b, "to_gateway ip daddr 10.9.20.0/24 counter drop"));
	IT("stops a station that speaks as a gateway by ARP, ND or RA");
	OK(has(&b, "impostor arp saddr ip 10.9.20.1 counter drop"));
	OK(has(&b, "nd-neighbor-advert @th,64,128 0x20010db8002000000000000000000001 counter"));
	OK(has(&b, "impostor icmpv6 type nd-router-advert counter drop"));
	IT("needs nothing a plain kernel lacks");
	OK(!has(&b, "ibrname") && !has(&b, "reject") && !has(&b, "ct state"));
	kf_buf_free(&b);

	IT("is whole without any VLAN");
	nft_rules(NULL, 0, &b);
	OK(!b.bad && has(&b, "policy drop") && has(&b, "add set bridge keyfob peer"));
	kf_buf_free(&b);
	return tap_end();
}
