#include "portal/http/guard.h"

#include "portal/core/config.h"

#include <string.h>

enum kf_err
guard_session(struct web_req *req, struct session *ses)
{
	struct kf_span cookie;
	enum kf_err r;

	if ((r = web_cookie(req, COOKIE_SESSION, &cookie)) != KF_OK)
		return KF_ENOENT;
	return session_get(web_app(req), cookie, ses);
}

enum kf_err
guard_form(struct web_req *req, struct session *ses)
{
	enum kf_err r = guard_session(req, ses);

	if (r == KF_OK && !web_csrf_ok(req, kf_span_str(ses->csrf)))
		return KF_EDENIED;
	return r;
}

int
guard_refuse(struct web_req *req, enum kf_err err, const char *return_path)
{
	struct kf_buf to = {0};
	int sent;

	if (err == KF_EDENIED)
		return web_reply_err(
		    req, err, "This form is from an older page. Go back, reload it and try again.");
	if (err != KF_ENOENT)
		return web_reply_err(req, err, NULL);
	kf_buf_fmt(&to, "/login%s%s", return_path != NULL ? "?return=" : "",
	    return_path != NULL ? return_path : "");
	sent = web_redirect(req, kf_buf_cstr(&to));
	kf_buf_free(&to);
	return sent;
}

struct page_shell
guard_shell(const struct web_req *req, const struct session *ses)
{
	const struct config *conf = web_config(req);

	return (struct page_shell){
	    .org_name = conf->org_name,
	    .help_desk = conf->help_desk,
	    .email = ses != NULL ? ses->email : NULL,
	    .csrf = ses != NULL ? ses->csrf : NULL,
	};
}
