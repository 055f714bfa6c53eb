#include "portal/core/audit.h"

#include "portal/store/audit_row.h"

#include <assert.h>
#include <string.h>

/* The entry as bytes: numbers, then each text with its length before it, so that no text can pass
 * for another by moving a border. */
static enum kf_err
hash_next(const struct kf_hash *before, struct audit_row *row)
{
	const struct kf_span text[] = {
	    row->actor_kind, row->actor, row->action, row->target, row->detail};
	struct kf_buf b = {0};
	enum kf_err r = KF_ENOMEM;

	kf_buf_add(&b, before->b, sizeof(before->b));
	kf_buf_u64(&b, row->seq);
	kf_buf_u64(&b, (uint64_t)row->at_ms);
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		kf_buf_u32(&b, (uint32_t)text[i].n);
		kf_buf_add(&b, text[i].p, text[i].n);
	}
	if (!b.bad) {
		kf_sha256(kf_buf_span(&b), &row->hash);
		r = KF_OK;
	}
	kf_buf_free(&b);
	return r;
}

enum kf_err
audit_put(struct app *app, const struct audit_note *note)
{
	struct kf_hash before = {0};
	struct audit_row row = {
	    .at_ms = app->env->now_ms(app->env->ctx),
	    .actor_kind = kf_span_str(note->by->kind),
	    .actor = kf_span_str(note->by->name),
	    .action = kf_span_str(note->action),
	    .target = kf_span_str(note->target),
	    .detail = kf_span_str(note->detail),
	};
	enum kf_err r;

	assert(db_in_transaction(app->db));
	r = audit_row_head(app->db, app->org, &row.seq, &before);
	if (r != KF_OK && r != KF_ENOENT)
		return r;
	row.seq++;
	if ((r = hash_next(&before, &row)) != KF_OK)
		return r;
	return audit_row_insert(app->db, app->org, &row);
}

static enum kf_err
verify_one(void *arg, const struct audit_row *row)
{
	struct audit_check *check = arg;
	struct audit_row want = *row;
	enum kf_err r;

	if ((r = hash_next(&check->head, &want)) != KF_OK)
		return r;
	if (row->seq != check->entries + 1 ||
	    memcmp(want.hash.b, row->hash.b, sizeof(want.hash.b)) != 0) {
		check->broken = check->entries + 1;
		return KF_EINVAL;
	}
	check->entries++;
	check->head = row->hash;
	return KF_OK;
}

enum kf_err
audit_verify(struct app *app, struct audit_check *out)
{
	*out = (struct audit_check){0};
	return audit_rows(app->db, app->org, verify_one, out);
}
