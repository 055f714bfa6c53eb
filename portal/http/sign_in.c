/* GET /login, POST /saml/acs, GET /saml/finish, GET /saml/metadata, POST /logout. */
#include "common/log.h"
#include "portal/core/login.h"
#include "portal/http/guard.h"
#include "portal/http/handlers.h"
#include "portal/http/sp.h"

#define LOGIN_COOKIE_S LOGIN_TTL_S

/* One page for every refusal: its code tells the help desk, the log tells why. */
static int
refuse(struct web_req *req, enum saml_reason why, const char *idp)
{
	struct page_shell shell = guard_shell(req, NULL);
	struct page_refused page = {
	    .code = saml_reason_code(why),
	    .too_slow = why == SAML_REQUEST_LATE || why == SAML_EXPIRED,
	};
	struct kf_buf html = {0};
	int sent;

	kf_log(LOGL_WARN, "saml", "refused=%s code=%s idp=%s client=%s", saml_reason_str(why),
	    page.code, idp, web_client(req));
	page_refused(&html, &shell, &page);
	sent = web_reply_page(req, 403, &html);
	kf_buf_free(&html);
	return sent;
}

int
login_get(struct web_req *req)
{
	struct saml *saml = web_sp(req)->saml;
	struct app *app = web_app(req);
	struct kf_span slug, to, client = kf_span_str(web_client(req));
	struct login_begun begun = {0};
	struct kf_buf url = {0};
	enum kf_err r;
	int sent;

	if ((r = web_query(req, "w", &slug)) != KF_OK && r != KF_ENOENT)
		return web_reply_err(req, r, "The address names the workflow twice.");
	if ((r = web_query(req, "return", &to)) != KF_OK || !web_path_ok(to))
		to = kf_span_str("");
	if (saml == NULL)
		return refuse(req, SAML_INTERNAL, "-");
	if ((r = login_begin(app, slug, to, client, &begun)) != KF_OK)
		return web_reply_err(
		    req, r, r == KF_ENOENT ? "Sign-in is not set up for this address." : NULL);
	r = saml_request(saml, begun.idp,
	    &(struct saml_ask){begun.request_id, begun.relay, false, kf_now_s(app->env)}, &url);
	if (r == KF_OK) {
		web_cookie_set(req, COOKIE_LOGIN, begun.cookie, LOGIN_COOKIE_S);
		sent = web_redirect_out(req, kf_buf_cstr(&url));
	} else {
		sent = refuse(req, r == KF_EEXPIRED ? SAML_IDP_EXPIRED : SAML_INTERNAL, begun.idp);
	}
	kf_wipe(&begun, sizeof(begun));
	kf_buf_free(&url);
	return sent;
}

/* What the store found wrong, as the reason that page and log name. */
static enum saml_reason
reason_of(enum kf_err err)
{
	switch (err) {
	case KF_OK:
		return SAML_GOOD;
	case KF_ENOENT:
		return SAML_NO_REQUEST;
	case KF_EEXPIRED:
		return SAML_REQUEST_LATE;
	case KF_EEXIST:
		return SAML_REPLAY;
	case KF_EDENIED:
		return SAML_DOMAIN;
	case KF_EINVAL:
		return SAML_OTHER_BROWSER;
	default:
		return SAML_INTERNAL;
	}
}

static enum saml_reason
acs_consume(struct web_req *req, const struct saml_assertion *a, struct kf_span relay)
{
	struct kf_span group[LOGIN_GROUPS_MAX];
	struct login_identity id = {
	    .idp = kf_span_str(a->idp),
	    .in_response_to = kf_span_str(a->in_response_to),
	    .assertion_id = kf_span_str(a->assertion_id),
	    .assertion_expires = a->expires,
	    .name_id = kf_span_str(a->name_id),
	    .session_index = kf_span_str(a->session_index),
	    .email = kf_span_str(a->email),
	    .name = kf_span_str(a->display_name),
	    .group = group,
	    .groups = a->n_groups < LOGIN_GROUPS_MAX ? a->n_groups : LOGIN_GROUPS_MAX,
	};

	for (size_t i = 0; i < id.groups; i++)
		group[i] = kf_span_str(saml_group(a, i));
	return reason_of(login_verified(web_app(req), &id, relay));
}

int
saml_acs(struct web_req *req)
{
	struct saml_assertion a = {0};
	struct kf_span response, relay;
	struct kf_buf to = {0};
	enum saml_reason why = SAML_SIZE;
	struct saml *saml = web_sp(req)->saml;
	int sent;

	if (saml == NULL)
		return refuse(req, SAML_INTERNAL, "-");
	if (web_form(req, "SAMLResponse", &response) == KF_OK &&
	    saml_verify(saml, response, kf_now_s(web_app(req)->env), &a, &why) == KF_OK)
		why = web_form(req, "RelayState", &relay) == KF_OK ? acs_consume(req, &a, relay)
								   : SAML_OTHER_BROWSER;
	if (why != SAML_GOOD) {
		sent = refuse(req, why, a.idp[0] != '\0' ? a.idp : "-");
	} else {
		kf_buf_str(&to, "/saml/finish?h=");
		kf_buf_add(&to, relay.p, relay.n); /* the row has it, so it is our own hex */
		sent = web_redirect(req, kf_buf_cstr(&to));
	}
	saml_assertion_release(&a);
	kf_buf_free(&to);
	return sent;
}

int
saml_finish(struct web_req *req)
{
	struct kf_span relay, cookie;
	struct session_new ses = {0};
	char to[256] = "";
	enum kf_err r;
	int sent;

	if (web_query(req, "h", &relay) != KF_OK || web_cookie(req, COOKIE_LOGIN, &cookie) != KF_OK)
		return refuse(req, SAML_OTHER_BROWSER, "-");
	web_cookie_clear(req, COOKIE_LOGIN);
	if ((r = login_finish(web_app(req), relay, cookie, &ses, to)) != KF_OK)
		return refuse(req, r == KF_ENOENT ? SAML_OTHER_BROWSER : reason_of(r), "-");
	web_cookie_set(req, COOKIE_SESSION, ses.cookie, 0);
	sent = web_redirect(req, to[0] != '\0' ? to : "/key");
	kf_wipe(&ses, sizeof(ses));
	return sent;
}

int
saml_metadata_get(struct web_req *req)
{
	struct saml *saml = web_sp(req)->saml;
	struct kf_buf xml = {0};
	int sent;

	if (saml == NULL || saml_metadata(saml, kf_now_s(web_app(req)->env), &xml) != KF_OK)
		sent = web_reply_err(req, KF_EIO, "The service provider has no key: see the log.");
	else
		sent = web_reply(req, 200, "application/samlmetadata+xml", &xml);
	kf_buf_free(&xml);
	return sent;
}

int
session_logout(struct web_req *req)
{
	struct session ses;
	struct kf_span cookie;
	enum kf_err r;

	if ((r = guard_form(req, &ses)) != KF_OK && r != KF_ENOENT)
		return guard_refuse(req, r, NULL);
	if (web_cookie(req, COOKIE_SESSION, &cookie) == KF_OK &&
	    (r = session_end(web_app(req), cookie)) != KF_OK && r != KF_ENOENT)
		return web_reply_err(req, r, NULL);
	web_cookie_clear(req, COOKIE_SESSION);
	return web_redirect(req, "/?bye=1");
}
