/* name=value lists: queries, form bodies and cookies, taken apart without losing a byte. Pure. */
#ifndef PORTAL_HTTP_WEB_PAIRS_H
#define PORTAL_HTTP_WEB_PAIRS_H

#include "common/err.h"
#include "common/span.h"

#define WEB_ARGS_MAX 64	   /* of a query, of a form */
#define WEB_COOKIES_MAX 32 /* of a request */

struct web_pair {
	struct kf_span name, value; /* into the same allocation */
};

struct web_pairs {
	size_t n;
	struct web_pair v[];
};

/* application/x-www-form-urlencoded (a URI's query or a body): '&' parts, the first '=' cuts, '+'
 * is a space, %XX a byte. No '=': an empty value. Empty parts are nothing. *out is owned, one
 * free(); NULL on error. Errors: KF_EINVAL a broken escape or a NUL; KF_ELIMIT more than
 * WEB_ARGS_MAX; KF_ENOMEM. WHATWG URL 5.1 */
enum kf_err web_pairs_form(struct kf_span s, struct web_pairs **out) KF_MUST_CHECK;
/* A Cookie header: ';' parts, the first '=' cuts, nothing is decoded, white space around a part is
 * dropped. Parts without '=' have an empty name. Errors as above, WEB_COOKIES_MAX. RFC 6265 5.4 */
enum kf_err web_pairs_cookies(struct kf_span s, struct web_pairs **out) KF_MUST_CHECK;
/* One value by exact name. Errors: KF_ENOENT; KF_EINVAL the name stands there twice. */
enum kf_err
web_pairs_get(const struct web_pairs *pairs, const char *name, struct kf_span *out) KF_MUST_CHECK;

#endif
