/* The key file of keyfob-agent match: NAME<TAB>passphrase-or-64-hex a line. */
#ifndef AGENT_MATCH_KEYS_H
#define AGENT_MATCH_KEYS_H

#include "common/err.h"
#include "common/feed.h"
#include "common/match/match.h"

#include <stdio.h>

#define MATCH_KEYS_MAX 100000
#define MATCH_LINE_MAX 512
#define MATCH_WHY_MAX 256

struct match_keys;

/* Empty lines are passed over; CR LF is fine. A passphrase costs some milliseconds (PBKDF2).
 * why: on failure "3: expected ...", the line's number first.
 * KF_EINVAL: a bad line, or no key at all; KF_ELIMIT: more than MATCH_KEYS_MAX; KF_EIO. */
enum kf_err match_keys_read(FILE *file, const struct feed_ssid *ssid, struct match_keys **out,
    char why[MATCH_WHY_MAX]) KF_MUST_CHECK;
void match_keys_free(struct match_keys **keys); /* wipes */

/* The name of the first key that made the MIC; NULL when none did. Borrowed.
 * KF_EIO: crypto failed. */
enum kf_err match_keys_find(
    const struct match_keys *keys, const struct handshake *hs, const char **name) KF_MUST_CHECK;

#endif
