/* The pages that show keys: success and "my keys". */
#include "portal/view/page_frame.h"
#include "portal/view/qr.h"
#include "portal/view/template.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GROUPS_MAX 32 /* of a passphrase of 63 characters, with a dash between */
#define SOON_S (7 * 86400)
#define CLOCK_S (12 * 3600) /* what is older is told by its date, not by the time of day */

/* One key with every text that a template points to. It holds the passphrase: wiped. */
struct fob {
	size_t id; /* its place on the page, from 1 */
	struct ssid_text ssid;
	char pass[KF_PASS_MAX + 1]; /* dashes replaced by NUL where groups end */
	struct tmpl_tag_groups group[GROUPS_MAX];
	size_t groups;
	struct moment until, old, joined;
	char left[WHEN_MAX], state[2 * WHEN_MAX], devices_text[64], mail_state[32];
	struct kf_buf qr;
	struct moment *since; /* of each device */
	struct tmpl_my_keys_devices *device;
	size_t devices;
	struct tmpl_tag tag;
};

static void
fob_release(struct fob *v)
{
	kf_buf_free(&v->qr);
	free(v->since);
	free(v->device);
	kf_wipe(v, sizeof(*v));
}

/* Groups are for the eye: a passphrase that is made of letters, digits and single dashes is cut
 * at them; any other stays in one piece. */
static bool
grouped(const struct kf_pass *pass)
{
	for (size_t i = 0; i < pass->n; i++) {
		unsigned char c = (unsigned char)pass->s[i];
		bool edge = i == 0 || i + 1 == pass->n || pass->s[i - 1] == '-';

		if (!isalnum(c) && (c != '-' || edge))
			return false;
	}
	return true;
}

static void
groups_cut(struct fob *v, const struct kf_pass *pass)
{
	bool cut = grouped(pass);

	memcpy(v->pass, pass->s, pass->n);
	v->group[v->groups++].text = v->pass;
	for (size_t i = 0; cut && i < pass->n && v->groups < GROUPS_MAX; i++) {
		if (v->pass[i] != '-')
			continue;
		v->pass[i] = '\0';
		v->group[v->groups - 1].more = true;
		v->group[v->groups++].text = v->pass + i + 1;
	}
}

static enum kf_err
code_draw(struct fob *v, const struct page_key *key)
{
	struct kf_buf uri = {0}, label = {0};
	struct qr qr = {0};
	enum kf_err r;

	if ((r = wifi_uri(&key->net, key->pass, &uri)) != KF_OK ||
	    (r = qr_encode(kf_buf_span(&uri), &qr)) != KF_OK)
		goto out;
	kf_buf_fmt(&label, "QR code that joins %s with your key", v->ssid.s);
	qr_svg(&qr, kf_buf_cstr(&label), &v->qr);
	r = v->qr.bad || label.bad ? KF_ENOMEM : KF_OK;
out:
	qr_release(&qr);
	kf_buf_free(&uri);
	kf_buf_free(&label);
	return r;
}

static enum kf_err
devices_list(struct fob *v, const struct page_key *key)
{
	size_t n = key->devices < PAGE_DEVICES_MAX ? key->devices : PAGE_DEVICES_MAX;

	(void)snprintf(v->devices_text, sizeof(v->devices_text), "%zu device%s online",
	    key->devices, key->devices == 1 ? "" : "s");
	if (key->devices_max > 0)
		(void)snprintf(v->devices_text, sizeof(v->devices_text),
		    "%zu of %u device%s online", key->devices, key->devices_max,
		    key->devices_max == 1 ? "" : "s");
	if (n == 0)
		return KF_OK;
	v->since = calloc(n, sizeof(*v->since));
	v->device = calloc(n, sizeof(*v->device));
	if (v->since == NULL || v->device == NULL) {
		free(v->since);
		free(v->device);
		v->since = NULL;
		v->device = NULL;
		return KF_ENOMEM;
	}
	for (size_t i = 0; i < n; i++) {
		const struct page_device *d = &key->device[i];

		v->since[i] = moment_of(d->since);
		v->device[i] = (struct tmpl_my_keys_devices){
		    .name = template_given(d->name) ? d->name : "Device",
		    .mac = d->mac,
		    .since_iso = v->since[i].iso,
		    .since_full = v->since[i].full,
		    .since_clock =
			key->now - d->since < CLOCK_S ? v->since[i].clock : v->since[i].date,
		};
	}
	v->devices = n;
	return KF_OK;
}

static void
mail_state(struct fob *v, enum page_mail mail)
{
	static const char *const words[] = {[PAGE_MAIL_NONE] = "",
	    [PAGE_MAIL_QUEUED] = "On its way to",
	    [PAGE_MAIL_SENT] = "E-mailed to",
	    [PAGE_MAIL_FAILED] = "Could not be e-mailed to"};

	(void)snprintf(v->mail_state, sizeof(v->mail_state), "%s", words[mail]);
}

/* v must be zeroed; release it also after an error. n: the key's place on the page. */
static enum kf_err
fob_make(struct fob *v, const struct page_key *key, size_t n)
{
	enum kf_err r;

	v->id = n;
	v->ssid = ssid_text(key->net.ssid);
	if ((r = code_draw(v, key)) != KF_OK || (r = devices_list(v, key)) != KF_OK)
		return r;
	groups_cut(v, key->pass);
	v->until = moment_of(key->not_after);
	v->old = moment_of(key->old_not_after);
	when_left(key->now, key->not_after, v->left);
	mail_state(v, key->mail);
	v->tag = (struct tmpl_tag){
	    .id = v->id,
	    .ssid = v->ssid.s,
	    .qr = {kf_buf_cstr(&v->qr)},
	    .groups = v->group,
	    .groups_n = v->groups,
	    .until = v->until.date,
	    .until_iso = v->until.iso,
	    .until_full = v->until.full,
	};
	return KF_OK;
}

static void
tag_joined(struct fob *v, const struct page_key *key)
{
	v->tag.masked = true;
	v->tag.live = true;
	if (key->devices == 0)
		return;
	v->joined = moment_of(key->device[0].since);
	v->tag.joined =
	    template_given(key->device[0].name) ? key->device[0].name : key->device[0].mac;
	v->tag.joined_iso = v->joined.iso;
	v->tag.joined_clock = v->joined.clock;
}

static void
success_write(struct kf_buf *out, const struct page_shell *shell, const struct page_success *in,
    const struct fob *v)
{
	struct tmpl_people frame = page_frame(shell, "Your Wi-Fi key");
	char overlap[WHEN_MAX], head[64];

	when_left(0, in->overlap_s, overlap);
	(void)snprintf(head, sizeof(head), "%zu device%s online with this key", in->key.devices,
	    in->key.devices == 1 ? "" : "s");
	tmpl_success(out,
	    &(struct tmpl_success){
		.shell = &frame,
		.tag = &v->tag,
		.ssid = v->ssid.s,
		.fresh = in->fresh,
		.rotated = in->rotated,
		.mailed = in->mailed && in->key.mail_to != NULL,
		.mail_to = in->key.mail_to,
		.mail_state = v->mail_state,
		.until = v->until.date,
		.until_iso = v->until.iso,
		.until_full = v->until.full,
		.left = v->left,
		.old_until = v->old.date,
		.old_iso = v->old.iso,
		.old_full = v->old.full,
		.overlap = overlap,
		.devices = in->key.devices > 0,
		.devices_head = head,
		.devices_now = in->key.devices,
		.devices_max = in->key.devices_max,
		.csrf = shell->csrf,
		.key_id = in->key.id,
	    });
}

enum kf_err
page_success(struct kf_buf *out, const struct page_shell *shell, const struct page_success *in)
{
	struct fob v = {0};
	enum kf_err r = fob_make(&v, &in->key, 1);

	if (r == KF_OK) {
		tag_joined(&v, &in->key);
		success_write(out, shell, in, &v);
	}
	fob_release(&v);
	return r;
}

/* Shape and word of the key's state; in the order in which a person should care. */
static const char *
state_of(struct fob *v, const struct page_key *key)
{
	bool soon = key->not_after > 0 && key->not_after - key->now < SOON_S;

	if (soon)
		(void)snprintf(v->state, sizeof(v->state), "Ends in %s", v->left);
	else if (key->old_not_after > 0)
		(void)snprintf(v->state, sizeof(v->state), "Moving to the new key");
	else
		(void)snprintf(v->state, sizeof(v->state), "Active");
	return soon ? "st-soon" : key->old_not_after > 0 ? "st-move" : "st-on";
}

static struct tmpl_my_keys
my_row(struct fob *v, const struct page_key *key, bool first)
{
	return (struct tmpl_my_keys){
	    .ssid = v->ssid.s,
	    .devices_text = v->devices_text,
	    .until = v->until.date,
	    .until_iso = v->until.iso,
	    .until_full = v->until.full,
	    .old_until = v->old.date,
	    .old_iso = v->old.iso,
	    .old_full = v->old.full,
	    .state_class = state_of(v, key),
	    .state = v->state,
	    .first = first,
	    .devices = v->device,
	    .devices_n = v->devices,
	    .tag = &v->tag,
	};
}

enum kf_err
page_my(struct kf_buf *out, const struct page_shell *shell, const struct page_my *in)
{
	struct tmpl_people frame = page_frame(shell, "My keys");
	struct fob *view = NULL;
	struct tmpl_my_keys *row = NULL;
	enum kf_err r = KF_OK;

	if (in->keys > PAGE_KEYS_MAX)
		return KF_EINVAL;
	view = calloc(in->keys + 1, sizeof(*view));
	row = calloc(in->keys + 1, sizeof(*row));
	if (view == NULL || row == NULL) {
		free(view);
		free(row);
		return KF_ENOMEM;
	}
	for (size_t i = 0; i < in->keys; i++) {
		if ((r = fob_make(&view[i], &in->key[i], i + 1)) != KF_OK)
			goto out;
		row[i] = my_row(&view[i], &in->key[i], i == 0);
	}
	frame.at_my = true;
	tmpl_my(out,
	    &(struct tmpl_my){
		.shell = &frame, .email = shell->email, .keys = row, .keys_n = in->keys});
out:
	for (size_t i = 0; i < in->keys; i++)
		fob_release(&view[i]);
	free(view);
	free(row);
	return r;
}
