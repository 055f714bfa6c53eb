#include "portal/view/when.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* Not strftime: the process may run under any locale. */
static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char *const months[] = {"January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December"};

static struct tm
utc(int64_t t)
{
	time_t seconds = (time_t)t;
	struct tm tm = {0};

	(void)gmtime_r(&seconds, &tm);
	return tm;
}

void
when_date(int64_t t, char out[WHEN_MAX])
{
	struct tm tm = utc(t);

	(void)snprintf(out, WHEN_MAX, "%s %d %s %d", days[tm.tm_wday], tm.tm_mday,
	    months[tm.tm_mon], tm.tm_year + 1900);
}

void
when_full(int64_t t, char out[WHEN_MAX])
{
	struct tm tm = utc(t);

	(void)snprintf(out, WHEN_MAX, "%d %s %d, %02d:%02d UTC", tm.tm_mday, months[tm.tm_mon],
	    tm.tm_year + 1900, tm.tm_hour, tm.tm_min);
}

void
when_clock(int64_t t, char out[WHEN_MAX])
{
	struct tm tm = utc(t);

	(void)snprintf(out, WHEN_MAX, "%02d:%02d UTC", tm.tm_hour, tm.tm_min);
}

static void
count(char out[WHEN_MAX], int64_t n, const char *unit)
{
	(void)snprintf(out, WHEN_MAX, "%lld %s%s", (long long)n, unit, n == 1 ? "" : "s");
}

void
when_left(int64_t now, int64_t t, char out[WHEN_MAX])
{
	int64_t left = t - now;

	if (left <= 0)
		out[0] = '\0';
	else if (left < 3600)
		(void)snprintf(out, WHEN_MAX, "less than an hour");
	else if (left < 36 * 3600)
		count(out, left / 3600, "hour");
	else
		count(out, (left + 12 * 3600) / 86400, "day");
}
