#include "portal/kore/seccomp.h"

#include <errno.h>
#include <stddef.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include <kore/kore.h>
#include <kore/seccomp.h>

#if defined(__SANITIZE_ADDRESS__)
/* The sanitizers' own calls are no concern of the product's filter. */
static struct sock_filter filter[] = {BPF_STMT(BPF_RET + BPF_K, SECCOMP_RET_ALLOW)};
#else
/* By need. Kore's own list (read, write, openat, mmap without PROT_EXEC, epoll ...) comes after. */
static struct sock_filter filter[] = {
    /* glibc 2.36: stat and fstat are newfstatat; malloc grows by mremap */
    KORE_SYSCALL_ALLOW(newfstatat),
    KORE_SYSCALL_ALLOW(mremap),
    /* abort() and assert: gettid, tgkill; else they would look like a sandbox violation */
    KORE_SYSCALL_ALLOW(gettid),
    KORE_SYSCALL_ALLOW(tgkill),
    /* SQLite: the database, its WAL and locks; fchown only when root */
    KORE_SYSCALL_ALLOW(pread64),
    KORE_SYSCALL_ALLOW(pwrite64),
    KORE_SYSCALL_ALLOW(fdatasync),
    KORE_SYSCALL_ALLOW(fsync),
    KORE_SYSCALL_ALLOW(ftruncate),
    KORE_SYSCALL_ALLOW(fallocate),
    KORE_SYSCALL_ALLOW(fchmod),
    KORE_SYSCALL_ALLOW(fchown),
    KORE_SYSCALL_ALLOW(rename),
    KORE_SYSCALL_ALLOW(mkdir),
    /* lasso, libxml2 and xmlsec look for files of theirs */
    KORE_SYSCALL_ALLOW(faccessat2),
    KORE_SYSCALL_ALLOW(getdents64),
    KORE_SYSCALL_ALLOW(uname),
    /* glib's locale and thread set-up; clone3 fails so that glibc never makes a thread here */
    KORE_SYSCALL_ALLOW(prlimit64),
    KORE_SYSCALL_ALLOW(sched_yield),
    KORE_SYSCALL_ALLOW(sched_getaffinity),
    KORE_SYSCALL_DENY(clone3, ENOSYS),
    KORE_SYSCALL_DENY(clone, EPERM),
    /* OpenSSL seeds itself and asks who it is */
    KORE_SYSCALL_ALLOW(getppid),
    KORE_SYSCALL_ALLOW(getgid),
    KORE_SYSCALL_ALLOW(getegid),
    KORE_SYSCALL_ALLOW(sysinfo),
    KORE_SYSCALL_ALLOW(gettimeofday),
    /* no worker connects to anybody: libraries that try get a plain error */
    KORE_SYSCALL_DENY(socket, EACCES),
    KORE_SYSCALL_DENY(connect, EACCES),
};
#endif

void
seccomp_add_filters(void)
{
	if (!kore_seccomp_filter("keyfob", filter, KORE_FILTER_LEN(filter)))
		fatal("seccomp: cannot add the filter");
}
