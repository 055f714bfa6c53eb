#include "portal/view/when.h"

#include "tests/unit/tap.h"

#include <stdbool.h>
#include <string.h>

#define NOW 1795426800 /* Mon 23 November 2026, 09:40 UTC */

static bool
left(int64_t seconds, const char *want)
{
	char s[WHEN_MAX];

	when_left(NOW, NOW + seconds, s);
	return strcmp(s, want) == 0;
}

int
main(void)
{
	char s[WHEN_MAX];

	IT("writes a date for people");
	when_date(NOW + 30 * 86400, s);
	OK(strcmp(s, "Wed 23 December 2026") == 0);
	when_date(0, s);
	OK(strcmp(s, "Thu 1 January 1970") == 0);
	when_date(253402300799, s);
	OK(strcmp(s, "Fri 31 December 9999") == 0);
	IT("writes the full time with its zone");
	when_full(NOW, s);
	OK(strcmp(s, "23 November 2026, 09:40 UTC") == 0);
	IT("writes a time of day");
	when_clock(NOW, s);
	OK(strcmp(s, "09:40 UTC") == 0);
	IT("says what is left");
	OK(left(30 * 86400, "30 days"));
	OK(left(30 * 86400 - 5, "30 days"));
	OK(left(2 * 86400, "2 days"));
	OK(left(86400, "24 hours"));
	OK(left(3600, "1 hour"));
	OK(left(3599, "less than an hour"));
	OK(left(0, ""));
	OK(left(-1, ""));
	return tap_end();
}
