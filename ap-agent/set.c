#include "ap-agent/set.h"

#include "common/log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NAME_LEN 17 /* kind and id: what the order goes by */

struct thing {
	uint8_t line[FEED_SET_LINE]; /* kind, id, rev */
	uint32_t len;
	uint8_t *raw; /* the record */
};

struct set {
	struct thing *thing; /* ascending by line */
	size_t n, cap;
};

enum kf_err
set_new(struct set **out)
{
	*out = calloc(1, sizeof(**out));
	return *out != NULL ? KF_OK : KF_ENOMEM;
}

static void
thing_release(struct thing *t)
{
	if (t->raw != NULL)
		kf_wipe(t->raw, t->len);
	free(t->raw);
	t->raw = NULL;
}

static void
set_clear(struct set *set)
{
	for (size_t i = 0; i < set->n; i++)
		thing_release(&set->thing[i]);
	set->n = 0;
}

void
set_free(struct set **pset)
{
	struct set *set = *pset;

	*pset = NULL;
	if (set == NULL)
		return;
	set_clear(set);
	free(set->thing);
	free(set);
}

/* Where the thing is or would be. */
static size_t
find(const struct set *set, const uint8_t name[NAME_LEN], bool *there)
{
	size_t lo = 0, hi = set->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (memcmp(set->thing[mid].line, name, NAME_LEN) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	*there = lo < set->n && memcmp(set->thing[lo].line, name, NAME_LEN) == 0;
	return lo;
}

static enum kf_err
room(struct set *set)
{
	struct thing *more;
	size_t cap = set->cap > 0 ? set->cap * 2 : 64;

	if (set->n < set->cap)
		return KF_OK;
	if (set->n >= SET_MAX)
		return KF_ELIMIT;
	more = realloc(set->thing, cap * sizeof(*more)); /* holds no secret, only points to them */
	if (more == NULL)
		return KF_ENOMEM;
	set->thing = more;
	set->cap = cap;
	return KF_OK;
}

static enum kf_err
put(struct set *set, const struct feed_item *it)
{
	struct thing t = {.len = (uint32_t)it->raw.n};
	bool there;
	size_t i;
	enum kf_err r;

	feed_set_line(it->kind, it->id, it->rev, t.line);
	i = find(set, t.line, &there);
	if (!there && (r = room(set)) != KF_OK)
		return r;
	t.raw = malloc(it->raw.n);
	if (t.raw == NULL)
		return KF_ENOMEM;
	memcpy(t.raw, it->raw.p, it->raw.n);
	if (there) {
		thing_release(&set->thing[i]);
	} else {
		memmove(&set->thing[i + 1], &set->thing[i], (set->n - i) * sizeof(t));
		set->n++;
	}
	set->thing[i] = t;
	return KF_OK;
}

static void
drop(struct set *set, const struct feed_item *it)
{
	uint8_t line[FEED_SET_LINE];
	bool there;
	size_t i;

	feed_set_line(it->kind, it->id, 0, line);
	i = find(set, line, &there);
	if (!there)
		return;
	thing_release(&set->thing[i]);
	set->n--;
	memmove(&set->thing[i], &set->thing[i + 1], (set->n - i) * sizeof(set->thing[0]));
}

/* Every record is in order, before one of them is taken. */
static enum kf_err
check(struct kf_span msg, struct feed_head *head)
{
	struct feed_item it;
	struct kf_rd rd;
	enum kf_err r;

	if ((r = feed_read_head(msg, head, &rd)) != KF_OK)
		return r;
	while (feed_next_item(&rd, &it))
		;
	feed_item_wipe(&it);
	return rd.bad ? KF_EINVAL : KF_OK;
}

enum kf_err
set_take(struct set *set, struct kf_span msg, struct feed_head *head)
{
	static const struct kf_hash unsaid;
	struct set old = *set;
	struct feed_item it;
	struct kf_hash have;
	struct kf_rd rd;
	enum kf_err r;

	if ((r = check(msg, head)) != KF_OK || (r = feed_read_head(msg, head, &rd)) != KF_OK)
		return r;
	if (head->type == FEED_SNAPSHOT)
		*set = (struct set){0};
	while (r == KF_OK && feed_next_item(&rd, &it)) {
		if (it.gone)
			drop(set, &it);
		else
			r = put(set, &it);
		feed_item_wipe(&it);
	}
	if (head->type == FEED_SNAPSHOT) {
		struct set *loser = r == KF_OK ? &old : set;

		set_clear(loser);
		free(loser->thing);
		if (r != KF_OK)
			*set = old;
	}
	if (r != KF_OK)
		return r;
	set_hash(set, &have);
	if (memcmp(&head->set, &unsaid, sizeof(unsaid)) == 0 ||
	    memcmp(&head->set, &have, sizeof(have)) == 0)
		return KF_OK;
	kf_log(LOGL_WARN, "feed", "rev=%" PRIu64 " the set differs from the portal's", head->rev);
	return KF_ESTALE;
}

void
set_hash(const struct set *set, struct kf_hash *out)
{
	struct kf_buf b = {0};

	for (size_t i = 0; i < set->n; i++)
		kf_buf_add(&b, set->thing[i].line, FEED_SET_LINE);
	kf_sha256(kf_buf_span(&b), out);
	if (b.bad)
		memset(out, 0xff, sizeof(*out)); /* no memory: differs from everything */
	kf_buf_free(&b);
}

size_t
set_count(const struct set *set, enum feed_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < set->n; i++)
		n += set->thing[i].line[0] == (uint8_t)kind;
	return n;
}

void
set_write(const struct set *set, const struct feed_head *head, struct kf_buf *out)
{
	struct feed_head h = *head;

	h.type = FEED_SNAPSHOT;
	set_hash(set, &h.set);
	feed_put_head(out, &h);
	for (size_t i = 0; i < set->n; i++)
		kf_buf_add(out, set->thing[i].raw, set->thing[i].len);
}

enum kf_err
set_each(
    const struct set *set, enum kf_err (*each)(void *arg, const struct feed_item *it), void *arg)
{
	struct feed_item it;
	struct kf_rd rd;
	enum kf_err r = KF_OK;

	for (size_t i = 0; r == KF_OK && i < set->n; i++) {
		rd = kf_rd_of(kf_span_of(set->thing[i].raw, set->thing[i].len));
		r = feed_next_item(&rd, &it) ? each(arg, &it) : KF_EINVAL;
		feed_item_wipe(&it);
	}
	return r;
}
