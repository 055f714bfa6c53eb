#include "portal/http/web_pairs.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/tap.h"

static enum kf_err
form(const char *s, struct web_pairs **p)
{
	return web_pairs_form(kf_span_str(s), p);
}

static enum kf_err
cookies(const char *s, struct web_pairs **p)
{
	return web_pairs_cookies(kf_span_str(s), p);
}

static int
has(const struct web_pairs *p, const char *name, const char *value)
{
	struct kf_span v;

	return web_pairs_get(p, name, &v) == KF_OK && kf_span_eq(v, kf_span_str(value));
}

/* n times "x=1" with sep between. */
static char *
many(size_t n, const char *sep)
{
	static char s[1024];

	s[0] = '\0';
	for (size_t i = 0; i < n; i++)
		(void)snprintf(s + strlen(s), sizeof(s) - strlen(s), "%sx=1", i > 0 ? sep : "");
	return s;
}

static void
forms(void)
{
	struct web_pairs *p;

	IT("cuts at '&' and the first '='");
	OK(form("a=1&b=2=3&c=&d", &p) == KF_OK && p->n == 4);
	OK(has(p, "a", "1") && has(p, "b", "2=3") && has(p, "c", "") && has(p, "d", ""));
	free(p);
	IT("decodes '+' and escapes of either case, line breaks and tabs too");
	OK(form("a=x+y%2B%c3%BC%0d%0A%09&n%61me=1", &p) == KF_OK);
	OK(has(p, "a", "x y+\xc3\xbc\r\n\t") && has(p, "name", "1"));
	free(p);
	IT("an escaped separator does not separate");
	OK(form("a=1%26b%3d2", &p) == KF_OK && p->n == 1 && has(p, "a", "1&b=2"));
	free(p);
	IT("empty parts are nothing");
	OK(form("&&a=1&", &p) == KF_OK && p->n == 1);
	free(p);
	OK(form("", &p) == KF_OK && p->n == 0);
	free(p);
	IT("refuses broken escapes and NUL");
	OK(form("a=%", &p) == KF_EINVAL && p == NULL);
	OK(form("a=%4", &p) == KF_EINVAL && form("a=%zz", &p) == KF_EINVAL);
	OK(form("a=%1\x10", &p) == KF_EINVAL && form("a=%00", &p) == KF_EINVAL);
	IT("takes 64 arguments and refuses 65");
	OK(form(many(64, "&"), &p) == KF_OK && p->n == 64);
	free(p);
	OK(form(many(65, "&"), &p) == KF_ELIMIT && p == NULL);
	IT("a flood of separators is not a flood of arguments");
	OK(form(many(64, "&&&&&"), &p) == KF_OK && p->n == 64);
	free(p);
}

static void
jars(void)
{
	struct web_pairs *p;

	IT("cuts cookies at ';', drops white space around, decodes nothing");
	OK(cookies("a=1; b=YQ==;c=\"q\";  d=%41 ", &p) == KF_OK && p->n == 4);
	OK(has(p, "a", "1") && has(p, "b", "YQ==") && has(p, "c", "\"q\"") && has(p, "d", "%41"));
	free(p);
	IT("a part without '=' has no name");
	OK(cookies("lonely; a=1", &p) == KF_OK && has(p, "", "lonely") && has(p, "a", "1"));
	free(p);
	IT("takes 32 cookies and refuses 33");
	OK(cookies(many(32, "; "), &p) == KF_OK && p->n == 32);
	free(p);
	OK(cookies(many(33, "; "), &p) == KF_ELIMIT);
}

int
main(void)
{
	struct web_pairs *p;
	struct kf_span v;

	forms();
	jars();
	OK(form("a=1&b=2&a=1", &p) == KF_OK);
	IT("a name that stands twice has no value");
	OK(web_pairs_get(p, "a", &v) == KF_EINVAL && v.n == 0);
	IT("names fit exactly");
	OK(web_pairs_get(p, "A", &v) == KF_ENOENT && web_pairs_get(p, "", &v) == KF_ENOENT);
	OK(web_pairs_get(NULL, "a", &v) == KF_ENOENT);
	free(p);
	return tap_end();
}
