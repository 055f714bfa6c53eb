/* The duties of keyfob-jobs: what blocks or what time brings. One file each; main.c has the table
 * and the loop. One thread: a duty that must wait for the outside does it in a child. */
#ifndef JOBS_DUTY_H
#define JOBS_DUTY_H

#include "common/err.h"
#include "portal/core/app.h"
#include "portal/core/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DUTY_FDS_MAX 8

struct jobs {
	struct app *app;
	const struct config *conf;
	const struct kf_env *env;
};

struct duty {
	const char *name;
	bool on_change; /* run also when another process wrote to the database */
	/* jobs outlives *ctx, which is owned. Says in the log why it fails; the program ends. */
	enum kf_err (*open)(const struct jobs *jobs, void **ctx);
	/* Do what is due. Returns in how many ms to come again at the latest, at least 1. */
	int64_t (*run)(void *ctx);
	/* What to run for when it is readable: at most DUTY_FDS_MAX. NULL: nothing. */
	size_t (*fds)(void *ctx, int *fd);
	/* The program ends: leave everything so that the next one carries on. At most half a
	 * second. */
	void (*close)(void *ctx);
};

extern const struct duty duty_mailer;	/* mailer.c: mail that was promised */
extern const struct duty duty_sweep;	/* sweep.c: what is over */
extern const struct duty duty_feedcert; /* feedcert.c: the feed's certificate */

#endif
