#include "portal/core/setup.h"

#include "common/addr.h"
#include "portal/core/agentca.h"
#include "portal/core/change.h"
#include "portal/core/masterkey.h"
#include "portal/core/passphrase.h"
#include "portal/core/spkey.h"
#include "portal/core/vault.h"
#include "portal/store/idp_row.h"
#include "portal/store/net_row.h"
#include "portal/store/org_row.h"
#include "portal/store/workflow_row.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define VALIDITY_S (30LL * 86400)

/* The rows to be, all checked before anything is made. */
struct plan {
	char org_name[201];
	struct site_row site;
	struct wlan_row wlan;
	struct vlan_row vlan;
	struct role_row role;
	struct workflow_row flow;
};

static enum kf_err
refuse(struct kf_buf *why, const char *sentence)
{
	kf_buf_str(why, sentence);
	return KF_EINVAL;
}

/* --- checking
 * --------------------------------------------------------------------------------------- */

static bool
put_name(char *out, size_t size, struct kf_span s, const char *otherwise)
{
	if (s.n == 0)
		s = kf_span_str(otherwise);
	if (s.n < 1 || s.n >= size || !kf_text_clean(s))
		return false;
	memcpy(out, s.p, s.n);
	out[s.n] = '\0';
	return true;
}

static bool
slug_ok(const char *s)
{
	for (const char *p = s; *p != '\0'; p++)
		if (!islower((unsigned char)*p) && !isdigit((unsigned char)*p) && *p != '-')
			return false;
	return *s != '\0' && *s != '-';
}

static enum kf_err
plan_addrs(const struct kf_span *from, size_t n, bool host, char *out, size_t size)
{
	struct kf_buf text = {.max = size - 1};
	char one[KF_ADDR_TEXT_MAX + 1];
	enum kf_err r = KF_OK;

	for (size_t i = 0; i < n && r == KF_OK; i++) {
		struct feed_addr a;

		if ((r = kf_addr_parse(from[i], &a)) != KF_OK)
			break;
		if (host && a.bits != (a.family == 4 ? 32 : 128))
			r = KF_EINVAL;
		kf_addr_str(&a, one);
		kf_buf_fmt(&text, "%s%s", i > 0 ? " " : "", one);
	}
	if (r == KF_OK && text.bad)
		r = KF_EINVAL;
	if (r == KF_OK)
		memcpy(out, kf_buf_cstr(&text), text.n + 1);
	kf_buf_free(&text);
	return r;
}

static enum kf_err
plan_make(const struct config *conf, const struct setup *what, struct plan *p, struct kf_buf *why)
{
	const char *org = conf->org_name[0] != '\0' ? conf->org_name : "Keyfob";

	*p = (struct plan){0};
	if (!put_name(p->org_name, sizeof(p->org_name), what->org, org))
		return refuse(why, "--org: expected 1 to 200 bytes without control characters.");
	if (!put_name(p->site.name, sizeof(p->site.name), what->site, "main"))
		return refuse(why, "--site: expected 1 to 63 bytes without control characters.");
	if (what->ssid.n < 1 || what->ssid.n > FEED_SSID_MAX)
		return refuse(why, "--ssid: expected the network's name, 1 to 32 bytes.");
	if (what->vlan < 1 || what->vlan > 4094)
		return refuse(why, "--vlan: expected 1 to 4094.");
	if (!put_name(p->flow.slug, sizeof(p->flow.slug), what->workflow, "employees") ||
	    !slug_ok(p->flow.slug))
		return refuse(why, "--workflow: expected 1 to 63 of a-z, 0-9 and '-'.");
	if (plan_addrs(what->prefix, what->prefixes, false, p->vlan.prefixes,
		sizeof(p->vlan.prefixes)) != KF_OK)
		return refuse(why, "--prefix: expected a network such as 10.20.0.0/16.");
	if (plan_addrs(what->gateway, what->gateways, true, p->vlan.gateways,
		sizeof(p->vlan.gateways)) != KF_OK)
		return refuse(why, "--gateway: expected an address such as 10.20.0.1.");
	memcpy(p->wlan.ssid.b, what->ssid.p, what->ssid.n);
	p->wlan.ssid.n = (uint8_t)what->ssid.n;
	p->wlan.security = FEED_WPA2;
	p->wlan.key_form = FEED_FORM_PMK;
	p->wlan.personal = true;
	p->vlan.vid = p->flow.vlan = what->vlan;
	(void)snprintf(p->vlan.wired, sizeof(p->vlan.wired), "any");
	(void)snprintf(p->role.name, sizeof(p->role.name), "employee");
	(void)snprintf(p->flow.name, sizeof(p->flow.name), "%.127s", p->flow.slug);
	(void)snprintf(p->flow.mail_mode, sizeof(p->flow.mail_mode), "qr");
	p->flow.validity_s = VALIDITY_S;
	p->flow.overlap_s = 86400;
	p->flow.pass_groups = PASS_GROUPS;
	p->flow.published = true;
	return KF_OK;
}

/* --- files
 * ---------------------------------------------------------------------------------------- */

static enum kf_err
dir_make(const char *path, struct kf_buf *why)
{
	struct stat st;

	if (mkdir(path, 0700) == 0)
		return KF_OK;
	if (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return KF_OK;
	kf_buf_fmt(why, "%s: %s.", path, strerror(errno));
	return KF_EIO;
}

/* Writes the key under another name first: a file of half a key would lock everybody out. */
static enum kf_err
master_write(const char *path, const struct kf_env *env, struct kf_buf *why)
{
	char tmp[CONFIG_PATH_MAX + 8], text[2 * 32 + 2];
	struct kf_sealkey key;
	enum kf_err r = KF_EIO;
	int fd = -1;

	(void)snprintf(tmp, sizeof(tmp), "%s.new", path);
	if ((r = env->random(env->ctx, key.b, sizeof(key.b))) != KF_OK)
		return r;
	kf_hex(kf_span_of(key.b, sizeof(key.b)), text);
	text[64] = '\n';
	(void)unlink(tmp);
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0400);
	/* link(), not rename(): never over a key that somebody else just made */
	if (fd == -1 || write(fd, text, 65) != 65 || fsync(fd) != 0 || link(tmp, path) != 0) {
		kf_buf_fmt(why, "%s: %s.", path, strerror(errno));
		r = KF_EIO;
	}
	if (fd != -1)
		(void)close(fd);
	(void)unlink(tmp);
	kf_wipe(&key, sizeof(key));
	kf_wipe(text, sizeof(text));
	return r;
}

static enum kf_err
master_make(
    const struct config *conf, const struct kf_env *env, struct kf_sealkey *out, struct kf_buf *why)
{
	enum kf_err r = KF_OK;

	if (access(conf->master_key_file, F_OK) != 0)
		r = master_write(conf->master_key_file, env, why);
	return r == KF_OK ? masterkey_read(conf->master_key_file, out, why) : r;
}

/* --- rows
 * ----------------------------------------------------------------------------------------- */

static enum kf_err
new_id(struct app *app, char out[STORE_ID])
{
	uint8_t id[16];
	enum kf_err r = kf_random_uuid(app->env, id);

	kf_uuid_str(id, out);
	return r;
}

static enum kf_err
data_key_make(struct app *app, const struct kf_sealkey *master, const char *purpose)
{
	struct data_key_row row = {.purpose = purpose};
	struct vault_wrap at = {app->org, row.id, purpose};
	struct kf_buf wrapped = {.max = sizeof(row.wrapped)};
	struct kf_sealkey key;
	enum kf_err r;

	if ((r = new_id(app, row.id)) != KF_OK ||
	    (r = app->env->random(app->env->ctx, key.b, sizeof(key.b))) != KF_OK ||
	    (r = vault_wrap(master, app->env, &at, &key, &wrapped)) != KF_OK)
		goto out;
	memcpy(row.wrapped, wrapped.p, wrapped.n);
	row.wrapped_n = wrapped.n;
	r = data_key_insert(app->db, app->org, &row, kf_now_s(app->env));
out:
	kf_wipe(&key, sizeof(key));
	kf_buf_free(&wrapped);
	return r;
}

static enum kf_err
sp_key_make(struct app *app)
{
	const char *host = strstr(app->conf->base_url, "://");
	struct kf_buf key = {0}, cert = {0}, sealed = {0};
	struct sp_key_row row = {0};
	enum kf_err r;

	host = host != NULL ? host + 3 : "keyfob";
	if ((r = new_id(app, row.id)) != KF_OK ||
	    (r = spkey_make(host, kf_now_s(app->env), &key, &cert)) != KF_OK ||
	    (r = vault_seal(app, &(struct vault_place){"sp_key", row.id, "private_key", 1},
		 kf_buf_span(&key), &sealed)) != KF_OK)
		goto out;
	row.sealed_key = kf_buf_span(&sealed);
	row.cert_pem = kf_buf_span(&cert);
	r = sp_key_insert(app->db, app->org, &row, kf_now_s(app->env));
out:
	kf_buf_free(&key);
	kf_buf_free(&cert);
	kf_buf_free(&sealed);
	return r;
}

static enum kf_err
org_make(struct app *app, const struct kf_sealkey *master, const struct plan *p)
{
	enum kf_err r = new_id(app, app->org);

	if (r != KF_OK ||
	    (r = org_row_insert(app->db, app->org, kf_span_str(p->org_name), kf_now_s(app->env))) !=
		KF_OK ||
	    (r = data_key_make(app, master, "data")) != KF_OK ||
	    (r = data_key_make(app, master, "tag")) != KF_OK ||
	    (r = app_load(app, master)) != KF_OK)
		return r;
	return sp_key_make(app);
}

static enum kf_err
net_make(struct app *app, struct plan *p)
{
	int64_t now = kf_now_s(app->env);
	uint64_t rev;
	enum kf_err r;

	if ((r = new_id(app, p->site.id)) != KF_OK || (r = new_id(app, p->wlan.id)) != KF_OK ||
	    (r = new_id(app, p->vlan.id)) != KF_OK || (r = new_id(app, p->role.id)) != KF_OK ||
	    (r = new_id(app, p->flow.id)) != KF_OK)
		return r;
	memcpy(p->vlan.site_id, p->site.id, sizeof(p->vlan.site_id));
	memcpy(p->flow.wlan_id, p->wlan.id, sizeof(p->flow.wlan_id));
	memcpy(p->flow.role_id, p->role.id, sizeof(p->flow.role_id));
	if ((r = net_site_insert(app->db, app->org, &p->site, now)) != KF_OK ||
	    (r = change_put(app, CHANGE_SITE, p->site.id, &rev)) != KF_OK ||
	    (r = net_wlan_insert(app->db, app->org, &p->wlan, now)) != KF_OK ||
	    (r = net_wlan_at_site(app->db, app->org, p->wlan.id, p->site.id)) != KF_OK ||
	    (r = change_put(app, CHANGE_WLAN, p->wlan.id, &rev)) != KF_OK ||
	    (r = net_vlan_insert(app->db, app->org, &p->vlan)) != KF_OK ||
	    (r = change_put(app, CHANGE_VLAN, p->vlan.id, &rev)) != KF_OK ||
	    (r = net_role_insert(app->db, app->org, &p->role)) != KF_OK ||
	    (r = change_put(app, CHANGE_ROLE, p->role.id, &rev)) != KF_OK ||
	    (r = workflow_row_insert(app->db, app->org, &p->flow, now)) != KF_OK)
		return r;
	return change_put(app, CHANGE_WORKFLOW, p->flow.id, &rev);
}

/* One transaction: there is an installation, or there is none. */
static enum kf_err
fill(struct app *app, const struct kf_sealkey *master, struct plan *p, const struct actor *by)
{
	char org[STORE_ID];
	enum kf_err r;

	if ((r = db_begin(app->db)) != KF_OK)
		return r;
	r = org_row_only(app->db, org);
	if (r == KF_OK)
		r = KF_EEXIST;
	if (r == KF_ENOENT && (r = org_make(app, master, p)) == KF_OK &&
	    (r = net_make(app, p)) == KF_OK)
		r = audit_put(app, &(struct audit_note){by, "init", app->org, p->org_name});
	return db_end(app->db, r);
}

/* An init that was killed may have left the rows without the agents' CA, which has files too. */
static enum kf_err
finish_other(struct app *app, const struct kf_sealkey *master)
{
	enum kf_err r = app_load(app, master);

	if (r == KF_OK)
		r = agentca_init(app);
	return r == KF_OK ? KF_EEXIST : r;
}

enum kf_err
setup_create(const struct config *conf, const struct kf_env *env, const struct actor *by,
    const struct setup *what, struct kf_buf *why)
{
	struct app *app = calloc(1, sizeof(*app));
	struct plan *plan = calloc(1, sizeof(*plan));
	char path[CONFIG_PATH_MAX + 16];
	struct kf_sealkey master = {0};
	enum kf_err r = KF_ENOMEM;

	if (app == NULL || plan == NULL)
		goto out;
	app->conf = conf;
	app->env = env;
	if ((r = plan_make(conf, what, plan, why)) != KF_OK ||
	    (r = app_db_path(conf, path, sizeof(path))) != KF_OK ||
	    (r = dir_make(conf->state_dir, why)) != KF_OK ||
	    (r = master_make(conf, env, &master, why)) != KF_OK ||
	    (r = store_open_migrated(path, true, &app->db)) != KF_OK)
		goto out;
	r = fill(app, &master, plan, by);
	if (r == KF_OK)
		r = agentca_init(app);
	if (r == KF_EEXIST) {
		kf_buf_fmt(why, "%s holds an installation already; nothing was changed.", path);
		r = finish_other(app, &master);
	}
out:
	if (r != KF_OK && why->n == 0)
		kf_buf_fmt(why, "%s; the log above says why.", kf_err_str(r));
	kf_wipe(&master, sizeof(master));
	free(plan);
	app_close(&app);
	return r;
}
