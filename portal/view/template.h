/* What compiled templates (templates/compile.c) call to write a value. Each escapes for one
 * place in the page; the compiler chooses, no caller does. Bytes that are not UTF-8 and control
 * characters come out as U+FFFD everywhere. NULL writes nothing. */
#ifndef VIEW_TEMPLATE_H
#define VIEW_TEMPLATE_H

#include "common/text.h"

/* HTML made by our own code (an inline QR code), written as it is. The type is the permission. */
struct html {
	const char *s;
};

bool template_given(const char *s); /* not NULL and not "" */

void template_text(struct kf_buf *out, const char *s); /* element text, quoted attribute */
/* A whole URL in a quoted attribute: a path of ours ("/x", not "//x"), http, https, mailto, tel or
 * cid; anything else (javascript:, data:) is replaced by "about:invalid". */
void template_url(struct kf_buf *out, const char *s);
void template_url_part(struct kf_buf *out, const char *s); /* after a "/", "?" or "=": %XX */
/* text/plain: no escaping; line breaks and tabs become spaces, so a value cannot forge a line. */
void template_plain(struct kf_buf *out, const char *s);
void template_uint(struct kf_buf *out, uint64_t v);
void template_html(struct kf_buf *out, struct html h);

#endif
