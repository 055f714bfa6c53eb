/* Shared by the pages' own files only. */
#ifndef VIEW_PAGE_FRAME_H
#define VIEW_PAGE_FRAME_H

#include "portal/view/page.h"
#include "portal/view/when.h"
#include "templates.h"

/* An SSID as text: a NUL inside comes out as U+FFFD, as all that is not to be shown does. */
struct ssid_text {
	char s[FEED_SSID_MAX + 1];
};
struct ssid_text ssid_text(struct kf_span ssid);

/* The three ways in which a page writes a moment. */
struct moment {
	char iso[21], date[WHEN_MAX], full[WHEN_MAX], clock[WHEN_MAX];
};
struct moment moment_of(int64_t t); /* all "" when t is 0 */

struct tmpl_people page_frame(const struct page_shell *shell, const char *title);

#endif
