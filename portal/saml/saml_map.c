/* From the verified assertion to a person: NameID, address, names, groups. */
#include "portal/saml/saml_priv.h"

#include <string.h>

/* Entra ID, Okta, Google, ADFS, Shibboleth and simplesamlphp, by their usual names. */
static const struct saml_map common_names = {
    .email = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress\n"
	     "urn:oid:0.9.2342.19200300.100.1.3\n"
	     "mail\nemail\nemailAddress\nEmail\n"
	     "urn:mace:dir:attribute-def:mail\n"
	     "http://schemas.xmlsoap.org/claims/EmailAddress",
    .name = "http://schemas.microsoft.com/identity/claims/displayname\n"
	    "urn:oid:2.16.840.1.113730.3.1.241\n"
	    "displayName\nname\ncn\nurn:oid:2.5.4.3\n"
	    "http://schemas.xmlsoap.org/claims/CommonName\n"
	    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
    .given = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname\n"
	     "urn:oid:2.5.4.42\n"
	     "givenName\nfirstName",
    .groups = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups\n"
	      "http://schemas.xmlsoap.org/claims/Group\n"
	      "urn:oid:1.3.6.1.4.1.5923.1.5.1.1\n"
	      "groups\ngroup\nmemberOf\nisMemberOf\nurn:oid:1.3.6.1.4.1.5923.1.1.1.1",
};

static void
otherwise(const char **list, const char *common)
{
	if (*list == NULL || **list == '\0')
		*list = common;
}

void
saml_map_defaults(struct saml_map *map)
{
	otherwise(&map->email, common_names.email);
	otherwise(&map->name, common_names.name);
	otherwise(&map->given, common_names.given);
	otherwise(&map->groups, common_names.groups);
}

/* --- attribute values --------------------------------------------------------------------- */

/* Values, each ending in NUL. */
struct values {
	struct kf_buf text;
	size_t n;
};

static bool
blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* One AttributeValue; IdPs that indent their XML put white space around it. */
static enum saml_reason
value_add(const xmlNode *node, struct values *v)
{
	char s[SAML_NAME_MAX + 64], *p = s;
	size_t n;

	if (tree_leaf(node, s, sizeof(s)) != KF_OK)
		return SAML_BAD_VALUE;
	while (blank(*p))
		p++;
	for (n = strlen(p); n > 0 && blank(p[n - 1]); n--)
		;
	if (n == 0)
		return SAML_GOOD;
	kf_buf_add(&v->text, p, n);
	kf_buf_u8(&v->text, 0);
	v->n++;
	return v->text.bad ? SAML_BAD_VALUE : SAML_GOOD;
}

/* All values of the attributes called name. */
static enum saml_reason
values_named(const xmlNode *assertion, const char *name, struct values *v)
{
	enum saml_reason why;

	for (const xmlNode *st = assertion->children; st != NULL; st = st->next) {
		if (!tree_is(st, NS_SAML, "AttributeStatement"))
			continue;
		for (const xmlNode *a = st->children; a != NULL; a = a->next) {
			if (!tree_is(a, NS_SAML, "Attribute") || !tree_attr_is(a, "Name", name))
				continue;
			for (const xmlNode *c = a->children; c != NULL; c = c->next)
				if (tree_is(c, NS_SAML, "AttributeValue") &&
				    (why = value_add(c, v)) != SAML_GOOD)
					return why;
		}
	}
	return SAML_GOOD;
}

/* The values of the first name on the list that has any. */
static enum saml_reason
values_first(const xmlNode *assertion, const char *list, struct values *v)
{
	enum saml_reason why = SAML_GOOD;
	char name[SAML_URI_MAX + 1];

	while (*list != '\0' && v->n == 0 && why == SAML_GOOD) {
		size_t n = strcspn(list, "\n");
		if (n > 0 && n < sizeof(name)) {
			memcpy(name, list, n);
			name[n] = '\0';
			why = values_named(assertion, name, v);
		}
		list += n + (list[n] == '\n' ? 1 : 0);
	}
	return why;
}

static bool
name_ok(const char *s)
{
	return strlen(s) <= SAML_NAME_MAX && kf_text_clean(kf_span_str(s));
}

/* --- what they mean ------------------------------------------------------------------------ */

static enum saml_reason
map_email(const struct values *v, char out[255])
{
	const char *s = v->text.p;
	char other[255];

	for (size_t i = 0; i < v->n; i++, s += strlen(s) + 1) {
		if (kf_email_norm(kf_span_str(s), i == 0 ? out : other) != KF_OK)
			return SAML_BAD_EMAIL;
		if (i > 0 && strcmp(out, other) != 0)
			return SAML_TWO_EMAILS;
	}
	return SAML_GOOD;
}

static enum saml_reason
map_name(const struct values *v, char out[SAML_NAME_MAX + 1])
{
	if (v->n == 0)
		return SAML_GOOD;
	if (!name_ok(v->text.p))
		return SAML_BAD_VALUE;
	memcpy(out, v->text.p, strlen(v->text.p) + 1);
	return SAML_GOOD;
}

static enum saml_reason
map_groups(const struct values *v, struct saml_assertion *out)
{
	const char *s = v->text.p;

	if (v->n > SAML_GROUPS_MAX)
		return SAML_GROUPS;
	for (size_t i = 0; i < v->n; i++, s += strlen(s) + 1)
		if (!name_ok(s))
			return SAML_BAD_VALUE;
	kf_buf_add(&out->groups, v->text.p, v->text.n);
	out->n_groups = v->n;
	return out->groups.bad ? SAML_INTERNAL : SAML_GOOD;
}

enum saml_reason
saml_map_attributes(
    const struct saml_map *map, const xmlNode *assertion, struct saml_assertion *out)
{
	const char *const list[] = {map->email, map->name, map->given, map->groups};
	enum saml_reason why = SAML_GOOD;
	struct values v[4] = {0};

	for (size_t i = 0; i < 4 && why == SAML_GOOD; i++)
		why = values_first(assertion, list[i], &v[i]);
	if (why != SAML_GOOD || (why = map_email(&v[0], out->email)) != SAML_GOOD ||
	    (why = map_name(&v[1], out->display_name)) != SAML_GOOD ||
	    (why = map_name(&v[2], out->given_name)) != SAML_GOOD ||
	    (why = map_groups(&v[3], out)) != SAML_GOOD)
		goto out;
	/* an IdP that may identify by address need not send it twice */
	if (out->email[0] == '\0' && out->format == SAML_NAMEID_EMAIL &&
	    kf_email_norm(kf_span_str(out->name_id), out->email) != KF_OK)
		why = SAML_BAD_EMAIL;
	else if (out->email[0] == '\0')
		why = SAML_NO_EMAIL;
out:
	for (size_t i = 0; i < 4; i++)
		kf_buf_free(&v[i].text);
	return why;
}

/* Which of our two kinds is it? */
static bool
format_ok(const xmlNode *nameid, enum saml_nameid allowed, enum saml_nameid *out)
{
	if (tree_attr_is(nameid, "Format", FORMAT_PERSISTENT)) {
		*out = SAML_NAMEID_PERSISTENT;
		return true;
	}
	*out = SAML_NAMEID_EMAIL;
	return allowed == SAML_NAMEID_EMAIL && tree_attr_is(nameid, "Format", FORMAT_EMAIL);
}

static bool
attr_maybe(const xmlNode *n, const char *name, char out[SAML_URI_MAX + 1])
{
	enum kf_err r = tree_attr(n, name, out, SAML_URI_MAX + 1);

	return r == KF_OK || r == KF_ENOENT;
}

enum saml_reason
saml_map_nameid(const struct saml *saml, const struct saml_idp *idp, const xmlNode *assertion,
    struct saml_assertion *out)
{
	const xmlNode *subject = tree_only(assertion, NS_SAML, "Subject"), *n = NULL;

	if (subject != NULL)
		n = tree_only(subject, NS_SAML, "NameID");
	if (n == NULL)
		return SAML_NO_NAMEID;
	if (!format_ok(n, idp->nameid, &out->format))
		return SAML_NAMEID_FORMAT;
	if (tree_leaf(n, out->name_id, sizeof(out->name_id)) != KF_OK ||
	    !kf_text_clean(kf_span_str(out->name_id)))
		return SAML_BAD_VALUE;
	if (strspn(out->name_id, " ") == strlen(out->name_id))
		return SAML_NO_NAMEID;
	if (!attr_maybe(n, "NameQualifier", out->name_qualifier) ||
	    !attr_maybe(n, "SPNameQualifier", out->sp_name_qualifier))
		return SAML_BAD_VALUE;
	/* a persistent name is made for one SP: another one's says nothing to us */
	if (out->sp_name_qualifier[0] != '\0' &&
	    strcmp(out->sp_name_qualifier, saml->entity_id) != 0)
		return SAML_NAMEID_SCOPE;
	return SAML_GOOD;
}
