#include "portal/mail/mime.h"

#include <string.h>
#include <time.h>

/* "=_" can stand in neither quoted-printable nor base64, so no part can hold a boundary.
 * RFC 2045 6.7 recommends it. */
#define BOUNDARY_ALT "=_keyfob_alternative"
#define BOUNDARY_REL "=_keyfob_related"

/* Bytes in an encoded word: "=?utf-8?B?", 48 of base64 and "?=" fit beside the longest of our
 * header names. RFC 2047 2 */
#define WORD_BYTES 36

/* A letter, a digit or one of marks. */
static bool
is_plain(uint8_t c, const char *marks)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	    (c != '\0' && strchr(marks, c) != NULL);
}

/* Letters, digits and marks that mean the same in a phrase and in unstructured text. */
static bool
is_plain_words(struct kf_span s, size_t room)
{
	if (s.n > room || s.p[0] == ' ' || s.p[s.n - 1] == ' ')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!is_plain(s.p[i], " !'*+-/"))
			return false;
	return true;
}

/* How many bytes of s, at most max, end on a character's boundary. */
static size_t
utf8_cut(struct kf_span s, size_t max)
{
	size_t n = s.n < max ? s.n : max;

	while (n < s.n && n > 0 && (s.p[n] & 0xc0) == 0x80)
		n--;
	return n;
}

/* Words as they are where every reader agrees on them, else RFC 2047 encoded words, folded. */
static void
put_words(struct kf_buf *out, struct kf_span s, size_t name_len)
{
	if (is_plain_words(s, MIME_LINE_MAX - name_len)) {
		kf_buf_add(out, s.p, s.n);
		return;
	}
	for (size_t at = 0; at < s.n;) {
		size_t n = utf8_cut(kf_span_of(s.p + at, s.n - at), WORD_BYTES);

		kf_buf_str(out, at > 0 ? "\r\n =?utf-8?B?" : "=?utf-8?B?");
		kf_buf_base64(out, kf_span_of(s.p + at, n));
		kf_buf_str(out, "?=");
		at += n;
	}
}

static void
put_address(struct kf_buf *out, const char *header, struct kf_span name, struct kf_span address)
{
	kf_buf_fmt(out, "%s: ", header);
	if (name.n > 0) {
		put_words(out, name, strlen(header) + 2);
		kf_buf_str(out, "\r\n ");
	}
	kf_buf_fmt(out, "<%.*s>\r\n", (int)address.n, (const char *)address.p);
}

static void
put_date(struct kf_buf *out, int64_t date)
{
	static const char day[] = "SunMonTueWedThuFriSat";
	static const char month[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t t = (time_t)date;
	struct tm tm;

	/* strftime would follow the locale */
	gmtime_r(&t, &tm);
	kf_buf_fmt(out, "Date: %.3s, %02d %.3s %04d %02d:%02d:%02d +0000\r\n", day + 3 * tm.tm_wday,
	    tm.tm_mday, month + 3 * tm.tm_mon, tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void
put_header(struct kf_buf *out, const struct mime_mail *mail)
{
	put_address(out, "From", mail->from_name, mail->from);
	put_address(out, "To", mail->to_name, mail->to);
	if (mail->reply_to.n > 0)
		put_address(out, "Reply-To", (struct kf_span){0}, mail->reply_to);
	kf_buf_str(out, "Subject: ");
	put_words(out, mail->subject, strlen("Subject: "));
	kf_buf_str(out, "\r\n");
	put_date(out, mail->date);
	kf_buf_fmt(out, "Message-ID: <%.*s>\r\n", (int)mail->message_id.n,
	    (const char *)mail->message_id.p);
	kf_buf_str(out,
	    "MIME-Version: 1.0\r\n"
	    "Auto-Submitted: auto-generated\r\n"
	    "X-Auto-Response-Suppress: All\r\n");
	kf_buf_fmt(
	    out, "Content-Language: %.*s\r\n", (int)mail->lang.n, (const char *)mail->lang.p);
}

/* RFC 2045 6.7. A line break is LF or CR LF; any other CR is data. */
static void
put_quoted_printable(struct kf_buf *out, struct kf_span s)
{
	size_t column = 0;

	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		bool end = i + 1 == s.n || s.p[i + 1] == '\n' ||
		    (s.p[i + 1] == '\r' && i + 2 < s.n && s.p[i + 2] == '\n');
		bool literal =
		    (c > ' ' && c < 0x7f && c != '=') || ((c == ' ' || c == '\t') && !end);

		if (c == '\r' && i + 1 < s.n && s.p[i + 1] == '\n')
			continue;
		if (c == '\n') {
			kf_buf_str(out, "\r\n");
			column = 0;
			continue;
		}
		if (column + (literal ? 1 : 3) > MIME_LINE_MAX - 1) {
			kf_buf_str(out, "=\r\n");
			column = 0;
		}
		if (literal)
			kf_buf_u8(out, c);
		else
			kf_buf_fmt(out, "=%02X", c);
		column += literal ? 1 : 3;
	}
	kf_buf_str(out, "\r\n");
}

static void
put_base64_lines(struct kf_buf *out, struct kf_span s)
{
	const size_t line = MIME_LINE_MAX / 4 * 3;

	for (size_t at = 0; at < s.n; at += line) {
		kf_buf_base64(out, kf_span_of(s.p + at, s.n - at < line ? s.n - at : line));
		kf_buf_str(out, "\r\n");
	}
}

static void
put_text_part(struct kf_buf *out, const char *boundary, const char *type, struct kf_span body)
{
	kf_buf_fmt(out,
	    "--%s\r\nContent-Type: text/%s; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
	    boundary, type);
	put_quoted_printable(out, body);
}

static void
put_image_part(struct kf_buf *out, const struct mime_mail *mail)
{
	kf_buf_fmt(out,
	    "--" BOUNDARY_REL "\r\nContent-Type: image/png\r\n"
	    "Content-Transfer-Encoding: base64\r\n"
	    "Content-ID: <%.*s>\r\n"
	    "Content-Disposition: inline; filename=\"wifi-qr.png\"\r\n\r\n",
	    (int)mail->cid.n, (const char *)mail->cid.p);
	put_base64_lines(out, mail->png);
}

static void
put_body(struct kf_buf *out, const struct mime_mail *mail)
{
	kf_buf_str(
	    out, "Content-Type: multipart/alternative;\r\n boundary=\"" BOUNDARY_ALT "\"\r\n\r\n");
	put_text_part(out, BOUNDARY_ALT, "plain", mail->text);
	if (mail->png.n == 0) {
		put_text_part(out, BOUNDARY_ALT, "html", mail->html);
	} else {
		kf_buf_str(out,
		    "--" BOUNDARY_ALT "\r\nContent-Type: multipart/related;"
		    " type=\"text/html\";\r\n boundary=\"" BOUNDARY_REL "\"\r\n\r\n");
		put_text_part(out, BOUNDARY_REL, "html", mail->html);
		put_image_part(out, mail);
		kf_buf_str(out, "--" BOUNDARY_REL "--\r\n");
	}
	kf_buf_str(out, "--" BOUNDARY_ALT "--\r\n");
}

/* --- what may come in ------------------------------------------------------------------------- */

/* The dot-atom form of RFC 5322 3.6.4, as we make it: left@right. */
static bool
id_ok(struct kf_span id)
{
	size_t at = 0;

	for (size_t i = 0; i < id.n; i++) {
		if (id.p[i] == '@')
			at = at == 0 && i > 0 && i + 1 < id.n ? i : id.n;
		else if (!is_plain(id.p[i], "._+-"))
			return false;
	}
	return at > 0 && at < id.n && id.n <= 250;
}

static bool
lang_ok(struct kf_span lang)
{
	for (size_t i = 0; i < lang.n; i++)
		if (!is_plain(lang.p[i], "-"))
			return false;
	return lang.n >= 2 && lang.n <= 35;
}

/* Lines without control characters. More is the templates' business: nothing else can leave its
 * part once it is encoded. */
static bool
body_ok(struct kf_span s)
{
	for (size_t i = 0; i < s.n; i++) {
		bool line_end =
		    s.p[i] == '\n' || (s.p[i] == '\r' && i + 1 < s.n && s.p[i + 1] == '\n');

		if ((s.p[i] < ' ' && s.p[i] != '\t' && !line_end) || s.p[i] == 0x7f)
			return false;
	}
	return s.n > 0 && s.n <= MIME_TEXT_MAX;
}

static const char *
first_wrong_field(const struct mime_mail *mail)
{
	if (!kf_email_ok(mail->from))
		return "from";
	if (!kf_email_ok(mail->to))
		return "to";
	if (mail->reply_to.n > 0 && !kf_email_ok(mail->reply_to))
		return "reply_to";
	if (mail->from_name.n > MIME_NAME_MAX || !kf_text_clean(mail->from_name))
		return "from_name";
	if (mail->to_name.n > MIME_NAME_MAX || !kf_text_clean(mail->to_name))
		return "to_name";
	if (mail->subject.n == 0 || mail->subject.n > MIME_SUBJECT_MAX ||
	    !kf_text_clean(mail->subject))
		return "subject";
	if (!id_ok(mail->message_id))
		return "message_id";
	if (!lang_ok(mail->lang))
		return "lang";
	if (mail->date < 0 || mail->date > INT64_C(253402300799)) /* the end of year 9999 */
		return "date";
	if (!body_ok(mail->text))
		return "text";
	if (!body_ok(mail->html))
		return "html";
	if (mail->png.n > MIME_TEXT_MAX)
		return "png";
	if ((mail->png.n == 0) != (mail->cid.n == 0) || (mail->cid.n > 0 && !id_ok(mail->cid)))
		return "cid";
	return NULL;
}

enum kf_err
mime_compose(const struct mime_mail *mail, struct kf_buf *out, const char **why)
{
	*why = first_wrong_field(mail);
	if (*why != NULL)
		return KF_EINVAL;
	put_header(out, mail);
	put_body(out, mail);
	return out->bad ? KF_ENOMEM : KF_OK;
}
