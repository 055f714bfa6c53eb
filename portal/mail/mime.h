/* One mail of ours as RFC 5322 bytes: UTF-8, 7-bit clean, every line ends in CR LF.
 *
 *	multipart/alternative
 *	  text/plain			quoted-printable
 *	  multipart/related		(with an image; without one the HTML stands here itself)
 *	    text/html			quoted-printable
 *	    image/png inline		base64, Content-ID <cid>
 */
#ifndef MAIL_MIME_H
#define MAIL_MIME_H

#include "common/err.h"
#include "common/span.h"
#include "common/text.h"

#define MIME_LINE_MAX 76     /* what we write, where words allow. RFC 2045 6.7, 6.8; RFC 2047 2 */
#define MIME_NAME_MAX 256    /* bytes of a display name */
#define MIME_SUBJECT_MAX 512 /* bytes */
#define MIME_TEXT_MAX (1U << 20) /* bytes of one part before encoding */

/* All borrowed. */
struct mime_mail {
	struct kf_span from, from_name; /* address; display name, may be empty */
	struct kf_span to, to_name;
	struct kf_span reply_to;   /* address or empty */
	struct kf_span subject;	   /* one line */
	struct kf_span message_id; /* left@right, without <>: the same at every try */
	struct kf_span lang;	   /* "en", "de-AT" */
	int64_t date;		   /* seconds since 1970 */
	struct kf_span text, html; /* UTF-8; lines end in LF or CR LF, may be long */
	struct kf_span png, cid;   /* both empty: no image. cid as message_id */
};

/* Appends the message to out. Nothing that was given can add a header or a part: what holds a
 * control character is refused, not cleaned.
 * Errors: KF_EINVAL with the name of the field in *why (static text); KF_ENOMEM. */
enum kf_err
mime_compose(const struct mime_mail *mail, struct kf_buf *out, const char **why) KF_MUST_CHECK;

#endif
