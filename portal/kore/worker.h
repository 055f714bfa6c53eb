/* The worker process: Kore's hooks, and the one struct web_worker it holds. */
#ifndef PORTAL_KORE_WORKER_H
#define PORTAL_KORE_WORKER_H

#include "common/secret.h"
#include "portal/core/config.h"
#include "portal/kore/conf.h"
#include "portal/kore/tls.h"

struct web_worker;

typedef enum kf_err (*worker_start_fn)(struct web_worker *w);
/* Made by routes.awk: the `start` lines, ended by NULL. */
extern const worker_start_fn starts_web[], starts_feed[];

/* What the parent read before it forks; workers inherit it. All outlive the program. */
struct worker_plan {
	enum role role;
	const struct config *conf;
	struct kf_sealkey *master; /* each worker wipes its own copy once its store is open */
	struct tls *tls;	   /* NULL: plain http */
};

/* In the parent, once: the plan of all workers. It is borrowed. */
void worker_prepare(const struct worker_plan *plan);
/* In a worker: its web_worker. */
struct web_worker *worker_self(void);

#endif
