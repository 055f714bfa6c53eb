#include "ap-agent/isolate_nft_gateway.h"
#include "tests/unit/tap.h"

#include <string.h>

static const uint8_t gw[6] = {2, 0, 0, 0, 0x20, 1}, ap[6] = {2, 0xaa, 0, 0, 0, 0};

/* An ARP reply of 10.9.20.1 as Linux sends it; tcpdump -x, addresses changed. */
static const uint8_t arp[42] = {2, 0xaa, 0, 0, 0, 0, 2, 0, 0, 0, 0x20, 1, 8, 6, 0, 1, 8, 0, 6, 4, 0,
    2, 2, 0, 0, 0, 0x20, 1, 10, 9, 20, 1, 2, 0xaa, 0, 0, 0, 0, 0, 0, 0, 0};

static enum kf_err
parse(const uint8_t *p, size_t n, struct feed_addr *addr, uint8_t mac[6])
{
	return gateway_parse(kf_span_of(p, n), addr, mac);
}

/* A neighbour advertisement: source fe80::1, target 2001:db8:20::1. */
static size_t
advert(uint8_t *f)
{
	memset(f, 0, 86);
	memcpy(f, "\x33\x33\0\0\0\1", 6);
	memcpy(f + 6, gw, 6);
	memcpy(f + 12, "\x86\xdd\x60\0\0\0\0\x20\x3a\xff\xfe\x80", 12);
	f[14 + 23] = 1;
	f[54] = 136;
	memcpy(f + 62, "\x20\x01\x0d\xb8\0\x20", 6);
	f[77] = 1;
	return 86;
}

static void
test_arp(void)
{
	uint8_t f[42], mac[6];
	struct feed_addr a;

	IT("learns from an ARP reply");
	OK(parse(arp, sizeof(arp), &a, mac) == KF_OK);
	OK(a.family == 4 && memcmp(a.b, "\x0a\x09\x14\x01", 4) == 0 && memcmp(mac, gw, 6) == 0);
	IT("learns from an ARP request as well");
	memcpy(f, arp, sizeof(f));
	f[21] = 1;
	OK(parse(f, sizeof(f), &a, mac) == KF_OK);
	IT("refuses an ARP whose sender is not the frame's");
	f[27] = 9;
	OK(parse(f, sizeof(f), &a, mac) == KF_EINVAL);
	IT("learns nothing from a probe without sender address");
	memcpy(f, arp, sizeof(f));
	memset(f + 28, 0, 4);
	OK(parse(f, sizeof(f), &a, mac) == KF_ENOENT);
	IT("refuses a multicast source");
	memcpy(f, arp, sizeof(f));
	f[6] = 3;
	OK(parse(f, sizeof(f), &a, mac) == KF_EINVAL);
	IT("refuses ARP of another hardware or protocol");
	memcpy(f, arp, sizeof(f));
	f[15] = 6;
	OK(parse(f, sizeof(f), &a, mac) == KF_EINVAL);
	IT("refuses every cut of it");
	int refused = 0;
	for (size_t n = 0; n < 32; n++)
		refused += parse(arp, n, &a, mac) == KF_EINVAL;
	OK(refused == 32);
}

static void
test_nd(void)
{
	uint8_t f[86], mac[6];
	struct feed_addr a;
	size_t n = advert(f);

	IT("learns a neighbour advertisement's target");
	OK(parse(f, n, &a, mac) == KF_OK && a.family == 6);
	OK(memcmp(a.b, "\x20\x01\x0d\xb8\0\x20\0\0\0\0\0\0\0\0\0\1", 16) == 0);
	IT("learns a router advertisement's source");
	f[54] = 134;
	OK(parse(f, n, &a, mac) == KF_OK && a.b[0] == 0xfe && a.b[15] == 1);
	IT("refuses what came through a router");
	f[21] = 254;
	OK(parse(f, n, &a, mac) == KF_EINVAL);
	IT("learns nothing from an echo");
	advert(f);
	f[54] = 128;
	OK(parse(f, n, &a, mac) == KF_ENOENT);
	IT("learns nothing from duplicate address detection");
	advert(f);
	f[54] = 135;
	memset(f + 22, 0, 16);
	OK(parse(f, n, &a, mac) == KF_ENOENT);
	IT("learns nothing from UDP");
	f[20] = 17;
	OK(parse(f, n, &a, mac) == KF_ENOENT);
	IT("refuses an advertisement that is cut");
	advert(f);
	OK(parse(f, 70, &a, mac) == KF_EINVAL);
}

static void
test_probe(void)
{
	const struct feed_addr a4 = {.family = 4, .b = {10, 9, 20, 1}, .bits = 32};
	struct feed_addr a6 = {.family = 6, .b = {0x20, 0x01, 0x0d, 0xb8, 0, 0x20, [15] = 1}}, got;
	uint8_t f[GATEWAY_FRAME_MAX], mac[6];
	uint32_t sum = 0;

	IT("asks by ARP without an address of its own");
	OK(gateway_probe(&a4, ap, f) == 42);
	OK(memcmp(f + 28, "\0\0\0\0", 4) == 0 && memcmp(f + 38, "\x0a\x09\x14\x01", 4) == 0);
	OK(parse(f, 42, &got, mac) == KF_ENOENT && memcmp(mac, ap, 6) == 0);
	IT("asks by solicitation to the solicited-node group, with a right checksum");
	OK(gateway_probe(&a6, ap, f) == 78);
	OK(memcmp(f, "\x33\x33\xff\0\0\1", 6) == 0 && f[54] == 135);
	for (size_t i = 22; i < 78; i += 2) /* addresses and message, plus length and protocol */
		sum += (uint32_t)f[i] << 8 | f[i + 1];
	sum += 24 + 58;
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	OK(sum == 0xffff);
	IT("compares addresses as hosts");
	got = a6;
	got.bits = 64;
	OK(gateway_addr_eq(&a6, &got) && !gateway_addr_eq(&a6, &a4));
}

int
main(void)
{
	test_arp();
	test_nd();
	test_probe();
	return tap_end();
}
