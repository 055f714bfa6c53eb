/* Small files: read whole, replaced whole. */
#ifndef AGENT_FILE_H
#define AGENT_FILE_H

#include "common/err.h"
#include "common/text.h"

/* Appends the file's bytes to out. KF_ENOENT: it is not there; KF_ELIMIT: longer than max; KF_EIO
 * (logged). */
enum kf_err file_read(const char *path, size_t max, struct kf_buf *out) KF_MUST_CHECK;
/* Writes beside it, syncs, renames: after a crash the file is the old or the new one. KF_EIO
 * (logged). */
enum kf_err file_write(const char *path, unsigned mode, struct kf_span bytes) KF_MUST_CHECK;
/* "dir/name". KF_EINVAL: longer than size. */
enum kf_err file_path(const char *dir, const char *name, char *out, size_t size) KF_MUST_CHECK;

#endif
