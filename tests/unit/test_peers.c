#include "ap-agent/peers.h"
#include "tests/unit/tap.h"

#include <stdlib.h>
#include <string.h>

#define ALICE 100
#define BOB 200

static struct peers_member
member(uint8_t last, uint32_t group, uint16_t vlan, const char *port)
{
	struct peers_member m = {.mac = {2, 0, 0, 0, 0, last}, .group = group, .vlan = vlan};

	memcpy(m.port, port, strlen(port));
	return m;
}

static int
has(const struct peers *p, uint8_t last, const char *port)
{
	int n = 0;

	for (size_t i = 0; i < p->pairs; i++)
		n += p->pair[i].mac[5] == last && strcmp(p->pair[i].port, port) == 0;
	return n;
}

static void
test_groups(void)
{
	const struct peers_member m[] = {
	    member(1, ALICE, 20, "wlan0.1"),
	    member(2, ALICE, 20, "wlan1.1"),
	    member(3, ALICE, 20, ""),
	    member(4, BOB, 20, "wlan0.2"),
	    member(5, BOB, 20, ""),
	    member(6, ALICE, 30, ""),
	};
	struct peers p;

	IT("lets two ports of one group on one AP reach each other");
	OK(peers_compute(m, 6, &p) == KF_OK);
	OK(has(&p, 1, "wlan1.1") == 1 && has(&p, 2, "wlan0.1") == 1);
	IT("lets a station behind another AP reach each port of its group");
	OK(has(&p, 3, "wlan0.1") == 1 && has(&p, 3, "wlan1.1") == 1 && has(&p, 5, "wlan0.2") == 1);
	IT("keeps groups apart");
	OK(has(&p, 4, "wlan0.1") == 0 && has(&p, 5, "wlan0.1") == 0 && has(&p, 3, "wlan0.2") == 0);
	IT("keeps one group's VLANs apart");
	OK(has(&p, 6, "wlan0.1") == 0 && has(&p, 6, "wlan1.1") == 0);
	IT("leaves to the radio what stays on one port");
	OK(has(&p, 1, "wlan0.1") == 0);
	OK(p.pairs == 5 && p.conflicts == 0);
	peers_release(&p);
}

static void
test_conflict(void)
{
	const struct peers_member m[] = {
	    member(1, ALICE, 20, "wlan0.1"),
	    member(2, ALICE, 20, "wlan1.1"),
	    member(1, BOB, 20, ""),
	    member(4, BOB, 20, "wlan0.2"),
	    member(7, ALICE, 20, ""),
	    member(7, BOB, 30, ""),
	    member(8, ALICE, 20, ""),
	    member(8, ALICE, 20, ""),
	};
	struct peers p;

	IT("puts a MAC live in two groups into no pair, on either side");
	OK(peers_compute(m, 8, &p) == KF_OK);
	OK(has(&p, 1, "wlan1.1") == 0 && has(&p, 1, "wlan0.2") == 0);
	IT("counts a conflict over VLANs too");
	OK(has(&p, 7, "wlan0.1") == 0);
	OK(p.conflicts == 2 && p.conflict[0][5] == 1 && p.conflict[1][5] == 7);
	IT("does not take a station seen twice in one group for a conflict, and pairs it once");
	OK(has(&p, 8, "wlan0.1") == 1);
	IT("leaves the rest of the group as it was");
	OK(has(&p, 2, "wlan0.1") == 1);
	peers_release(&p);
}

static void
test_mixed_port(void)
{
	const struct peers_member m[] = {
	    member(1, ALICE, 20, "wlan0.20"),
	    member(2, BOB, 20, "wlan0.20"),
	    member(3, ALICE, 20, ""),
	    member(4, ALICE, 20, "wlan1.1"),
	};
	struct peers p;

	IT("opens a port with stations of two groups for nobody");
	OK(peers_compute(m, 4, &p) == KF_OK);
	OK(has(&p, 3, "wlan0.20") == 0 && has(&p, 4, "wlan0.20") == 0);
	IT("leaves the group's other ports open");
	OK(has(&p, 1, "wlan1.1") == 1 && has(&p, 3, "wlan1.1") == 1 && p.pairs == 2);
	peers_release(&p);
}

static void
test_edges(void)
{
	struct peers_member *many = calloc(1000, sizeof(*many));
	const struct peers_member one = member(1, ALICE, 20, "wlan0.1");
	struct peers p = {0};

	IT("gives nothing for nobody");
	OK(peers_compute(NULL, 0, &p) == KF_OK && p.pairs == 0 && p.conflicts == 0);
	peers_release(&p);
	IT("gives nothing for one alone");
	OK(peers_compute(&one, 1, &p) == KF_OK && p.pairs == 0);
	peers_release(&p);
	IT("sorts its pairs, so that lists can be compared");
	for (int i = 0; i < 1000; i++) {
		many[i] = member((uint8_t)(i * 7), ALICE, 20, i % 2 == 0 ? "" : "wlan0.1");
		many[i].mac[4] = (uint8_t)(i >> 8);
	}
	OK(peers_compute(many, 1000, &p) == KF_OK && p.pairs == 500);
	int sorted = 1;
	for (size_t i = 1; i < p.pairs; i++)
		sorted &= memcmp(p.pair[i - 1].mac, p.pair[i].mac, 6) < 0;
	OK(sorted);
	peers_release(&p);
	free(many);
}

static void
test_limit(void)
{
	size_t n = 1100;
	struct peers_member *many = calloc(n, sizeof(*many));
	struct peers p = {0};

	IT("refuses more pairs than an AP holds, and changes nothing");
	for (size_t i = 0; i < n; i++) {
		many[i] = member((uint8_t)i, ALICE, 20, "");
		many[i].mac[4] = (uint8_t)(i >> 8);
		(void)snprintf(many[i].port, sizeof(many[i].port), "wlan0.%zu", i);
	}
	OK(peers_compute(many, n, &p) == KF_ELIMIT);
	OK(p.pair == NULL && p.pairs == 0);
	free(many);
}

int
main(void)
{
	test_groups();
	test_conflict();
	test_mixed_port();
	test_edges();
	test_limit();
	return tap_end();
}
