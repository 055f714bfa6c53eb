/* Dates as people read them. The portal does not know a reader's time zone, so it counts in UTC;
 * the full time with its zone stands beside the date (a title) and a script may localise clocks. */
#ifndef VIEW_WHEN_H
#define VIEW_WHEN_H

#include <stdint.h>

#define WHEN_MAX 40

/* t: seconds since 1970, year 1970..9999. */
void when_date(int64_t t, char out[WHEN_MAX]);	/* "Wed 23 December 2026" */
void when_full(int64_t t, char out[WHEN_MAX]);	/* "23 December 2026, 09:40 UTC" */
void when_clock(int64_t t, char out[WHEN_MAX]); /* "09:40 UTC" */

/* "30 days", "1 day", "5 hours", "less than an hour", from now to t; "" when t has passed.
 * Whole days are rounded to the nearest, so that a fresh key of 30 days says 30. */
void when_left(int64_t now, int64_t t, char out[WHEN_MAX]);

#endif
