#include "portal/saml/saml_priv.h"

#include "tests/unit/tap.h"

#include <libxml/parser.h>
#include <string.h>

#define A(name, values) "<Attribute Name='" name "'>" values "</Attribute>"
#define V(text) "<AttributeValue>" text "</AttributeValue>"
#define MAIL A("mail", V("alice@Example.Test"))

/* Map an AttributeStatement with these attributes; out must be released. */
static enum saml_reason
map_with(const struct saml_map *map, const char *attributes, struct saml_assertion *out)
{
	struct kf_buf xml = {0};
	enum saml_reason why = SAML_XML;
	xmlDoc *doc;

	kf_buf_fmt(&xml,
	    "<Assertion xmlns='" NS_SAML
	    "'><AttributeStatement>%s</AttributeStatement></Assertion>",
	    attributes);
	doc = tree_parse(kf_buf_span(&xml));
	if (doc != NULL)
		why = saml_map_attributes(map, xmlDocGetRootElement(doc), out);
	xmlFreeDoc(doc);
	kf_buf_free(&xml);
	return why;
}

static enum saml_reason
map(const char *attributes, struct saml_assertion *out)
{
	struct saml_map common = {0};

	memset(out, 0, sizeof(*out));
	saml_map_defaults(&common);
	return map_with(&common, attributes, out);
}

/* Only the verdict. */
static enum saml_reason
verdict(const char *attributes)
{
	struct saml_assertion a;
	enum saml_reason why = map(attributes, &a);

	saml_assertion_release(&a);
	return why;
}

static void
test_email(void)
{
	struct saml_assertion a;

	IT("the address is normalised: its domain in lower case");
	OK(map(MAIL, &a) == SAML_GOOD && strcmp(a.email, "alice@example.test") == 0);
	IT("white space around it is not part of it");
	OK(map(A("mail", V("\n\t alice@example.test \r\n")), &a) == SAML_GOOD);
	OK(strcmp(a.email, "alice@example.test") == 0);
	IT("the map's order decides, not the document's");
	OK(map(A("email", V("b@example.test")) MAIL, &a) == SAML_GOOD);
	OK(strcmp(a.email, "alice@example.test") == 0);
	IT("an empty value does not hide a later name");
	OK(map(A("mail", V("")) A("email", V("b@example.test")), &a) == SAML_GOOD);
	OK(strcmp(a.email, "b@example.test") == 0);
	IT("the same address twice is one");
	OK(verdict(A("mail", V("a@x.test") V("a@X.TEST"))) == SAML_GOOD);
	IT("two addresses are refused");
	OK(verdict(A("mail", V("a@x.test") V("b@x.test"))) == SAML_TWO_EMAILS);
	OK(verdict(A("mail", V("a@x.test")) A("mail", V("b@x.test"))) == SAML_TWO_EMAILS);
	IT("none is refused");
	OK(verdict("") == SAML_NO_EMAIL);
	OK(verdict(A("MAIL", V("a@x.test"))) == SAML_NO_EMAIL);
	IT("what is no address is refused");
	OK(verdict(A("mail", V("a"))) == SAML_BAD_EMAIL);
	OK(verdict(A("mail", V("a@x.test&#13;&#10;Bcc: b@x.test"))) == SAML_BAD_EMAIL);
	OK(verdict(A("mail", V("a@x.test") V("b"))) == SAML_BAD_EMAIL);
	IT("markup in a value is refused");
	OK(verdict(A("mail", V("a@x<b/>.test"))) == SAML_BAD_VALUE);
	OK(verdict(A("mail", V("a@x<!-- -->.test"))) == SAML_BAD_VALUE);
	OK(verdict(A("mail", V("a@x<![CDATA[.test]]>"))) == SAML_BAD_VALUE);
	IT("markup in an attribute that nobody reads is no matter");
	OK(verdict(MAIL A("other", V("<b/>"))) == SAML_GOOD);
}

static void
test_names(void)
{
	struct saml_assertion a;

	IT("names are taken, the first value of several");
	OK(map(MAIL A("displayName", V("Alice E") V("A. E")) A("givenName", V("Alice")), &a) ==
	    SAML_GOOD);
	OK(strcmp(a.display_name, "Alice E") == 0 && strcmp(a.given_name, "Alice") == 0);
	IT("missing names are empty");
	OK(map(MAIL, &a) == SAML_GOOD && a.display_name[0] == '\0' && a.given_name[0] == '\0');
	IT("control and direction characters are refused");
	OK(verdict(MAIL A("displayName", V("A&#10;B"))) == SAML_BAD_VALUE);
	OK(verdict(MAIL A("displayName", V("A&#x202e;B"))) == SAML_BAD_VALUE);
	OK(verdict(MAIL A("givenName", V("A&#x7f;"))) == SAML_BAD_VALUE);
}

static void
test_groups(void)
{
	struct saml_assertion a;

	IT("all groups are taken, in order");
	OK(map(MAIL A("groups", V("staff") V("wifi-admins")), &a) == SAML_GOOD && a.n_groups == 2);
	OK(strcmp(saml_group(&a, 0), "staff") == 0 &&
	    strcmp(saml_group(&a, 1), "wifi-admins") == 0);
	IT("membership is by the whole name");
	OK(saml_in_group(&a, "wifi-admins") && !saml_in_group(&a, "wifi") &&
	    !saml_in_group(&a, ""));
	saml_assertion_release(&a);
	OK(a.n_groups == 0 && !saml_in_group(&a, "staff"));
	IT("a bad group refuses the sign-in");
	OK(verdict(MAIL A("groups", V("staff") V("x&#9;y"))) == SAML_BAD_VALUE);
}

static void
test_own_map(void)
{
	struct saml_map own = {.email = "x\nworkMail\n", .groups = "my groups"};
	struct saml_assertion a = {0};

	IT("an IdP's own names replace the common ones, list by list");
	saml_map_defaults(&own);
	OK(map_with(&own,
	       A("workMail", V("w@x.test")) MAIL A("my groups", V("g")) A("displayName", V("N")),
	       &a) == SAML_GOOD);
	OK(strcmp(a.email, "w@x.test") == 0 && a.n_groups == 1 && strcmp(a.display_name, "N") == 0);
	saml_assertion_release(&a);
	IT("the common names do not count then");
	OK(map_with(&own, MAIL, &a) == SAML_NO_EMAIL);
	saml_assertion_release(&a);
	IT("an IdP that identifies by address gives it by the NameID");
	a.format = SAML_NAMEID_EMAIL;
	memcpy(a.name_id, "bob@X.test", sizeof("bob@X.test"));
	OK(map_with(&own, "", &a) == SAML_GOOD && strcmp(a.email, "bob@x.test") == 0);
	saml_assertion_release(&a);
}

int
main(void)
{
	test_email();
	test_names();
	test_groups();
	test_own_map();
	xmlCleanupParser();
	return tap_end();
}
