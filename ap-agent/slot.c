#include "ap-agent/slot.h"

#include <stdlib.h>
#include <string.h>

#define ENTRIES_MAX (4 * SLOT_MAX) /* over all BSSes */

struct entry {
	uint8_t bss[6];
	uint16_t slot, vlan;
	uint32_t group;
	uint32_t held;
	uint64_t used; /* the order of last use */
};

struct slots {
	struct entry *e;
	size_t n, cap;
	uint64_t clock;
};

struct slots *
slots_new(void)
{
	return calloc(1, sizeof(struct slots));
}

void
slots_free(struct slots **ps)
{
	struct slots *s = *ps;

	*ps = NULL;
	if (s != NULL)
		free(s->e);
	free(s);
}

static struct entry *
find(const struct slots *s, uint16_t slot, const uint8_t bss[6])
{
	for (size_t i = 0; i < s->n; i++)
		if (s->e[i].slot == slot && memcmp(s->e[i].bss, bss, 6) == 0)
			return &s->e[i];
	return NULL;
}

static struct entry *
entry_new(struct slots *s)
{
	size_t cap = s->cap > 0 ? s->cap * 2 : 64;
	struct entry *more;

	if (s->n == ENTRIES_MAX)
		return NULL;
	if (s->n == s->cap) {
		more = realloc(s->e, cap * sizeof(*more));
		if (more == NULL)
			return NULL;
		s->e = more;
		s->cap = cap;
	}
	return &s->e[s->n++];
}

uint16_t
slot_get(struct slots *s, uint32_t group, uint16_t vlan, const uint8_t bss[6])
{
	struct entry *idle = NULL, *e;
	uint16_t top = 0;

	for (size_t i = 0; i < s->n; i++) {
		e = &s->e[i];
		if (memcmp(e->bss, bss, 6) != 0)
			continue;
		if (e->group == group && e->vlan == vlan) {
			e->used = ++s->clock;
			return e->slot;
		}
		if (e->slot > top)
			top = e->slot;
		if (e->held == 0 && (idle == NULL || e->used < idle->used))
			idle = e;
	}
	if (top < SLOT_MAX && (e = entry_new(s)) != NULL)
		*e = (struct entry){.slot = (uint16_t)(top + 1)};
	else if ((e = idle) == NULL)
		return 0;
	memcpy(e->bss, bss, 6);
	e->group = group;
	e->vlan = vlan;
	e->used = ++s->clock;
	return e->slot;
}

void
slot_hold(struct slots *s, uint16_t slot, const uint8_t bss[6])
{
	struct entry *e = find(s, slot, bss);

	if (e != NULL)
		e->held++;
}

void
slot_drop(struct slots *s, uint16_t slot, const uint8_t bss[6])
{
	struct entry *e = find(s, slot, bss);

	if (e != NULL && e->held > 0)
		e->held--;
}

uint32_t
slot_group(const struct slots *s, uint16_t slot, const uint8_t bss[6], uint16_t *vlan)
{
	const struct entry *e = find(s, slot, bss);

	*vlan = e != NULL ? e->vlan : 0;
	return e != NULL ? e->group : 0;
}
