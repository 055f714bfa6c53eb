#include "ap-agent/slot.h"
#include "tests/unit/tap.h"

#include <stdbool.h>

int
main(void)
{
	const uint8_t a[6] = {1}, b[6] = {2};
	struct slots *s = slots_new();
	uint16_t one, vlan = 0;
	bool fine = true;

	OK(s != NULL);
	IT("one slot for (group, VLAN) on a BSS, the same again");
	one = slot_get(s, 10, 20, a);
	OK(one >= 1 && slot_get(s, 10, 20, a) == one);
	OK(slot_get(s, 10, 21, a) != one && slot_get(s, 11, 20, a) != one);
	OK(slot_get(s, 11, 20, b) == 1);
	OK(slot_group(s, one, a, &vlan) == 10 && vlan == 20);

	IT("when all are given, the one that nobody used for longest is given again");
	slot_hold(s, one, a);
	for (uint32_t g = 100; g < 100 + SLOT_MAX; g++)
		fine = slot_get(s, g, 20, a) != 0 && fine;
	OK(fine && slot_get(s, 10, 20, a) == one);

	IT("none is taken from a station");
	fine = true;
	for (uint16_t i = 1; i <= SLOT_MAX; i++)
		slot_hold(s, i, a);
	OK(slot_get(s, 99999, 20, a) == 0);
	slot_drop(s, 7, a);
	OK(slot_get(s, 99999, 20, a) == 7);
	slots_free(&s);
	return tap_end();
}
