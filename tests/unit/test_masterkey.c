#include "portal/core/masterkey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>

#include "tests/unit/tap.h"

static char path[] = "/tmp/test_masterkey.XXXXXX";
static struct kf_sealkey key;

static enum kf_err
read_of(const char *bytes, size_t n, mode_t mode)
{
	struct kf_buf why = {0};
	FILE *f = fopen(path, "we");
	enum kf_err r;

	(void)fwrite(bytes, 1, n, f);
	(void)fclose(f);
	(void)chmod(path, mode);
	r = masterkey_read(path, &key, &why);
	if ((r == KF_OK) != (why.n == 0))
		r = KF_EAGAIN; /* a refusal without a word, or a word without a refusal */
	kf_buf_free(&why);
	return r;
}

int
main(void)
{
	char hex[66], raw[33];
	struct kf_buf why = {0};

	(void)close(mkstemp(path));
	memset(hex, 'a', 64);
	hex[64] = '\n';
	hex[65] = '\n';
	memset(raw, 7, sizeof(raw));
	IT("takes 64 hexadecimal digits, with a line break or without");
	OK(read_of(hex, 64, 0600) == KF_OK && key.b[0] == 0xaa && key.b[31] == 0xaa);
	OK(read_of(hex, 65, 0600) == KF_OK);
	IT("takes 32 bytes as they are");
	OK(read_of(raw, 32, 0640) == KF_OK && key.b[31] == 7);
	IT("refuses any other length or letter");
	OK(read_of(hex, 66, 0600) == KF_EINVAL && read_of(hex, 63, 0600) == KF_EINVAL);
	OK(read_of(raw, 33, 0600) == KF_EINVAL && read_of(raw, 0, 0600) == KF_EINVAL);
	hex[3] = 'g';
	OK(read_of(hex, 64, 0600) == KF_EINVAL);
	IT("refuses a file that everybody may read");
	OK(read_of(raw, 32, 0604) == KF_EDENIED);
	IT("says when there is none");
	(void)unlink(path);
	OK(masterkey_read(path, &key, &why) == KF_EIO && strstr(kf_buf_cstr(&why), "keyfob init"));
	kf_buf_free(&why);
	return tap_end();
}
