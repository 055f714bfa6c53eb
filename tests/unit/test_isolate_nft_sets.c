#include "ap-agent/isolate_nft_sets.h"
#include "tests/unit/tap.h"

#include <string.h>

static const uint8_t mac1[6] = {2, 0, 0, 0, 0, 1}, mac2[6] = {2, 0, 0, 0, 0, 2};

int
main(void)
{
	struct nft_elems a = {0}, b = {0}, d = {0};

	IT("lays a key out as the kernel does: MAC padded to 8, name of 16");
	nft_elems_add(&a, mac1, "wlan0.11", NULL);
	OK(a.n == 1 && memcmp(a.v[0].key, "\2\0\0\0\0\1\0\0wlan0.11\0\0\0\0\0\0\0\0", 24) == 0);
	nft_elems_add(&b, NULL, "up0", NULL);
	OK(memcmp(b.v[0].key, "up0\0\0\0\0", 8) == 0);
	nft_elems_free(&b);

	IT("keeps each key once, in order");
	nft_elems_add(&a, mac2, "wlan0.11", NULL);
	nft_elems_add(&a, mac1, "wlan0.11", NULL);
	nft_elems_add(&a, mac1, "wlan0.1", NULL);
	nft_elems_sort(&a);
	OK(a.n == 3 && a.v[2].key[5] == 2);

	IT("finds no difference between equal lists");
	for (size_t i = 0; i < 2; i++)
		nft_elems_add(&b, mac1, i == 0 ? "wlan0.11" : "wlan0.1", NULL);
	nft_elems_add(&b, mac2, "wlan0.11", NULL);
	nft_elems_sort(&b);
	nft_elems_minus(&a, &b, &d);
	OK(d.n == 0);

	IT("finds what is new");
	nft_elems_add(&b, mac2, "wlan0.12", NULL);
	nft_elems_sort(&b);
	nft_elems_minus(&b, &a, &d);
	OK(d.n == 1 && memcmp(d.v[0].key + 8, "wlan0.12", 9) == 0);
	nft_elems_free(&d);
	IT("finds nothing new the other way");
	nft_elems_minus(&a, &b, &d);
	OK(d.n == 0);

	IT("takes a changed comment for a difference");
	memcpy(b.v[0].note, "group 5", 8);
	nft_elems_minus(&b, &a, &d);
	OK(d.n == 2);
	nft_elems_free(&d);

	IT("gives everything against nothing");
	nft_elems_free(&b);
	nft_elems_minus(&a, &b, &d);
	OK(d.n == 3);
	nft_elems_free(&a);
	nft_elems_free(&d);
	return tap_end();
}
