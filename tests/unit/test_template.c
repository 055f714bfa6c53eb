#include "portal/view/template.h"

#include "tests/unit/tap.h"

#include <string.h>

static bool
gives(void (*fn)(struct kf_buf *, const char *), const char *in, const char *want)
{
	struct kf_buf b = {0};
	bool same;

	fn(&b, in);
	same = !b.bad && strcmp(kf_buf_cstr(&b), want) == 0;
	kf_buf_free(&b);
	return same;
}

#define BAD "\xef\xbf\xbd" /* U+FFFD */

static void
text_tests(void)
{
	IT("escapes the five characters of HTML");
	OK(gives(
	    template_text, "<a href=\"x\">'&'", "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;"));
	IT("keeps UTF-8 of every length");
	OK(gives(template_text, "aü日😀", "aü日😀"));
	IT("replaces what is not UTF-8");
	OK(gives(template_text, "\xff", BAD));
	OK(gives(template_text, "\xc0\xaf", BAD BAD));		       /* overlong */
	OK(gives(template_text, "\xed\xa0\x80", BAD BAD BAD));	       /* a surrogate */
	OK(gives(template_text, "\xf4\x90\x80\x80", BAD BAD BAD BAD)); /* beyond U+10FFFF */
	OK(gives(template_text, "\xe6\x97", BAD BAD));		       /* cut short */
	IT("replaces controls and marks that turn the reading direction");
	OK(gives(template_text, "a\x01\x7f\xc2\x85z", "a" BAD BAD BAD "z"));
	OK(gives(template_text, "\xe2\x80\xae\xe2\x81\xa6", BAD BAD));
	IT("makes a space of a line break or tab");
	OK(gives(template_text, "a\r\n\tb", "a   b"));
	OK(gives(template_plain, "a\r\nBcc: b", "a  Bcc: b"));
	IT("leaves plain text otherwise as it is");
	OK(gives(template_plain, "<b>\"&'", "<b>\"&'"));
	IT("writes nothing for NULL");
	OK(gives(template_text, NULL, ""));
	OK(gives(template_plain, NULL, ""));
	OK(gives(template_url, NULL, ""));
	OK(gives(template_url_part, NULL, ""));
}

static void
url_tests(void)
{
	static const char *const bad[] = {"javascript:alert(1)", "JaVaScRiPt:alert(1)",
	    "java\nscript:alert(1)", " javascript:alert(1)", "\x01javascript:alert(1)",
	    "data:text/html,x", "vbscript:x", "//evil.test/", "/\\evil.test", "\\\\evil.test",
	    "evil", "", "ftp://x", "https:evil"};

	IT("takes paths of ours and the schemes that cannot run");
	OK(gives(template_url, "/my?a=1&b=2", "/my?a=1&amp;b=2"));
	OK(gives(template_url, "https://x.test/\"", "https://x.test/&quot;"));
	OK(gives(template_url, "mailto:a@b.test", "mailto:a@b.test"));
	OK(gives(template_url, "tel:+14085550142", "tel:+14085550142"));
	OK(gives(template_url, "cid:qr@x.test", "cid:qr@x.test"));
	IT("replaces every other URL");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		OK(gives(template_url, bad[i], "about:invalid"));
	IT("encodes a part of a URL byte by byte");
	OK(gives(template_url_part, "a b/..?&=#%ü-._~", "a%20b%2F..%3F%26%3D%23%25%C3%BC-._~"));
}

int
main(void)
{
	struct kf_buf b = {0};

	text_tests();
	url_tests();
	IT("writes numbers and our own markup as they are");
	template_uint(&b, UINT64_MAX);
	template_html(&b, (struct html){"<svg/>"});
	template_html(&b, (struct html){NULL});
	OK(strcmp(kf_buf_cstr(&b), "18446744073709551615<svg/>") == 0);
	kf_buf_free(&b);
	OK(!template_given(NULL) && !template_given("") && template_given("0"));
	return tap_end();
}
