#include "portal/view/mail_view.h"

#include "portal/view/page_frame.h"
#include "portal/view/qr.h"
#include "portal/view/template.h"

#include <string.h>

#define PNG_SIDE 480 /* pixels, at least: sharp at twice the 240 that the mail shows */

static enum kf_err
code_make(const struct mail_view_key *in, struct kf_buf *png)
{
	struct kf_buf uri = {0};
	struct qr qr = {0};
	enum kf_err r;

	if ((r = wifi_uri(&in->net, in->pass, &uri)) == KF_OK &&
	    (r = qr_encode(kf_buf_span(&uri), &qr)) == KF_OK) {
		unsigned side = qr.size + 2 * QR_QUIET;

		r = qr_png(&qr, (PNG_SIDE + side - 1) / side, png);
	}
	qr_release(&qr);
	kf_buf_free(&uri);
	return r;
}

static bool
http_url(const char *s)
{
	return s != NULL && (strncmp(s, "https://", 8) == 0 || strncmp(s, "http://", 7) == 0);
}

/* What both bodies say. */
struct mail_words {
	struct ssid_text ssid;
	struct moment until, issued;
	const char *pass; /* borrowed; NULL: not told */
	struct kf_buf qr_src;
};

static void
text_write(const struct mail_view_key *in, const struct mail_words *w, struct mail_view *out)
{
	tmpl_key_mail_subject_txt(&out->subject, &(struct tmpl_key_mail_subject_txt){w->ssid.s});
	if (out->subject.n > 0)
		out->subject.p[--out->subject.n] = '\0'; /* the template's line end */
	tmpl_key_mail_txt(&out->text,
	    &(struct tmpl_key_mail_txt){
		.name = in->name,
		.ssid = w->ssid.s,
		.org_name = in->org_name,
		.url = in->url,
		.pass = w->pass,
		.until = w->until.date,
		.until_full = w->until.full,
		.devices_max = in->devices_max,
		.code = out->qr_png.n > 0,
		.my_url = in->my_url,
		.issued = w->issued.full,
		.help_desk = in->help_desk,
	    });
}

static void
html_write(const struct mail_view_key *in, const struct mail_words *w, struct mail_view *out)
{
	tmpl_key_mail(&out->html,
	    &(struct tmpl_key_mail){
		.ssid = w->ssid.s,
		.org_name = in->org_name,
		.name = in->name,
		.qr_src = kf_buf_cstr(&w->qr_src),
		.url = in->url,
		.pass = w->pass,
		.until = w->until.date,
		.until_iso = w->until.iso,
		.until_full = w->until.full,
		.devices_max = in->devices_max,
		.my_url = in->my_url,
		.issued = w->issued.full,
		.help_desk = in->help_desk,
	    });
}

enum kf_err
mail_view_key(const struct mail_view_key *in, struct mail_view *out)
{
	struct mail_words w = {
	    .ssid = ssid_text(in->net.ssid),
	    .until = moment_of(in->not_after),
	    .issued = moment_of(in->issued),
	    .pass = in->mode == MAIL_VIEW_QR_TEXT ? in->pass->s : NULL,
	};
	bool code = in->mode != MAIL_VIEW_LINK, bad;
	enum kf_err r;

	if (!http_url(in->url) || !http_url(in->my_url) || (code && in->qr_cid == NULL))
		return KF_EINVAL;
	if (code && (r = code_make(in, &out->qr_png)) != KF_OK)
		return r;
	if (code)
		kf_buf_fmt(&w.qr_src, "cid:%s", in->qr_cid);
	text_write(in, &w, out);
	html_write(in, &w, out);
	bad = w.qr_src.bad || out->subject.bad || out->text.bad || out->html.bad;
	kf_buf_free(&w.qr_src);
	return bad ? KF_ENOMEM : KF_OK;
}

void
mail_view_release(struct mail_view *mail)
{
	kf_buf_free(&mail->subject);
	kf_buf_free(&mail->text);
	kf_buf_free(&mail->html);
	kf_buf_free(&mail->qr_png);
	*mail = (struct mail_view){0};
}
