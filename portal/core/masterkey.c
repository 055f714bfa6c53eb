#include "portal/core/masterkey.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>

static enum kf_err
decode(struct kf_span s, struct kf_sealkey *out)
{
	if (s.n == sizeof(out->b)) {
		memcpy(out->b, s.p, s.n);
		return KF_OK;
	}
	if (s.n > 0 && s.p[s.n - 1] == '\n')
		s.n--;
	return kf_unhex(s, out->b, sizeof(out->b));
}

enum kf_err
masterkey_read(const char *path, struct kf_sealkey *out, struct kf_buf *why)
{
	uint8_t bytes[2 * sizeof(out->b) + 2]; /* one more than any good file has */
	enum kf_err r = KF_EIO;
	struct stat st;
	ssize_t n = -1;
	int fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1 || fstat(fd, &st) == -1) {
		kf_buf_fmt(why, "%s: %s (keyfob init makes it)", path, strerror(errno));
		goto out;
	}
	if ((st.st_mode & S_IRWXO) != 0) {
		kf_buf_fmt(why, "%s: everybody may read the master key: chmod 0400 it", path);
		r = KF_EDENIED;
		goto out;
	}
	if ((n = read(fd, bytes, sizeof(bytes))) < 0) {
		kf_buf_fmt(why, "%s: %s", path, strerror(errno));
		goto out;
	}
	if ((r = decode(kf_span_of(bytes, (size_t)n), out)) != KF_OK)
		kf_buf_fmt(why, "%s: expected 64 hexadecimal digits or 32 bytes", path);
out:
	kf_wipe(bytes, sizeof(bytes));
	if (fd != -1)
		(void)close(fd);
	return r;
}
