#include "ap-agent/snapshot.h"
#include "tests/unit/tap.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int
main(void)
{
	char dir[] = "/tmp/keyfob-snapshot-XXXXXX";
	struct kf_sealkey key = {{1}}, other = {{2}};
	struct snapshot s = {.key = &key, .env = &kf_env_real};
	struct feed_head head = {.type = FEED_SNAPSHOT, .rev = 7}, got;
	struct feed_item it = {.kind = FEED_KEY, .rev = 5};
	struct set *set = NULL, *back = NULL;
	struct kf_buf b = {0};
	struct stat st;
	int64_t saved;

	OK(mkdtemp(dir) != NULL);
	(void)snprintf(s.path, sizeof(s.path), "%s/feed.sealed", dir);
	OK(set_new(&set) == KF_OK && set_new(&back) == KF_OK);
	it.u.key = (struct feed_key){.ssid = {"demo", 4}, .group = 2, .vlan = 20};
	memcpy(it.u.key.pmk.b, "0123456789abcdef0123456789abcdef", 32);
	feed_put_head(&b, &head);
	feed_put_item(&b, &it);
	OK(set_take(set, kf_buf_span(&b), &head) == KF_OK);
	head.rev = 7;

	IT("none is there at first");
	OK(snapshot_load(&s, back, &got, &saved) == KF_ENOENT);
	IT("what was saved comes back, with its revision");
	OK(snapshot_save(&s, set, &head) == KF_OK);
	OK(snapshot_load(&s, back, &got, &saved) == KF_OK && got.rev == 7 && saved > 0);
	OK(set_count(back, FEED_KEY) == 1);
	IT("it is the owner's to read, and saving again works");
	OK(stat(s.path, &st) == 0 && (st.st_mode & 0777) == 0400);
	OK(snapshot_save(&s, set, &head) == KF_OK);
	IT("another key or another agent's snapshot does not open");
	s.key = &other;
	OK(snapshot_load(&s, back, &got, &saved) == KF_EINVAL);
	s.key = &key;
	s.agent[0] ^= 1;
	OK(snapshot_load(&s, back, &got, &saved) == KF_EINVAL);
	OK(set_count(back, FEED_KEY) == 1);
	(void)unlink(s.path);
	(void)rmdir(dir);
	set_free(&set);
	set_free(&back);
	kf_buf_free(&b);
	return tap_end();
}
