#include "ap-agent/set.h"
#include "tests/unit/tap.h"

#include <string.h>

static struct feed_item
key(uint8_t n, uint64_t rev)
{
	struct feed_item it = {.kind = FEED_KEY, .rev = rev};

	memset(it.id, n, sizeof(it.id));
	it.u.key = (struct feed_key){.ssid = {"demo", 4}, .group = 2, .vlan = 20};
	return it;
}

/* A message of these things; set: the hash that the portal would say, NULL: not said. */
static struct kf_buf
message(
    enum feed_type type, uint64_t rev, const struct feed_item *it, size_t n, const struct set *want)
{
	struct feed_head head = {.type = type, .rev = rev};
	struct kf_buf b = {0};

	if (want != NULL)
		set_hash(want, &head.set);
	feed_put_head(&b, &head);
	for (size_t i = 0; i < n; i++)
		feed_put_item(&b, &it[i]);
	return b;
}

static enum kf_err
take(struct set *set, struct kf_buf b)
{
	struct feed_head head;
	enum kf_err r = set_take(set, kf_buf_span(&b), &head);

	kf_buf_free(&b);
	return r;
}

int
main(void)
{
	struct feed_item two[] = {key(2, 1), key(1, 2)}, late = key(3, 5), gone = key(1, 6);
	struct kf_hash a, b;
	struct set *set = NULL, *other = NULL;

	gone.gone = true;
	OK(set_new(&set) == KF_OK && set_new(&other) == KF_OK);

	IT("a delta adds, in any order");
	OK(take(set, message(FEED_DELTA, 2, two, 2, NULL)) == KF_OK);
	OK(take(other, message(FEED_DELTA, 2, &two[1], 1, NULL)) == KF_OK);
	OK(take(other, message(FEED_DELTA, 2, &two[0], 1, set)) == KF_OK);
	OK(set_count(set, FEED_KEY) == 2 && set_count(set, FEED_WLAN) == 0);

	IT("a revocation takes away, twice is the same");
	OK(take(set, message(FEED_DELTA, 6, &gone, 1, NULL)) == KF_OK);
	OK(take(set, message(FEED_DELTA, 6, &gone, 1, NULL)) == KF_OK);
	OK(set_count(set, FEED_KEY) == 1);

	IT("a set that differs from the portal's is noticed");
	OK(take(other, message(FEED_DELTA, 7, &late, 1, set)) == KF_ESTALE);

	IT("a snapshot replaces everything");
	OK(take(set, message(FEED_SNAPSHOT, 2, two, 2, NULL)) == KF_OK);
	OK(set_count(set, FEED_KEY) == 2);
	set_hash(set, &a);

	IT("a malformed message changes nothing");
	struct kf_buf bad = message(FEED_SNAPSHOT, 9, &late, 1, NULL);
	kf_buf_u8(&bad, 5);
	OK(take(set, bad) == KF_EINVAL);
	set_hash(set, &b);
	OK(memcmp(&a, &b, sizeof(a)) == 0);

	IT("what is written is what is held");
	struct feed_head head = {.rev = 2};
	struct kf_buf out = {0};
	set_write(set, &head, &out);
	OK(take(other, out) == KF_OK);
	set_hash(other, &b);
	OK(memcmp(&a, &b, sizeof(a)) == 0);
	set_free(&set);
	set_free(&other);
	return tap_end();
}
