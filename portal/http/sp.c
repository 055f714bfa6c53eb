#include "portal/http/sp.h"

#include "common/log.h"
#include "portal/core/config.h"
#include "portal/core/idp.h"
#include <stdlib.h>

struct load {
	struct saml *saml;
	int64_t now;
};

static enum kf_err
load_idp(void *arg, struct kf_span entity_id, struct kf_span metadata)
{
	struct load *load = arg;
	struct kf_buf id = {0}, why = {0};
	struct saml_idp_conf conf = {.metadata = metadata};
	enum kf_err r;

	kf_buf_add(&id, entity_id.p, entity_id.n);
	conf.entity_id = kf_buf_cstr(&id);
	r = saml_idp_load(load->saml, &conf, load->now, &why);
	if (r != KF_OK)
		kf_log(LOGL_ERROR, "saml", "idp=%s not-loaded=\"%s\"", conf.entity_id,
		    kf_buf_cstr(&why));
	kf_buf_free(&id);
	kf_buf_free(&why);
	return KF_OK; /* the other IdPs still serve their people */
}

static enum kf_err
sp_load(struct app *app, const struct config *conf, struct saml **out)
{
	struct kf_buf key = {0}, cert = {0}, why = {0};
	struct load load = {.now = kf_now_s(app->env)};
	enum kf_err r;

	if ((r = idp_sp_keypair(app, &key, &cert)) != KF_OK)
		goto out;
	r = saml_open(&(struct saml_conf){conf->base_url, kf_buf_span(&key), kf_buf_span(&cert)},
	    &why, &load.saml);
	if (r != KF_OK) {
		kf_log(LOGL_ERROR, "saml", "not-started=\"%s\"", kf_buf_cstr(&why));
		goto out;
	}
	if ((r = idp_each(app, load_idp, &load)) != KF_OK)
		goto out;
	*out = load.saml;
	load.saml = NULL;
out:
	saml_free(&load.saml);
	kf_buf_free(&key);
	kf_buf_free(&cert);
	kf_buf_free(&why);
	return r;
}

/* Keeps what worked before when something does not load. */
static void
sp_refresh(struct web_worker *w, void *arg)
{
	struct sp *sp = arg;
	struct app *app = web_worker_app(w);
	struct saml *fresh = NULL;
	uint64_t generation;

	if (idp_generation(app, &generation) != KF_OK)
		return;
	if (sp->saml != NULL && sp->generation == generation)
		return;
	if (sp_load(app, web_worker_config(w), &fresh) != KF_OK)
		return;
	saml_free(&sp->saml);
	*sp = (struct sp){fresh, generation};
}

enum kf_err
sp_start(struct web_worker *w)
{
	struct sp *sp = calloc(1, sizeof(*sp));

	if (sp == NULL)
		return KF_ENOMEM;
	web_worker_sp_set(w, sp); /* lives as long as the worker */
	sp_refresh(w, sp);
	return web_tick_register(w, sp_refresh, sp);
}
