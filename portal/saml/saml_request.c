/* The way out: a signed AuthnRequest in the query of a redirect. saml-bindings-2.0-os 3.4. */
#include "portal/saml/saml_priv.h"

#include <lasso/xml/saml-2.0/samlp2_authn_request.h>
#include <string.h>

/* '_' and 32 hexadecimal digits: an xs:ID with 128 bits. */
static bool
id_ok(const char *id)
{
	return id[0] == '_' && strlen(id) == SAML_ID_LEN &&
	    strspn(id + 1, "0123456789abcdef") == SAML_ID_LEN - 1;
}

static bool
relay_ok(const char *relay)
{
	size_t n = strlen(relay);

	return n >= 1 && n <= 80 &&
	    strspn(relay, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == n;
}

/* lasso's structures own glib strings. */
static void
put(char **field, const char *value)
{
	g_free(*field);
	*field = g_strdup(value);
}

static void
fill(const struct saml *saml, const struct saml_ask *ask, LassoSamlp2AuthnRequest *q)
{
	char now[21];

	kf_time_utc(ask->now, now);
	put(&LASSO_SAMLP2_REQUEST_ABSTRACT(q)->ID, ask->id);
	put(&LASSO_SAMLP2_REQUEST_ABSTRACT(q)->IssueInstant, now);
	put(&LASSO_SAMLP2_REQUEST_ABSTRACT(q)->Destination,
	    NULL); /* lasso sets it from the metadata when it builds */
	put(&q->AssertionConsumerServiceURL, saml->acs);
	put(&q->ProtocolBinding, BINDING_POST);
	put(&q->NameIDPolicy->Format, FORMAT_PERSISTENT);
	q->NameIDPolicy->AllowCreate = TRUE;
	q->ForceAuthn = ask->force;
}

static enum kf_err
build(const struct saml *saml, const char *idp, const struct saml_ask *ask, struct kf_buf *url)
{
	LassoLogin *login = lasso_login_new(saml->server);
	LassoProfile *p = login != NULL ? LASSO_PROFILE(login) : NULL;
	enum kf_err r = KF_EIO;

	if (p == NULL ||
	    lasso_login_init_authn_request(login, idp, LASSO_HTTP_METHOD_REDIRECT) != 0)
		goto out;
	fill(saml, ask, LASSO_SAMLP2_AUTHN_REQUEST(p->request));
	lasso_profile_set_signature_hint(p, LASSO_PROFILE_SIGNATURE_HINT_FORCE);
	put(&p->msg_relayState, ask->relay);
	if (lasso_login_build_authn_request_msg(login) != 0 || p->msg_url == NULL)
		goto out;
	kf_buf_str(url, p->msg_url);
	r = url->bad ? KF_ENOMEM : KF_OK;
out:
	if (login != NULL)
		lasso_login_destroy(login);
	return r;
}

enum kf_err
saml_request(struct saml *saml, const char *idp, const struct saml_ask *ask, struct kf_buf *url)
{
	const struct saml_idp_info *info = saml_idp_find(saml, idp);

	if (!id_ok(ask->id) || !relay_ok(ask->relay))
		return KF_EINVAL;
	if (info == NULL)
		return KF_ENOENT;
	if (info->valid_until != 0 && ask->now >= info->valid_until)
		return KF_EEXPIRED;
	return build(saml, idp, ask, url);
}
