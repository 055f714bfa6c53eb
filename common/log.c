#include "common/log.h"

#include "common/env.h"
#include "common/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LOG_LINE_MAX 2000

static const char *
level_name(enum kf_level level)
{
	static const char *const name[] = {"debug", "info", "warn", "error"};

	return name[level];
}

void
kf_log(enum kf_level level, const char *area, const char *fmt, ...)
{
	char text[LOG_LINE_MAX], line[LOG_LINE_MAX + 100], when[21];
	va_list ap;
	int64_t ms = kf_env_real.now_ms(NULL);
	int n;

	if (level == LOGL_DEBUG && getenv("KEYFOB_DEBUG") == NULL)
		return;
	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	for (char *c = text; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	kf_time_utc(ms / 1000, when);
	n = snprintf(line, sizeof(line), "%.19s.%03dZ %s %s %s\n", when, (int)(ms % 1000),
	    level_name(level), area, text);
	if (n > 0 && write(STDERR_FILENO, line, (size_t)n) < 0)
		return; /* nowhere to say so */
}
