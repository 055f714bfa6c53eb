/* The whole test framework: OK(condition) prints one TAP line; name the behaviour with IT(). */
#ifndef TESTS_TAP_H
#define TESTS_TAP_H

#include <stdio.h>

static int tap_n, tap_failed;
static const char *tap_name = "";

/* One behaviour, in words. The OK lines that follow belong to it. */
#define IT(name) (tap_name = (name))

#define OK(cond) tap_ok((cond) ? 1 : 0, #cond, __FILE__, __LINE__)

static inline int
tap_ok(int ok, const char *text, const char *file, int line)
{
	printf("%sok %d - %s: %s\n", ok ? "" : "not ", ++tap_n, tap_name, text);
	if (!ok) {
		printf("# %s:%d\n", file, line);
		tap_failed++;
	}
	return ok;
}

/* The last statement of main. */
static inline int
tap_end(void)
{
	printf("1..%d\n", tap_n);
	return tap_failed > 0;
}

#endif
