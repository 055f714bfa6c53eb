#include "portal/core/outbox.h"

#include "portal/core/config.h"
#include "portal/core/key.h"
#include "portal/store/outbox_row.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define GIVE_UP_S 86400
#define IDLE_MS 60000 /* how long nobody needs to look when nothing waits */

static const struct actor jobs = {"system", "jobs"};

/* Random, so that it tells nothing, and under the domain that sends. */
static enum kf_err
message_id_make(struct app *app, char *out, size_t size)
{
	const char *at = strchr(app->conf->mail_from, '@');
	uint8_t raw[16];
	char hex[2 * sizeof(raw) + 1];
	enum kf_err r = app->env->random(app->env->ctx, raw, sizeof(raw));
	int n;

	if (r != KF_OK)
		return r;
	kf_hex(kf_span_of(raw, sizeof(raw)), hex);
	if (at == NULL || strlen(at) < 2 || strlen(at) > 40)
		at = "@keyfob.invalid";
	n = snprintf(out, size, "%s%s", hex, at);
	return n > 0 && (size_t)n < size ? KF_OK : KF_EINVAL;
}

enum kf_err
outbox_put(struct app *app, const struct outbox_promise *mail)
{
	int64_t now_ms = app->env->now_ms(app->env->ctx);
	struct outbox_row row = {
	    .kind = (int)mail->kind, .due_ms = now_ms, .created = now_ms / 1000};
	struct outbox_state state;
	enum kf_err r;

	r = outbox_row_state(app->db, mail->key, row.kind, row.created - 3600, &state);
	if (r != KF_OK)
		return r;
	if (state.waiting > 0 || state.recent >= OUTBOX_PER_HOUR)
		return KF_ELIMIT;
	row.version = state.next_version;
	if ((size_t)snprintf(row.psk_id, sizeof(row.psk_id), "%s", mail->key) >=
		sizeof(row.psk_id) ||
	    (size_t)snprintf(row.email, sizeof(row.email), "%s", mail->to) >= sizeof(row.email) ||
	    (size_t)snprintf(row.name, sizeof(row.name), "%s", mail->name) >= sizeof(row.name) ||
	    (size_t)snprintf(row.mail_mode, sizeof(row.mail_mode), "%s", mail->mode) >=
		sizeof(row.mail_mode))
		return KF_EINVAL;
	if ((r = message_id_make(app, row.message_id, sizeof(row.message_id))) != KF_OK)
		return r;
	return outbox_row_insert(app->db, app->org, &row);
}

static enum kf_err
fill(struct app *app, const struct outbox_row *row, const struct psk_row *key,
    struct outbox_mail *out)
{
	*out = (struct outbox_mail){
	    .id = row->id, .kind = (enum outbox_kind)row->kind, .attempts = row->attempts};
	memcpy(out->message_id, row->message_id, sizeof(out->message_id));
	memcpy(out->to, row->email, sizeof(out->to));
	memcpy(out->name, row->name, sizeof(out->name));
	out->mode = MAIL_QR;
	if (strcmp(row->mail_mode, "link") == 0)
		out->mode = MAIL_LINK;
	else if (strcmp(row->mail_mode, "qr+text") == 0)
		out->mode = MAIL_QR_TEXT;
	return key_show(app, key, out->mode != MAIL_LINK, &out->key);
}

static enum kf_err
finish(struct app *app, int64_t id, const char *state, int code, const char *text)
{
	const struct outbox_result result = {
	    .id = id, .state = state, .code = code, .text = text, .done = kf_now_s(app->env)};

	return outbox_row_result(app->db, app->org, &result);
}

/* One due mail; those about a key that is over meanwhile are not sent any more. */
static enum kf_err
claim(struct app *app, int64_t now_ms, struct outbox_mail *out)
{
	struct outbox_row row = {0};
	struct psk_row key;
	enum kf_err r;

	for (;;) {
		r = outbox_row_claim(
		    app->db, app->org, now_ms, now_ms + OUTBOX_LEASE_S * 1000LL, &row);
		if (r != KF_OK)
			return r;
		r = psk_row_by_id(app->db, app->org, kf_span_str(row.psk_id), &key);
		if (r != KF_OK)
			return r;
		if (key_alive(&key, now_ms / 1000))
			return fill(app, &row, &key, out);
		if ((r = finish(app, row.id, "dead", 0, "the key is over")) != KF_OK)
			return r;
	}
}

enum kf_err
outbox_claim(struct app *app, struct outbox_mail *out, int64_t *wait_ms)
{
	int64_t due_ms, now_ms = app->env->now_ms(app->env->ctx);
	enum kf_err r;

	*wait_ms = IDLE_MS;
	/* Look before asking for the lock, which a busy portal needs more. */
	r = outbox_row_next(app->db, app->org, &due_ms);
	if (r == KF_OK && due_ms <= now_ms) {
		if ((r = db_begin(app->db)) != KF_OK)
			return r;
		r = claim(app, now_ms, out);
		if (r == KF_OK || r == KF_ENOENT) {
			enum kf_err end = db_end(app->db, KF_OK);

			r = end != KF_OK ? end : r;
		} else
			r = db_end(app->db, r);
	} else if (r == KF_OK) {
		*wait_ms = due_ms - now_ms < IDLE_MS ? due_ms - now_ms : IDLE_MS;
		r = KF_ENOENT;
	}
	return r == KF_ENOENT ? KF_EAGAIN : r;
}

enum kf_err
outbox_recover(struct app *app)
{
	enum kf_err r = db_begin(app->db);

	return r == KF_OK ? db_end(app->db, outbox_row_release(app->db, app->org)) : r;
}

enum kf_err
outbox_sent(struct app *app, int64_t id, int code, const char *text)
{
	enum kf_err r;

	if ((r = db_begin(app->db)) != KF_OK)
		return r;
	return db_end(app->db, finish(app, id, "sent", code, text));
}

static enum kf_err
dead(struct app *app, const struct outbox_row *row, int code, const char *text)
{
	struct kf_buf detail = {.max = 1024};
	enum kf_err r = finish(app, row->id, "dead", code, text);

	kf_buf_fmt(&detail, "to=%s code=%d says=%s", row->email, code, text);
	if (r == KF_OK)
		r = audit_put(app,
		    &(struct audit_note){&jobs, "mail.dead", row->psk_id, kf_buf_cstr(&detail)});
	kf_buf_free(&detail);
	return r;
}

enum kf_err
outbox_dead(struct app *app, int64_t id, int code, const char *text)
{
	struct outbox_row row;
	enum kf_err r;

	if ((r = db_begin(app->db)) != KF_OK)
		return r;
	if ((r = outbox_row_waiting(app->db, app->org, id, &row)) == KF_OK)
		r = dead(app, &row, code, text);
	return db_end(app->db, r);
}

/* 1 m, 5 m, 15 m, 1 h, then every 4 h; up to a fifth more, so that a thousand mails that failed
 * together do not come back together. */
static enum kf_err
delay_ms(struct app *app, uint32_t attempts, int64_t *out)
{
	static const int64_t table[] = {60, 300, 900, 3600, 14400};
	size_t i = attempts > 0 ? attempts - 1 : 0;
	uint16_t jitter = 0;
	enum kf_err r = app->env->random(app->env->ctx, &jitter, sizeof(jitter));

	if (i >= sizeof(table) / sizeof(table[0]))
		i = sizeof(table) / sizeof(table[0]) - 1;
	*out = table[i] * 1000 + table[i] * 200 * jitter / 65536;
	return r;
}

static enum kf_err
retry(struct app *app, const struct outbox_result *result, int64_t wait_s)
{
	int64_t wait_ms = wait_s * 1000, now_ms = app->env->now_ms(app->env->ctx);
	struct outbox_result again = *result;
	struct outbox_row row;
	struct psk_row key;
	enum kf_err r;

	if ((r = outbox_row_waiting(app->db, app->org, result->id, &row)) != KF_OK ||
	    (wait_s < 0 && (r = delay_ms(app, row.attempts, &wait_ms)) != KF_OK) ||
	    (r = psk_row_by_id(app->db, app->org, kf_span_str(row.psk_id), &key)) != KF_OK)
		return r;
	again.due_ms = now_ms + wait_ms;
	if (again.due_ms / 1000 > row.created + GIVE_UP_S || !key_alive(&key, again.due_ms / 1000))
		return dead(app, &row, result->code, result->text);
	return outbox_row_result(app->db, app->org, &again);
}

enum kf_err
outbox_retry(struct app *app, int64_t id, int code, const char *text, int64_t wait_s)
{
	const struct outbox_result result = {
	    .id = id, .state = "waiting", .code = code, .text = text};
	enum kf_err r;

	if ((r = db_begin(app->db)) != KF_OK)
		return r;
	return db_end(app->db, retry(app, &result, wait_s));
}
