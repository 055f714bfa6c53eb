#include "ap-agent/file.h"

#include "common/log.h"
#include "common/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum kf_err
file_path(const char *dir, const char *name, char *out, size_t size)
{
	int n = snprintf(out, size, "%s/%s", dir, name);

	return n > 0 && (size_t)n < size ? KF_OK : KF_EINVAL;
}

enum kf_err
file_read(const char *path, size_t max, struct kf_buf *out)
{
	char buf[4096];
	ssize_t n = 0;
	size_t start = out->n;
	enum kf_err r = KF_OK;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return KF_ENOENT;
	while (fd >= 0 && out->n - start <= max && (n = read(fd, buf, sizeof(buf))) > 0)
		kf_buf_add(out, buf, (size_t)n);
	if (fd < 0 || n < 0) {
		kf_log(LOGL_ERROR, "file", "cannot read path=\"%s\" says=\"%s\"", path,
		    strerror(errno));
		r = KF_EIO;
	} else if (out->n - start > max) {
		r = KF_ELIMIT;
	} else if (out->bad) {
		r = KF_ENOMEM;
	}
	if (fd >= 0)
		close(fd);
	kf_wipe(buf, sizeof(buf));
	return r;
}

static bool
write_all(int fd, struct kf_span s)
{
	while (s.n > 0) {
		ssize_t n = write(fd, s.p, s.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		s.p += n;
		s.n -= (size_t)n;
	}
	return true;
}

enum kf_err
file_write(const char *path, unsigned mode, struct kf_span bytes)
{
	char tmp[PATH_MAX];
	int fd, n = snprintf(tmp, sizeof(tmp), "%s.new", path);
	bool ok;

	if (n < 0 || (size_t)n >= sizeof(tmp))
		return KF_EINVAL;
	(void)unlink(tmp);
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, (mode_t)mode);
	ok = fd >= 0 && write_all(fd, bytes) && fsync(fd) == 0;
	if (fd >= 0)
		ok = close(fd) == 0 && ok;
	ok = ok && rename(tmp, path) == 0;
	if (!ok)
		kf_log(LOGL_ERROR, "file", "cannot write path=\"%s\" says=\"%s\"", path,
		    strerror(errno));
	return ok ? KF_OK : KF_EIO;
}
