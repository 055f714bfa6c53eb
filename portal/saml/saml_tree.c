#include "portal/saml/saml_tree.h"

#include <libxml/parser.h>

#include <string.h>
#include <strings.h>
#include <time.h>

/* --- before the parser -------------------------------------------------------------------- */

static bool
has(struct kf_span s, const char *word)
{
	return memmem(s.p, s.n, word, strlen(word)) != NULL;
}

/* Well-formed UTF-8: RFC 3629 4. Control characters are the XML parser's to refuse. */
static bool
utf8_ok(struct kf_span s)
{
	for (size_t i = 0; i < s.n;) {
		uint8_t c = s.p[i++];
		size_t more = c < 0x80 ? 0
		    : c < 0xc2	       ? 9
		    : c < 0xe0	       ? 1
		    : c < 0xf0	       ? 2
		    : c < 0xf5	       ? 3
				       : 9;
		if (c == 0 || more > s.n - i)
			return false;
		if ((c == 0xe0 && s.p[i] < 0xa0) || (c == 0xed && s.p[i] > 0x9f) ||
		    (c == 0xf0 && s.p[i] < 0x90) || (c == 0xf4 && s.p[i] > 0x8f))
			return false;
		for (; more > 0; more--)
			if ((s.p[i++] & 0xc0) != 0x80)
				return false;
	}
	return true;
}

/* "<?xml ... ?>" at the start: skipped, and 0 or the length. bad: another encoding than UTF-8,
 * which would make the parser see other characters than the scan. */
static size_t
declaration(struct kf_span s, bool *bad)
{
	const uint8_t *end;
	struct kf_span d;
	const char *enc;

	*bad = false;
	if (s.n < 6 || memcmp(s.p, "<?xml", 5) != 0 || strchr(" \t\r\n", s.p[5]) == NULL)
		return 0;
	end = memmem(s.p, s.n, "?>", 2);
	if (end == NULL || end - s.p > 200) {
		*bad = true;
		return 0;
	}
	d = kf_span_of(s.p, (size_t)(end - s.p) + 2);
	enc = memmem(d.p, d.n, "encoding", 8);
	if (enc != NULL) {
		/* d ends in "?>", so these loops end inside it */
		for (enc += 8; strchr(" \t\r\n=", *enc) != NULL; enc++)
			;
		*bad = strncasecmp(enc + 1, "utf-8", 5) != 0 || enc[6] != enc[0];
	}
	return d.n;
}

enum saml_reason
tree_scan(struct kf_span xml, bool strict)
{
	bool bad;
	size_t n;

	if (!utf8_ok(xml))
		return SAML_ENCODING;
	if (xml.n < 4 || xml.p[0] != '<')
		return SAML_XML;
	n = declaration(xml, &bad);
	if (bad)
		return SAML_ENCODING;
	xml = kf_span_of(xml.p + n, xml.n - n);
	if (strict && (has(xml, "<!") || has(xml, "<?")))
		return SAML_MARKUP;
	return has(xml, "<!DOCTYPE") || has(xml, "<!ENTITY") ? SAML_MARKUP : SAML_GOOD;
}

xmlDoc *
tree_parse(struct kf_span xml)
{
	/* No XML_PARSE_HUGE: libxml2's own limits stay on. No NOENT, DTDLOAD, XINCLUDE. */
	int flags = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NODICT;

	if (xml.n > SAML_METADATA_MAX)
		return NULL;
	return xmlReadMemory((const char *)xml.p, (int)xml.n, NULL, "UTF-8", flags);
}

/* --- the tree ------------------------------------------------------------------------------- */

bool
tree_plain(const xmlNode *root)
{
	const xmlNode *n = root;
	size_t nodes = 0, depth = 0;

	while (n != NULL) {
		if (++nodes > TREE_NODES_MAX || depth > TREE_DEPTH_MAX ||
		    (n->type != XML_ELEMENT_NODE && n->type != XML_TEXT_NODE))
			return false;
		if (n->type == XML_ELEMENT_NODE && n->children != NULL) {
			n = n->children;
			depth++;
			continue;
		}
		while (n != root && n->next == NULL) {
			n = n->parent;
			depth--;
		}
		n = n == root ? NULL : n->next;
	}
	return true;
}

bool
tree_is(const xmlNode *n, const char *ns, const char *name)
{
	return n != NULL && n->type == XML_ELEMENT_NODE && n->ns != NULL && n->ns->href != NULL &&
	    strcmp((const char *)n->ns->href, ns) == 0 && strcmp((const char *)n->name, name) == 0;
}

xmlNode *
tree_child(const xmlNode *parent, const char *ns, const char *name, size_t *count)
{
	xmlNode *first = NULL;
	size_t n = 0;

	for (xmlNode *c = parent->children; c != NULL; c = c->next) {
		if (!tree_is(c, ns, name))
			continue;
		if (first == NULL)
			first = c;
		n++;
	}
	if (count != NULL)
		*count = n;
	return first;
}

xmlNode *
tree_only(const xmlNode *parent, const char *ns, const char *name)
{
	size_t n;
	xmlNode *c = tree_child(parent, ns, name, &n);

	return n == 1 ? c : NULL;
}

/* The text of a chain of text nodes. */
static enum kf_err
text_of(const xmlNode *c, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (; c != NULL; c = c->next) {
		size_t n = c->content != NULL ? strlen((const char *)c->content) : 0;
		if (c->type != XML_TEXT_NODE || n >= size - used) {
			out[0] = '\0';
			return c->type != XML_TEXT_NODE ? KF_EINVAL : KF_ELIMIT;
		}
		if (n > 0)
			memcpy(out + used, c->content, n);
		used += n;
		out[used] = '\0';
	}
	return KF_OK;
}

enum kf_err
tree_leaf(const xmlNode *n, char *out, size_t size)
{
	return text_of(n->children, out, size);
}

enum kf_err
tree_attr(const xmlNode *n, const char *name, char *out, size_t size)
{
	out[0] = '\0';
	for (const xmlAttr *a = n->properties; a != NULL; a = a->next)
		if (a->ns == NULL && strcmp((const char *)a->name, name) == 0)
			return text_of(a->children, out, size);
	return KF_ENOENT;
}

bool
tree_attr_is(const xmlNode *n, const char *name, const char *value)
{
	char v[SAML_URI_MAX + 1];

	return tree_attr(n, name, v, sizeof(v)) == KF_OK && strcmp(v, value) == 0;
}

/* --- values --------------------------------------------------------------------------------- */

/* n digits at s[*at]; -1 if they are not digits. */
static int
digits(const char *s, size_t *at, int n)
{
	int v = 0;

	for (; n > 0; n--, (*at)++) {
		if (s[*at] < '0' || s[*at] > '9')
			return -1;
		v = v * 10 + (s[*at] - '0');
	}
	return v;
}

enum kf_err
saml_time(const char *s, int64_t *out)
{
	static const char form[] = "4-2-2T2:2:2";
	int v[6] = {0}, k = 0;
	size_t at = 0;
	struct tm tm = {0};
	time_t t;

	for (const char *f = form; *f != '\0'; f++) {
		if (*f >= '0' && *f <= '9') {
			v[k] = digits(s, &at, *f - '0');
			if (v[k++] < 0)
				return KF_EINVAL;
		} else if (s[at++] != *f)
			return KF_EINVAL;
	}
	if (s[at] == '.') {
		size_t fraction = strspn(s + at + 1, "0123456789");
		if (fraction == 0)
			return KF_EINVAL;
		at += 1 + fraction;
	}
	if (strcmp(s + at, "Z") != 0 || v[0] < 1970 || v[3] > 23 || v[4] > 59 || v[5] > 59)
		return KF_EINVAL;
	tm = (struct tm){.tm_year = v[0] - 1900,
	    .tm_mon = v[1] - 1,
	    .tm_mday = v[2],
	    .tm_hour = v[3],
	    .tm_min = v[4],
	    .tm_sec = v[5]};
	t = timegm(&tm);
	/* timegm makes 30 February the 2nd of March: then it was no date */
	if (tm.tm_mon != v[1] - 1 || tm.tm_mday != v[2])
		return KF_EINVAL;
	*out = (int64_t)t;
	return KF_OK;
}

static bool
loopback(const char *host, size_t n)
{
	return (n == 9 && strncasecmp(host, "localhost", 9) == 0) ||
	    (n == 5 && memcmp(host, "[::1]", 5) == 0) ||
	    (n >= 7 && n <= 15 && memcmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == n);
}

bool
saml_url_ok(const char *url)
{
	bool https = strncmp(url, "https://", 8) == 0;
	const char *host = url + (https ? 8 : 7);
	size_t n;

	if ((!https && strncmp(url, "http://", 7) != 0) || strlen(url) > SAML_URI_MAX)
		return false;
	for (const char *p = url; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~' || strchr("\"<>\\^`{|}#", *p) != NULL)
			return false;
	n = strcspn(host, "/?");
	if (n == 0 || memchr(host, '@', n) != NULL)
		return false;
	if (host[0] != '[')
		n = strcspn(host, "/?:");
	else
		n = strcspn(host, "]") + 1;
	return n > 0 && (https || loopback(host, n));
}
