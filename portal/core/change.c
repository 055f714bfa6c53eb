#include "portal/core/change.h"

#include "portal/store/change_row.h"

#include <assert.h>

/* What a revision hashes: the previous chain, then the entry in a form of fixed order. */
static void
chain_next(const struct kf_hash *before, struct change_row *row)
{
	uint8_t n[17] = {0};
	struct kf_span part[3] = {
	    kf_span_of(before->b, sizeof(before->b)),
	    kf_span_of(n, sizeof(n)),
	    kf_span_str(row->entity_id),
	};

	for (int i = 0; i < 8; i++) {
		n[i] = (uint8_t)(row->rev >> (56 - 8 * i));
		n[8 + i] = (uint8_t)((uint64_t)row->at_ms >> (56 - 8 * i));
	}
	n[16] = (uint8_t)row->kind;
	kf_sha256_parts(part, 3, &row->chain);
}

enum kf_err
change_put(struct app *app, enum change_kind kind, const char *id, uint64_t *rev)
{
	struct change_row row = {.kind = (int)kind};
	struct kf_span s = kf_span_str(id);
	struct change_point head;
	enum kf_err r;

	assert(db_in_transaction(app->db));
	assert(s.n < sizeof(row.entity_id));
	if ((r = change_head(app, &head)) != KF_OK)
		return r;
	for (size_t i = 0; i < s.n; i++)
		row.entity_id[i] = (char)s.p[i];
	row.rev = head.rev + 1;
	row.at_ms = app->env->now_ms(app->env->ctx);
	chain_next(&head.chain, &row);
	*rev = row.rev;
	return change_row_insert(app->db, app->org, &row);
}

enum kf_err
change_head(struct app *app, struct change_point *out)
{
	struct change_row row;
	enum kf_err r = change_row_head(app->db, app->org, &row);

	*out = (struct change_point){0};
	if (r == KF_ENOENT)
		return KF_OK;
	if (r == KF_OK)
		*out = (struct change_point){row.rev, row.chain};
	return r;
}

enum kf_err
change_known(struct app *app, const struct change_point *at)
{
	static const struct kf_hash none;
	struct change_row row = {0};
	enum kf_err r = KF_OK;

	if (at->rev == 0)
		row.chain = none;
	else
		r = change_row_at(app->db, app->org, at->rev, &row);
	if (r != KF_OK)
		return r;
	return kf_ct_equal(row.chain.b, at->chain.b, sizeof(row.chain.b)) ? KF_OK : KF_ENOENT;
}

struct since {
	enum kf_err (*each)(void *arg, enum change_kind kind, const char *id, uint64_t rev);
	void *arg;
};

static enum kf_err
since_one(void *arg, const struct change_row *row)
{
	struct since *s = arg;

	return s->each(s->arg, (enum change_kind)row->kind, row->entity_id, row->rev);
}

enum kf_err
change_since(struct app *app, uint64_t rev,
    enum kf_err (*each)(void *arg, enum change_kind kind, const char *id, uint64_t rev), void *arg)
{
	struct since s = {each, arg};

	return change_rows_since(app->db, app->org, rev, since_one, &s);
}
