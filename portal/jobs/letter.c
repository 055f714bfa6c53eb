#include "portal/jobs/letter.h"

#include "portal/mail/mime.h"
#include "portal/view/mail_view.h"

#include <stdio.h>

struct letter_names {
	char url[CONFIG_URL_MAX + 48], my_url[CONFIG_URL_MAX + 8];
	char cid[sizeof(((struct outbox_mail *)0)->message_id) + 4];
};

static enum mail_view_mode
view_mode(const struct outbox_mail *mail)
{
	if (mail->mode == MAIL_LINK || mail->key.pass.n == 0)
		return MAIL_VIEW_LINK;
	return mail->mode == MAIL_QR_TEXT ? MAIL_VIEW_QR_TEXT : MAIL_VIEW_QR;
}

static enum kf_err
write_words(const struct jobs *jobs, const struct outbox_mail *mail,
    const struct letter_names *names, struct mail_view *out)
{
	const struct key_view *key = &mail->key;
	const struct mail_view_key in = {
	    .mode = view_mode(mail),
	    .org_name = jobs->conf->org_name,
	    .help_desk = jobs->conf->help_desk,
	    .name = mail->name,
	    .net = {.ssid = kf_span_of(key->ssid.b, key->ssid.n), .security = key->security},
	    .pass = &key->pass,
	    .url = names->url,
	    .my_url = names->my_url,
	    .qr_cid = names->cid,
	    .issued = key->created,
	    .not_after = key->expires,
	    .devices_max = key->max_usage,
	};

	return mail_view_key(&in, out);
}

/* A name is decoration: one that a header cannot take is left out, and the mail goes. */
static struct kf_span
name_or_none(const char *name)
{
	struct kf_span s = kf_span_str(name);

	return s.n <= MIME_NAME_MAX && kf_text_clean(s) ? s : (struct kf_span){0};
}

static struct kf_span
subject_or_plain(const struct kf_buf *subject)
{
	struct kf_span s = kf_buf_span(subject);

	return s.n > 0 && s.n <= MIME_SUBJECT_MAX && kf_text_clean(s) ? s
								      : KF_LIT("Your Wi-Fi key");
}

enum kf_err
letter_compose(
    const struct jobs *jobs, const struct outbox_mail *mail, struct kf_buf *out, const char **why)
{
	const struct config *conf = jobs->conf;
	struct letter_names names;
	struct mail_view view = {0};
	struct mime_mail m;
	enum kf_err r;

	(void)snprintf(names.url, sizeof(names.url), "%s/k/%s", conf->base_url, mail->key.id);
	(void)snprintf(names.my_url, sizeof(names.my_url), "%s/my", conf->base_url);
	(void)snprintf(names.cid, sizeof(names.cid), "qr.%s", mail->message_id);
	*why = "the page";
	if ((r = write_words(jobs, mail, &names, &view)) != KF_OK)
		goto out;
	m = (struct mime_mail){
	    .from = kf_span_str(conf->mail_from),
	    .from_name = name_or_none(conf->org_name),
	    .to = kf_span_str(mail->to),
	    .to_name = name_or_none(mail->name),
	    .reply_to = kf_span_str(conf->mail_reply_to),
	    .subject = subject_or_plain(&view.subject),
	    .message_id = kf_span_str(mail->message_id),
	    .lang = KF_LIT("en"),
	    .date = kf_now_s(jobs->env),
	    .text = kf_buf_span(&view.text),
	    .html = kf_buf_span(&view.html),
	    .png = kf_buf_span(&view.qr_png),
	    .cid = view.qr_png.n > 0 ? kf_span_str(names.cid) : (struct kf_span){0},
	};
	r = mime_compose(&m, out, why);
out:
	mail_view_release(&view);
	return r;
}
