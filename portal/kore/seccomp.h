/* The system calls a worker may make. */
#ifndef PORTAL_KORE_SECCOMP_H
#define PORTAL_KORE_SECCOMP_H

/* Adds our filter before Kore's own. What no filter names ends the worker with SIGSYS; with
 * `seccomp trace` in keyfob.conf it is logged by name instead. */
void seccomp_add_filters(void);

#endif
