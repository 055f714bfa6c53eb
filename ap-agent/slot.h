/* Slots: small numbers for (group, VLAN) on one BSS, which only this agent and its hostapd know.
 * A slot that no station uses is given away again when no other is free. */
#ifndef AGENT_SLOT_H
#define AGENT_SLOT_H

#include <stddef.h>
#include <stdint.h>

#define SLOT_MAX 4094 /* hostapd takes it for a VLAN id */

struct slots;

struct slots *slots_new(void); /* NULL: no memory */
void slots_free(struct slots **slots);

/* The slot of (group, vlan) on the BSS, the same as long as it is used. 0: all are in use. */
uint16_t slot_get(struct slots *s, uint32_t group, uint16_t vlan, const uint8_t bss[6]);
/* A station sits in it / has left it. */
void slot_hold(struct slots *s, uint16_t slot, const uint8_t bss[6]);
void slot_drop(struct slots *s, uint16_t slot, const uint8_t bss[6]);
/* The group and VLAN that a slot stands for; 0 when it is free. */
uint32_t slot_group(const struct slots *s, uint16_t slot, const uint8_t bss[6], uint16_t *vlan);

#endif
