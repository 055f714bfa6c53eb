#include "ap-agent/snapshot.h"

#include "ap-agent/file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define AAD_PREFIX "keyfob-agent snapshot 1 "

static void
aad_make(const struct snapshot *s, struct kf_buf *out)
{
	kf_buf_str(out, AAD_PREFIX);
	kf_buf_add(out, s->agent, sizeof(s->agent));
}

enum kf_err
snapshot_save(const struct snapshot *s, const struct set *set, const struct feed_head *head)
{
	struct kf_buf aad = {0}, plain = {.max = FEED_BODY_MAX}, sealed = {0};
	enum kf_err r;

	aad_make(s, &aad);
	set_write(set, head, &plain);
	r = plain.bad || aad.bad
	    ? KF_ENOMEM
	    : kf_seal(s->key, s->env, kf_buf_span(&aad), kf_buf_span(&plain), &sealed);
	if (r == KF_OK)
		r = file_write(s->path, 0400, kf_buf_span(&sealed));
	kf_buf_free(&aad);
	kf_buf_free(&plain);
	kf_buf_free(&sealed);
	return r;
}

enum kf_err
snapshot_load(const struct snapshot *s, struct set *set, struct feed_head *head, int64_t *saved)
{
	struct kf_buf aad = {0}, plain = {.max = FEED_BODY_MAX}, sealed = {0};
	struct stat st;
	enum kf_err r;

	*saved = 0;
	aad_make(s, &aad);
	if ((r = file_read(s->path, FEED_BODY_MAX + KF_SEAL_OVERHEAD, &sealed)) == KF_OK &&
	    (r = kf_unseal(s->key, kf_buf_span(&aad), kf_buf_span(&sealed), &plain)) == KF_OK)
		r = set_take(set, kf_buf_span(&plain), head);
	if (r == KF_OK && stat(s->path, &st) == 0)
		*saved = (int64_t)st.st_mtim.tv_sec;
	kf_buf_free(&aad);
	kf_buf_free(&plain);
	kf_buf_free(&sealed);
	return r;
}

void
snapshot_touch(const struct snapshot *s)
{
	(void)utimensat(AT_FDCWD, s->path, NULL, 0);
}
