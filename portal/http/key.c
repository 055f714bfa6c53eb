/* The owner's pages: GET / /key /my /k/ID /key/live, POST /key/new /key/mail. */
#include "portal/core/device.h"
#include "portal/http/guard.h"
#include "portal/http/handlers.h"
#include "portal/view/page.h"

#include <stdlib.h>
#include <string.h>

#define DAY_S 86400

static struct page_key
key_page(const struct key_view *key, const struct key_view *old, int64_t now)
{
	static const enum page_mail mail[] = {
	    [KEY_MAIL_NONE] = PAGE_MAIL_NONE,
	    [KEY_MAIL_WAITING] = PAGE_MAIL_QUEUED,
	    [KEY_MAIL_SENT] = PAGE_MAIL_SENT,
	    [KEY_MAIL_FAILED] = PAGE_MAIL_FAILED,
	};

	return (struct page_key){
	    .id = key->id,
	    .net = {kf_span_of(key->ssid.b, key->ssid.n), key->security, false},
	    .pass = &key->pass,
	    .mail_to = key->mail != KEY_MAIL_NONE ? key->email : NULL,
	    .mail = mail[key->mail],
	    .now = now,
	    .not_after = key->expires,
	    .old_not_after = old != NULL ? old->expires : 0,
	    .devices_max = key->max_usage,
	};
}

/* The key that this one replaced and that still works, if there is one. */
static enum kf_err
key_before(struct app *app, const struct session *ses, const struct key_view *key,
    struct key_view *old, bool *found)
{
	struct key_view *list = calloc(PAGE_KEYS_MAX, sizeof(*list));
	size_t n = 0;
	enum kf_err r;

	*found = false;
	if (list == NULL)
		return KF_ENOMEM;
	r = issue_list(app, ses, list, PAGE_KEYS_MAX, &n);
	for (size_t i = 0; r == KF_OK && i < n && !*found; i++) {
		*found = list[i].status == KEY_ROTATING && list[i].group == key->group &&
		    strcmp(list[i].workflow, key->workflow) == 0;
		if (*found)
			*old = list[i];
	}
	kf_wipe(list, PAGE_KEYS_MAX * sizeof(*list));
	free(list);
	return r;
}

/* Which devices are on with this key, as the page wants them. */
struct on_air {
	char mac[PAGE_DEVICES_MAX][18];
	struct page_device device[PAGE_DEVICES_MAX];
	size_t n;
};

static enum kf_err
on_air(struct app *app, const struct key_view *key, struct on_air *out)
{
	struct device seen[PAGE_DEVICES_MAX];
	enum kf_err r = device_online(app, key, seen, PAGE_DEVICES_MAX, &out->n);

	for (size_t i = 0; r == KF_OK && i < out->n; i++) {
		kf_mac_str(seen[i].mac, out->mac[i]);
		out->device[i] = (struct page_device){NULL, out->mac[i], seen[i].since};
	}
	return r;
}

static bool
query_is(struct web_req *req, const char *name)
{
	struct kf_span value;

	return web_query(req, name, &value) == KF_OK && kf_span_eq(value, KF_LIT("1"));
}

int
home_get(struct web_req *req)
{
	struct workflow_view flow = {0};
	struct session ses;
	bool known = guard_session(req, &ses) == KF_OK;
	enum kf_err r = workflow_find(web_app(req), kf_span_str(""), &flow);
	struct page_shell shell = guard_shell(req, known ? &ses : NULL);
	struct page_landing page = {
	    .ssid = kf_span_of(flow.ssid.b, flow.ssid.n),
	    .slug = r == KF_OK ? flow.slug : NULL,
	    .days = (unsigned)((flow.validity_s + DAY_S - 1) / DAY_S),
	    .devices_max = flow.max_usage,
	    .signed_out = query_is(req, "bye"),
	};
	struct kf_buf html = {0};
	int sent;

	if (r != KF_OK && r != KF_ENOENT)
		return web_reply_err(req, r, NULL);
	page_landing(&html, &shell, &page);
	sent = web_reply_page(req, 200, &html);
	kf_buf_free(&html);
	return sent;
}

/* A GET that may make the key: it is the same key for every reload, tab and double click, and the
 * only one whom another site's link could give it to is the person herself. */
int
key_get(struct web_req *req)
{
	struct app *app = web_app(req);
	struct session ses;
	struct key_view key = {0}, old = {0};
	struct page_success page = {0};
	struct page_shell shell;
	struct kf_buf html = {0};
	struct on_air air = {0};
	bool has_old = false;
	enum kf_err r;
	int sent;

	if ((r = guard_session(req, &ses)) != KF_OK)
		return guard_refuse(req, r, NULL);
	if ((r = issue_key(app, &ses, &key, &page.fresh)) != KF_OK ||
	    (r = key_before(app, &ses, &key, &old, &has_old)) != KF_OK ||
	    (r = on_air(app, &key, &air)) != KF_OK)
		goto out;
	page.key = key_page(&key, has_old ? &old : NULL, kf_now_s(app->env));
	page.key.device = air.device;
	page.key.devices = air.n;
	page.rotated = query_is(req, "new");
	page.mailed = query_is(req, "mailed");
	page.overlap_s = key.overlap_s;
	shell = guard_shell(req, &ses);
	r = page_success(&html, &shell, &page);
out:
	sent = r == KF_OK ? web_reply_page(req, 200, &html) : web_reply_err(req, r, NULL);
	kf_buf_free(&html);
	kf_wipe(&key, sizeof(key));
	kf_wipe(&old, sizeof(old));
	return sent;
}

static enum kf_err
live_json(struct app *app, const struct key_view *key, struct kf_buf *out)
{
	struct on_air air = {0};
	enum kf_err r = on_air(app, key, &air);

	kf_buf_str(out, "{\"devices\":[");
	for (size_t i = 0; r == KF_OK && i < air.n; i++)
		kf_buf_fmt(out, "%s{\"name\":\"\",\"mac\":\"%s\",\"since\":%lld}", i > 0 ? "," : "",
		    air.mac[i], (long long)air.device[i].since);
	kf_buf_str(out, "]}\n");
	return r;
}

int
key_live(struct web_req *req)
{
	struct session ses;
	struct key_view key = {0};
	struct kf_span id;
	struct kf_buf json = {0};
	enum kf_err r;
	int sent;

	if (guard_session(req, &ses) != KF_OK)
		return web_reply_problem(req, 401, "Sign in first.");
	if ((r = web_query(req, "id", &id)) == KF_OK &&
	    (r = issue_find(web_app(req), &ses, id, &key)) == KF_OK)
		r = live_json(web_app(req), &key, &json);
	sent = r == KF_OK ? web_reply_json(req, 200, &json) : web_reply_err(req, r, NULL);
	kf_wipe(&key, sizeof(key));
	kf_buf_free(&json);
	return sent;
}

/* What both forms of the key page need: who it is, and the key that the page showed. */
static enum kf_err
form_key(struct web_req *req, struct session *ses, struct kf_span *id)
{
	enum kf_err r = guard_form(req, ses);

	if (r != KF_OK)
		return r;
	return web_form(req, "id", id) == KF_OK ? KF_OK : KF_EINVAL;
}

int
key_rotate(struct web_req *req)
{
	struct session ses;
	struct key_view fresh = {0};
	struct kf_span id;
	enum kf_err r;

	if ((r = form_key(req, &ses, &id)) != KF_OK)
		return guard_refuse(req, r, NULL);
	r = issue_rotate(web_app(req), &ses, id, &fresh);
	kf_wipe(&fresh, sizeof(fresh));
	if (r == KF_ELIMIT)
		return web_reply_err(req, r,
		    "You took ten new keys within an hour. Use the last one, or wait a while.");
	return r == KF_OK ? web_redirect(req, "/key?new=1") : web_reply_err(req, r, NULL);
}

int
key_mail_again(struct web_req *req)
{
	struct session ses;
	struct kf_span id;
	enum kf_err r;

	if ((r = form_key(req, &ses, &id)) != KF_OK)
		return guard_refuse(req, r, NULL);
	r = issue_mail_again(web_app(req), &ses, id);
	if (r == KF_ELIMIT)
		return web_reply_err(req, r,
		    "It is on its way, or was sent five times this hour. Look into the spam "
		    "folder, "
		    "or use the code on the page.");
	return r == KF_OK ? web_redirect(req, "/key?mailed=1") : web_reply_err(req, r, NULL);
}

static int
reply_ended(struct web_req *req, const struct session *ses, const struct key_view *key)
{
	struct page_shell shell = guard_shell(req, ses);
	struct page_ended page = {
	    .ssid = kf_span_of(key->ssid.b, key->ssid.n),
	    .why = key->status == KEY_REVOKED ? PAGE_END_REVOKED : PAGE_END_EXPIRED,
	    .at = key->expires,
	    .slug = key->workflow[0] != '\0' ? key->workflow : NULL,
	};
	struct kf_buf html = {0};
	int sent;

	page_ended(&html, &shell, &page);
	sent = web_reply_page(req, 410, &html);
	kf_buf_free(&html);
	return sent;
}

/* The Wi-Fi URL of the mail: lives as long as its key; sign-in needed, so it holds no secret. */
int
key_link(struct web_req *req)
{
	struct session ses;
	struct key_view key = {0};
	enum kf_err r;
	int sent;

	if ((r = guard_session(req, &ses)) != KF_OK)
		return guard_refuse(req, r, web_path(req));
	r = issue_find(web_app(req), &ses, web_capture(req, 1), &key);
	if (r != KF_OK)
		sent = web_reply_err(req, r,
		    "This is not a key of yours. Sign out and use the account it was made for.");
	else if (key.status == KEY_EXPIRED || key.status == KEY_REVOKED)
		sent = reply_ended(req, &ses, &key);
	else
		sent = web_redirect(req, "/key");
	kf_wipe(&key, sizeof(key));
	return sent;
}

int
my_keys(struct web_req *req)
{
	struct app *app = web_app(req);
	struct session ses;
	struct key_view *list = NULL;
	struct page_key *row = NULL;
	struct page_shell shell;
	struct kf_buf html = {0};
	size_t n = 0, live = 0;
	enum kf_err r;
	int sent;

	if ((r = guard_session(req, &ses)) != KF_OK)
		return guard_refuse(req, r, "/my");
	list = calloc(PAGE_KEYS_MAX, sizeof(*list));
	row = calloc(PAGE_KEYS_MAX, sizeof(*row));
	r = list == NULL || row == NULL ? KF_ENOMEM
					: issue_list(app, &ses, list, PAGE_KEYS_MAX, &n);
	for (size_t i = 0; r == KF_OK && i < n; i++)
		if (list[i].pass.n > 0)
			row[live++] = key_page(&list[i], NULL, kf_now_s(app->env));
	shell = guard_shell(req, &ses);
	if (r == KF_OK)
		r = page_my(&html, &shell, &(struct page_my){row, live});
	sent = r == KF_OK ? web_reply_page(req, 200, &html) : web_reply_err(req, r, NULL);
	if (list != NULL)
		kf_wipe(list, PAGE_KEYS_MAX * sizeof(*list));
	free(list);
	free(row);
	kf_buf_free(&html);
	return sent;
}
