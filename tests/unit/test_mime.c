#include "portal/mail/mime.h"

#include "tests/unit/tap.h"

#include <stdlib.h>
#include <string.h>

static const char *why;

static struct mime_mail
sample(void)
{
	return (struct mime_mail){
	    .from = KF_LIT("wifi@example.test"),
	    .from_name = KF_LIT("Example Org"),
	    .to = KF_LIT("alice@example.test"),
	    .subject = KF_LIT("Your Wi-Fi key"),
	    .message_id = KF_LIT("0f8e-1@portal.example.test"),
	    .lang = KF_LIT("en"),
	    .date = 1795392000,
	    .text = KF_LIT("Hello"),
	    .html = KF_LIT("<p>Hello</p>"),
	};
}

/* Compose into out (freed first) and say what came of it. */
static enum kf_err
compose(const struct mime_mail *mail, struct kf_buf *out)
{
	kf_buf_free(out);
	return mime_compose(mail, out, &why);
}

static bool
has(const struct kf_buf *b, const char *s)
{
	return strstr(kf_buf_cstr(b), s) != NULL;
}

static size_t
longest_line(const struct kf_buf *b)
{
	size_t max = 0;

	for (const char *p = kf_buf_cstr(b); *p != '\0'; p++) {
		size_t n = strcspn(p, "\r\n");

		max = n > max ? n : max;
		p += n;
	}
	return max;
}

static void
test_headers(struct kf_buf *b)
{
	struct mime_mail mail = sample();

	OK(compose(&mail, b) == KF_OK);
	IT("has every header a mail of ours needs");
	OK(has(b, "From: Example Org\r\n <wifi@example.test>\r\n"));
	OK(has(b, "To: <alice@example.test>\r\n"));
	OK(has(b, "Subject: Your Wi-Fi key\r\n"));
	OK(has(b, "Message-ID: <0f8e-1@portal.example.test>\r\n"));
	OK(has(b, "MIME-Version: 1.0\r\n"));
	OK(has(b, "Auto-Submitted: auto-generated\r\n"));
	OK(has(b, "X-Auto-Response-Suppress: All\r\n"));
	OK(has(b, "Content-Language: en\r\n"));
	IT("writes the date as RFC 5322 wants it");
	OK(has(b, "Date: Mon, 23 Nov 2026 00:00:00 +0000\r\n"));
	IT("has Reply-To only when it is given");
	OK(!has(b, "Reply-To"));
	mail.reply_to = KF_LIT("help@example.test");
	OK(compose(&mail, b) == KF_OK);
	OK(has(b, "Reply-To: <help@example.test>\r\n"));
	IT("gives the same bytes for the same mail");
	struct kf_buf again = {0};
	OK(mime_compose(&mail, &again, &why) == KF_OK);
	OK(kf_span_eq(kf_buf_span(b), kf_buf_span(&again)));
	kf_buf_free(&again);
}

static void
test_words(struct kf_buf *b)
{
	struct mime_mail mail = sample();

	IT("encodes what is not plain ASCII as RFC 2047 words");
	mail.subject = KF_LIT("Schl\xc3\xbcssel");
	OK(compose(&mail, b) == KF_OK);
	OK(has(b, "Subject: =?utf-8?B?U2NobMO8c3NlbA==?=\r\n"));
	IT("never cuts a character in two");
	mail.subject =
	    KF_LIT("a\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
		   "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
		   "\xe2\x82\xac\xe2\x82\xac");
	OK(compose(&mail, b) == KF_OK);
	/* 1 + 11 * 3 = 34 bytes fit into 36, the next character would not */
	OK(has(
	    b, "YeKCrOKCrOKCrOKCrOKCrOKCrOKCrOKCrOKCrOKCrOKCrA==?=\r\n =?utf-8?B?4oKs4oKs?=\r\n"));
	IT("encodes a name that could be read as syntax");
	mail = sample();
	mail.from_name = KF_LIT("Evil\" <x@y>, z");
	OK(compose(&mail, b) == KF_OK);
	OK(has(b, "From: =?utf-8?B?"));
	mail.from_name = KF_LIT("=?utf-8?B?aGFjaw==?=");
	OK(compose(&mail, b) == KF_OK);
	OK(!has(b, "aGFjaw"));
	IT("folds a long subject");
	mail = sample();
	mail.subject = KF_LIT("The key of your own for the wireless network of the example "
			      "organisation is here, and it is long");
	OK(compose(&mail, b) == KF_OK);
	OK(longest_line(b) <= MIME_LINE_MAX);
}

static void
test_body(struct kf_buf *b)
{
	struct mime_mail mail = sample();

	IT("is text and HTML side by side without an image");
	OK(compose(&mail, b) == KF_OK);
	OK(has(b, "multipart/alternative"));
	OK(!has(b, "multipart/related"));
	OK(!has(b, "image/png"));
	IT("puts the image beside the HTML, inline, under its Content-ID");
	mail.png = KF_LIT("\x89PNG");
	mail.cid = KF_LIT("qr.1@portal.example.test");
	OK(compose(&mail, b) == KF_OK);
	OK(has(b, "multipart/related; type=\"text/html\""));
	OK(has(b, "Content-ID: <qr.1@portal.example.test>\r\n"));
	OK(has(b, "Content-Disposition: inline"));
	OK(has(b, "\r\n\r\niVBORw==\r\n"));
	IT("quotes what quoted-printable must quote");
	mail = sample();
	mail.text = KF_LIT("a=b \nline\xc3\xa9\t\r\n.dot");
	OK(compose(&mail, b) == KF_OK);
	OK(has(b, "a=3Db=20\r\nline=C3=A9=09\r\n.dot\r\n"));
	IT("has no line over 76 and no bare LF or CR");
	char *dark = malloc(100000);
	memset(dark, 'x', 100000);
	for (size_t i = 7; i < 100000; i += 50)
		dark[i] = ' ';
	mail.text = kf_span_of(dark, 100000);
	mail.png = kf_span_of(dark, 5000);
	mail.cid = KF_LIT("qr@x");
	OK(compose(&mail, b) == KF_OK);
	OK(longest_line(b) <= MIME_LINE_MAX);
	size_t bare = 0;
	for (size_t i = 0; i < b->n; i++)
		bare += b->p[i] == '\n' && (i == 0 || b->p[i - 1] != '\r');
	OK(bare == 0);
	free(dark);
}

static void
test_refusals(struct kf_buf *b)
{
	const struct {
		const char *field;
		struct kf_span bad;
		size_t at;
	} wrong[] = {
#define AT(f) offsetof(struct mime_mail, f)
	    {"from", KF_LIT("a@b>\r\nRCPT TO:<c@d"), AT(from)}, {"from", KF_LIT(""), AT(from)},
	    {"to", KF_LIT("a b@c"), AT(to)}, {"to", KF_LIT("a@b\r\nBcc: c@d"), AT(to)},
	    {"reply_to", KF_LIT("x"), AT(reply_to)},
	    {"from_name", KF_LIT("a\r\nBcc: c@d"), AT(from_name)},
	    {"from_name", KF_LIT("a\xff"), AT(from_name)}, {"to_name", KF_LIT("a\nb"), AT(to_name)},
	    {"to_name",
		KF_LIT("a\xe2\x80\xae"
		       "b"),
		AT(to_name)},
	    {"subject", KF_LIT("a\r\nBcc: c@d"), AT(subject)},
	    {"subject", KF_LIT("a\0b"), AT(subject)}, {"subject", KF_LIT(""), AT(subject)},
	    {"message_id", KF_LIT("a@b>\r\nX: y"), AT(message_id)},
	    {"message_id", KF_LIT("no-at"), AT(message_id)},
	    {"message_id", KF_LIT("two@at@x"), AT(message_id)},
	    {"message_id", KF_LIT("@x"), AT(message_id)},
	    {"message_id", KF_LIT("x@"), AT(message_id)},
	    {"message_id", KF_LIT("a\0@x"), AT(message_id)},
	    {"lang", KF_LIT("e\r\nX: y"), AT(lang)}, {"lang", KF_LIT(""), AT(lang)},
	    {"text", KF_LIT("a\0b"), AT(text)}, {"text", KF_LIT("a\rb"), AT(text)},
	    {"text", KF_LIT(""), AT(text)}, {"html", KF_LIT("\x1b[2J"), AT(html)},
	    {"cid", KF_LIT("qr@x"), AT(cid)}, /* without an image */
#undef AT
	};
	struct mime_mail mail;

	IT("refuses a field that is malformed or holds control characters, and names it");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		mail = sample();
		memcpy((char *)&mail + wrong[i].at, &wrong[i].bad, sizeof(wrong[i].bad));
		OK(compose(&mail, b) == KF_EINVAL && strcmp(why, wrong[i].field) == 0 && b->n == 0);
	}
	mail = sample();
	mail.date = -1;
	OK(compose(&mail, b) == KF_EINVAL && strcmp(why, "date") == 0);
	mail = sample();
	mail.png = KF_LIT("x");
	OK(compose(&mail, b) == KF_EINVAL && strcmp(why, "cid") == 0);
	IT("refuses what is longer than its cap");
	static uint8_t big[MIME_TEXT_MAX + 1];
	memset(big, 'a', sizeof(big));
	mail = sample();
	mail.text = kf_span_of(big, sizeof(big));
	OK(compose(&mail, b) == KF_EINVAL && strcmp(why, "text") == 0);
	mail = sample();
	mail.subject = kf_span_of(big, MIME_SUBJECT_MAX + 1);
	OK(compose(&mail, b) == KF_EINVAL && strcmp(why, "subject") == 0);
	IT("says so when memory ends");
	mail = sample();
	b->max = 100;
	OK(mime_compose(&mail, b, &why) == KF_ENOMEM);
}

int
main(void)
{
	struct kf_buf b = {0};

	test_headers(&b);
	test_words(&b);
	test_body(&b);
	test_refusals(&b);
	kf_buf_free(&b);
	return tap_end();
}
