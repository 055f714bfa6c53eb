#include "portal/view/template.h"

#include <ctype.h>
#include <string.h>

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

bool
template_given(const char *s)
{
	return s != NULL && s[0] != '\0';
}

/* Bytes of the well-formed UTF-8 character at s, 0 if there is none. Unicode 15, table 3-7. */
static size_t
utf8_len(const unsigned char *s)
{
	unsigned char lo = 0x80, hi = 0xbf;
	size_t n;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (s[0] == 0xe0)
		lo = 0xa0;
	else if (s[0] == 0xed)
		hi = 0x9f;
	else if (s[0] == 0xf0)
		lo = 0x90;
	else if (s[0] == 0xf4)
		hi = 0x8f;
	if (s[1] < lo || s[1] > hi)
		return 0;
	for (size_t i = 2; i < n; i++)
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	return n;
}

/* The character at s that is not to be shown: not UTF-8, a control (C0, DEL, C1), or a mark that
 * turns the reading direction of what stands around the value. */
static bool
unfit(const unsigned char *s, size_t n)
{
	if (n == 0 || s[0] < 0x20 || s[0] == 0x7f)
		return true;
	if (n == 2 && s[0] == 0xc2 && s[1] < 0xa0)
		return true;
	if (n != 3 || s[0] != 0xe2)
		return false;
	return (s[1] == 0x80 && s[2] >= 0xaa && s[2] <= 0xae) ||
	    (s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9);
}

static const char *
html_escape(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

static bool
blank(char c)
{
	return c == '\n' || c == '\r' || c == '\t';
}

static void
text_add(struct kf_buf *out, const char *text, bool html)
{
	const unsigned char *s = (const unsigned char *)text;

	while (s != NULL && *s != '\0') {
		size_t n = utf8_len(s);
		const char *esc = html && n == 1 ? html_escape((char)*s) : NULL;

		if (esc != NULL)
			kf_buf_str(out, esc);
		else if (blank((char)*s))
			kf_buf_str(out, " ");
		else if (unfit(s, n))
			kf_buf_str(out, replacement);
		else
			kf_buf_add(out, s, n);
		s += n > 0 ? n : 1;
	}
}

void
template_text(struct kf_buf *out, const char *s)
{
	text_add(out, s, true);
}

void
template_plain(struct kf_buf *out, const char *s)
{
	text_add(out, s, false);
}

static bool
url_ok(const char *s)
{
	static const char *const heads[] = {"https://", "http://", "mailto:", "tel:", "cid:"};

	for (const char *p = s; *p != '\0'; p++)
		if ((unsigned char)*p <= 0x20 || *p == 0x7f || *p == '\\')
			return false; /* browsers skip or bend these before they look for a scheme
				       */
	if (s[0] == '/')
		return s[1] != '/';
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		if (strncmp(s, heads[i], strlen(heads[i])) == 0)
			return true;
	return false;
}

void
template_url(struct kf_buf *out, const char *s)
{
	if (s != NULL)
		text_add(out, url_ok(s) ? s : "about:invalid", true);
}

void
template_url_part(struct kf_buf *out, const char *s)
{
	for (; s != NULL && *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		/* RFC 3986 2.3: unreserved */
		if (c < 0x80 && (isalnum(c) || strchr("-._~", c) != NULL))
			kf_buf_u8(out, c);
		else
			kf_buf_fmt(out, "%%%02X", c);
	}
}

void
template_uint(struct kf_buf *out, uint64_t v)
{
	kf_buf_fmt(out, "%llu", (unsigned long long)v);
}

void
template_html(struct kf_buf *out, struct html h)
{
	if (h.s != NULL)
		kf_buf_str(out, h.s);
}
