#include "portal/view/page.h"

#include "portal/view/page_frame.h"
#include "portal/view/template.h"

#include <stdio.h>
#include <string.h>

struct ssid_text
ssid_text(struct kf_span ssid)
{
	struct ssid_text out = {0};

	for (size_t i = 0; i < ssid.n && i < FEED_SSID_MAX; i++)
		out.s[i] = ssid.p[i] != '\0' ? (char)ssid.p[i] : '\x01';
	return out;
}

struct moment
moment_of(int64_t t)
{
	struct moment m = {0};

	if (t == 0)
		return m;
	kf_time_utc(t, m.iso);
	when_date(t, m.date);
	when_full(t, m.full);
	when_clock(t, m.clock);
	return m;
}

struct tmpl_people
page_frame(const struct page_shell *shell, const char *title)
{
	return (struct tmpl_people){
	    .title = title,
	    .org_name = shell->org_name,
	    .help_desk = shell->help_desk,
	    .email = shell->email,
	    .csrf = shell->csrf,
	};
}

/* "30 days, 5 devices": what a key of this workflow is good for. "" when without limits. */
static void
terms_of(const struct page_landing *in, char *out, size_t cap)
{
	char days[32] = "", devices[32] = "";

	if (in->days > 0)
		(void)snprintf(days, sizeof(days), "%u day%s", in->days, in->days == 1 ? "" : "s");
	if (in->devices_max > 0)
		(void)snprintf(devices, sizeof(devices), "%u device%s", in->devices_max,
		    in->devices_max == 1 ? "" : "s");
	(void)snprintf(
	    out, cap, "%s%s%s", days, days[0] != '\0' && devices[0] != '\0' ? ", " : "", devices);
}

void
page_landing(struct kf_buf *out, const struct page_shell *shell, const struct page_landing *in)
{
	struct tmpl_people frame = page_frame(shell, "Get your Wi-Fi key");
	struct ssid_text ssid = ssid_text(in->ssid);
	char terms[96];

	terms_of(in, terms, sizeof(terms));
	tmpl_landing(out,
	    &(struct tmpl_landing){
		.shell = &frame,
		.ssid = in->slug != NULL ? ssid.s : NULL,
		.slug = in->slug,
		.idp = in->idp,
		.signed_in = shell->email,
		.signed_out = in->signed_out,
		.terms = terms,
	    });
}

void
page_ended(struct kf_buf *out, const struct page_shell *shell, const struct page_ended *in)
{
	struct tmpl_people frame = page_frame(shell, "This key has ended");
	struct ssid_text ssid = ssid_text(in->ssid);
	struct moment at = moment_of(in->at);

	tmpl_ended(out,
	    &(struct tmpl_ended){
		.shell = &frame,
		.ssid = ssid.s,
		.revoked = in->why == PAGE_END_REVOKED,
		.replaced = in->why == PAGE_END_REPLACED,
		.at = at.date,
		.at_full = at.full,
		.at_iso = at.iso,
		.slug = in->slug,
	    });
}

void
page_refused(struct kf_buf *out, const struct page_shell *shell, const struct page_refused *in)
{
	struct tmpl_people frame = page_frame(shell, "We couldn’t sign you in");

	tmpl_refused(out,
	    &(struct tmpl_refused){
		.shell = &frame,
		.code = in->code,
		.slug = in->slug,
		.too_slow = in->too_slow,
		.help_desk = shell->help_desk,
	    });
}

void
page_error(struct kf_buf *out, const struct page_shell *shell, const struct page_error *in)
{
	struct tmpl_people frame = page_frame(shell, in->title);

	tmpl_error(out,
	    &(struct tmpl_error){
		.shell = &frame,
		.title = in->title,
		.text = in->text,
		.code = in->code,
	    });
}

void
page_not_found(struct kf_buf *out, const struct page_shell *shell)
{
	page_error(out, shell,
	    &(struct page_error){
		.title = "There is nothing here",
		.text = "The address may be mistyped, or what it named is gone. Your key and your "
			"devices "
			"are not touched.",
	    });
}
