/* Passphrases: made by us, or given and judged. */
#ifndef CORE_PASSPHRASE_H
#define CORE_PASSPHRASE_H

#include "common/secret.h"

#define PASS_BITS_MIN 79 /* what one captured handshake must withstand for a key's life */
#define PASS_GROUPS 5	 /* of four symbols: 99 bits */
#define PASS_GROUPS_MIN 4
#define PASS_GROUPS_MAX 12

/* groups of four out of 31 symbols, joined by '-': nothing in it needs escaping in a QR code or
 * looks like something else. groups: PASS_GROUPS_MIN..PASS_GROUPS_MAX. KF_EIO no randomness. */
enum kf_err
passphrase_make(const struct kf_env *env, unsigned int groups, struct kf_pass *out) KF_MUST_CHECK;
/* Length times log2 of the size of the classes of characters in it (26 + 26 + 10 + 33), rounded
 * down: an upper bound, which is all that one can say of somebody else's passphrase. */
unsigned int passphrase_bits(struct kf_span pass);

#endif
