#include "portal/saml/saml_tree.h"

#include "tests/unit/tap.h"

#include <libxml/parser.h>

#include <string.h>

static int64_t
at(const char *s)
{
	int64_t t = -1;

	return saml_time(s, &t) == KF_OK ? t : -1;
}

static enum saml_reason
scan(const char *s)
{
	return tree_scan(kf_span_str(s), true);
}

/* The text of <a>...</a>; NULL: refused. */
static const char *
leaf(const char *xml, char out[16])
{
	xmlDoc *doc = tree_parse(kf_span_str(xml));
	enum kf_err r = doc != NULL ? tree_leaf(xmlDocGetRootElement(doc), out, 16) : KF_EIO;

	xmlFreeDoc(doc);
	return r == KF_OK ? out : NULL;
}

static bool
plain(const char *xml)
{
	xmlDoc *doc = tree_parse(kf_span_str(xml));
	bool ok = doc != NULL && tree_plain(xmlDocGetRootElement(doc));

	xmlFreeDoc(doc);
	return ok;
}

static void
test_time(void)
{
	IT("reads UTC times");
	OK(at("1970-01-01T00:00:00Z") == 0);
	OK(at("2026-11-22T23:00:00Z") == 1795388400);
	OK(at("2024-02-29T12:00:00Z") == 1709208000);
	OK(at("9999-12-31T23:59:59Z") == 253402300799);
	IT("cuts fractions of a second off");
	OK(at("2026-11-22T23:00:00.1Z") == 1795388400);
	OK(at("2026-11-22T23:00:00.999999999999Z") == 1795388400);
	IT("refuses other zones, no zone and tails");
	OK(at("2026-11-22T23:00:00") == -1);
	OK(at("2026-11-22T23:00:00+00:00") == -1);
	OK(at("2026-11-22T23:00:00z") == -1);
	OK(at("2026-11-22T23:00:00Z ") == -1);
	OK(at("2026-11-22T23:00:00.Z") == -1);
	IT("refuses days and hours that do not exist");
	OK(at("2025-02-29T00:00:00Z") == -1);
	OK(at("2026-04-31T00:00:00Z") == -1);
	OK(at("2026-00-01T00:00:00Z") == -1);
	OK(at("2026-13-01T00:00:00Z") == -1);
	OK(at("2026-01-00T00:00:00Z") == -1);
	OK(at("2026-01-01T24:00:00Z") == -1);
	OK(at("2026-01-01T23:60:00Z") == -1);
	OK(at("2026-12-31T23:59:60Z") == -1);
	OK(at("1969-12-31T23:59:59Z") == -1);
	IT("refuses every proper prefix");
	for (size_t n = 0; n < 20; n++) {
		char s[24] = {0};
		memcpy(s, "2026-11-22T23:00:00Z", n);
		OK(at(s) == -1);
	}
}

static void
test_scan(void)
{
	IT("passes plain XML with and without a declaration");
	OK(scan("<a>x</a>") == SAML_GOOD);
	OK(scan("<?xml version='1.0'?><a/>") == SAML_GOOD);
	OK(scan("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?><a/>") == SAML_GOOD);
	IT("refuses other encodings, declared or real");
	OK(scan("<?xml version='1.0' encoding='utf-7'?><a/>") == SAML_ENCODING);
	OK(scan("<?xml version='1.0' encoding='utf-8-x'?><a/>") == SAML_ENCODING);
	OK(scan("<?xml version='1.0' encoding = \t'latin1'?><a/>") == SAML_ENCODING);
	OK(scan("<?xml version='1.0' encoding?><a/>") == SAML_ENCODING);
	OK(scan("<a>\xff</a>") == SAML_ENCODING);
	OK(scan("<a>\xc0\xbc</a>") == SAML_ENCODING);
	OK(scan("<a>\xed\xa0\x80</a>") == SAML_ENCODING);
	OK(scan("<a>\xf4\x90\x80\x80</a>") == SAML_ENCODING);
	OK(scan("<a>\xe2\x82") == SAML_ENCODING);
	OK(tree_scan(kf_span_of("<a>\0</a>", 8), true) == SAML_ENCODING);
	IT("passes every length of UTF-8");
	OK(scan("<a>\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80</a>") == SAML_GOOD);
	IT("refuses DTD, comment, CDATA and processing instructions");
	OK(scan("<!DOCTYPE a><a/>") == SAML_MARKUP);
	OK(scan("<a><!-- --></a>") == SAML_MARKUP);
	OK(scan("<a><![CDATA[x]]></a>") == SAML_MARKUP);
	OK(scan("<a><?p?></a>") == SAML_MARKUP);
	OK(scan("<?xml version='1.0'?><?xml version='1.0'?><a/>") == SAML_MARKUP);
	OK(scan("<?xml-stylesheet a?><a/>") == SAML_MARKUP);
	IT("lets comments through where they are harmless, never a DTD");
	OK(tree_scan(KF_LIT("<a><!-- --></a>"), false) == SAML_GOOD);
	OK(tree_scan(KF_LIT("<!DOCTYPE a><a/>"), false) == SAML_MARKUP);
	IT("refuses what does not start with '<'");
	OK(scan("") == SAML_XML);
	OK(scan(" <a/>") == SAML_XML);
}

static void
test_tree(void)
{
	char v[16], deep[400] = "";

	IT("a leaf is the whole text, entities resolved");
	OK(strcmp(leaf("<a>x &amp; y</a>", v), "x & y") == 0);
	OK(strcmp(leaf("<a/>", v), "") == 0);
	IT("a leaf with anything but text is refused");
	OK(leaf("<a>x<b/>y</a>", v) == NULL);
	OK(leaf("<a>x<!-- -->y</a>", v) == NULL);
	OK(leaf("<a>x<![CDATA[y]]></a>", v) == NULL);
	OK(leaf("<a>x<?y z?></a>", v) == NULL);
	IT("a leaf that does not fit is refused, not cut");
	OK(strcmp(leaf("<a>123456789012345</a>", v), "123456789012345") == 0);
	OK(leaf("<a>1234567890123456</a>", v) == NULL);
	OK(v[0] == '\0');
	IT("a plain tree holds elements and text");
	OK(plain("<a><b>x</b><c d='e'/></a>"));
	OK(!plain("<a><b><!-- --></b></a>"));
	OK(!plain("<a><b><![CDATA[x]]></b></a>"));
	OK(!plain("<a><?x?></a>"));
	IT("32 levels are plain, 40 are not");
	for (int i = 0; i < 32; i++)
		strncat(deep, "<a>", sizeof(deep) - strlen(deep) - 1);
	for (int i = 0; i < 32; i++)
		strncat(deep, "</a>", sizeof(deep) - strlen(deep) - 1);
	OK(plain(deep));
	deep[0] = '\0';
	for (int i = 0; i < 40; i++)
		strncat(deep, "<a>", sizeof(deep) - strlen(deep) - 1);
	for (int i = 0; i < 40; i++)
		strncat(deep, "</a>", sizeof(deep) - strlen(deep) - 1);
	OK(!plain(deep));
	IT("what is not well-formed has no tree");
	OK(!plain("<a><b></a>"));
	OK(!plain("<a/><b/>"));
}

static void
test_find(void)
{
	xmlDoc *doc = tree_parse(KF_LIT(
	    "<r xmlns='urn:x' xmlns:q='urn:q' a='1' q:a='2' e=''><b/><q:b/><b/><c/>text</r>"));
	const xmlNode *root = xmlDocGetRootElement(doc);
	char v[8];
	size_t n;

	IT("finds children by name and namespace");
	OK(tree_child(root, "urn:x", "b", &n) != NULL && n == 2);
	OK(tree_child(root, "urn:q", "b", &n) != NULL && n == 1);
	OK(tree_child(root, "urn:y", "b", &n) == NULL && n == 0);
	OK(tree_only(root, "urn:x", "b") == NULL);
	OK(tree_only(root, "urn:x", "c") != NULL);
	IT("reads attributes without namespace only");
	OK(tree_attr(root, "a", v, sizeof(v)) == KF_OK && strcmp(v, "1") == 0);
	OK(tree_attr(root, "e", v, sizeof(v)) == KF_OK && v[0] == '\0');
	OK(tree_attr(root, "b", v, sizeof(v)) == KF_ENOENT);
	OK(tree_attr(root, "a", v, 1) == KF_ELIMIT);
	OK(tree_attr_is(root, "a", "1") && !tree_attr_is(root, "a", "2"));
	xmlFreeDoc(doc);
}

static void
test_url(void)
{
	IT("takes https, and http for a loopback host");
	OK(saml_url_ok("https://idp.example.test/sso?x=1&y=2"));
	OK(saml_url_ok("https://[2001:db8::1]:8443/"));
	OK(saml_url_ok("http://localhost:8080"));
	OK(saml_url_ok("http://127.0.0.1:7000/a"));
	OK(saml_url_ok("http://[::1]/a"));
	IT("refuses everything else");
	OK(!saml_url_ok("http://idp.example.test/"));
	OK(!saml_url_ok("http://localhost.evil.test/"));
	OK(!saml_url_ok("http://127.0.0.1.evil.test/"));
	OK(!saml_url_ok("http://localhost@evil.test/"));
	OK(!saml_url_ok("https://user@idp.test/"));
	OK(!saml_url_ok("https://"));
	OK(!saml_url_ok("https:///path"));
	OK(!saml_url_ok("http://["));
	OK(!saml_url_ok("javascript:alert(1)"));
	OK(!saml_url_ok("HTTPS://idp.test/#x"));
	OK(!saml_url_ok("https://idp.test/#x"));
	OK(!saml_url_ok("https://idp.test/a b"));
	OK(!saml_url_ok("https://idp.test/\r\nX: y"));
	OK(!saml_url_ok("https://idp.test/\""));
	OK(!saml_url_ok(""));
}

int
main(void)
{
	test_time();
	test_scan();
	test_tree();
	test_find();
	test_url();
	xmlCleanupParser();
	return tap_end();
}
