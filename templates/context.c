#include "templates/context.h"

#include <ctype.h>
#include <string.h>

static const char *const url_attrs[] = {
    "action", "background", "cite", "data", "formaction", "href", "ping", "poster", "src"};
/* A value here would be code, or a list of URLs that one escape cannot make safe. */
static const char *const closed_attrs[] = {"content", "http-equiv", "srcdoc", "srcset", "style"};
static const char *const safe_heads[] = {
    "/", "#", "?", "https://", "http://", "mailto:", "tel:", "cid:"};

static bool
listed(const char *word, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(word, list[i]) == 0)
			return true;
	return false;
}

#define LISTED(word, list) listed(word, list, sizeof(list) / sizeof((list)[0]))

/* Appends c in lower case; too long a name simply matches no name we know. */
static void
name_add(char *name, size_t cap, char c)
{
	size_t n = strlen(name);

	if (n + 1 < cap) {
		name[n] = (char)tolower((unsigned char)c);
		name[n + 1] = '\0';
	}
}

static void
tag_end(struct html_ctx *ctx)
{
	bool raw = strcmp(ctx->tag, "script") == 0 || strcmp(ctx->tag, "style") == 0;

	ctx->place = raw && !ctx->closing ? HTML_RAW : HTML_TEXT;
	ctx->matched = 0;
}

static const char *
feed_open(struct html_ctx *ctx, char c)
{
	if (c == '/' && !ctx->closing) {
		ctx->closing = true;
	} else if (c == '!' && !ctx->closing) {
		ctx->place = HTML_BANG;
		ctx->matched = 0;
	} else if (isalpha((unsigned char)c)) {
		ctx->place = HTML_TAG;
		ctx->tag[0] = '\0';
		name_add(ctx->tag, sizeof(ctx->tag), c);
	} else {
		return "a bare '<': write &lt;";
	}
	return NULL;
}

static void
feed_bang(struct html_ctx *ctx, char c)
{
	if (c == '-' && ctx->matched < 2) {
		if (++ctx->matched == 2) {
			ctx->place = HTML_COMMENT;
			ctx->matched = 0;
		}
	} else if (c == '>') {
		ctx->place = HTML_TEXT;
	} else {
		ctx->matched = 2; /* a doctype: "--" no longer starts a comment */
	}
}

static void
feed_comment(struct html_ctx *ctx, char c)
{
	if (c == '-')
		ctx->matched = ctx->matched < 2 ? ctx->matched + 1 : 2;
	else if (c == '>' && ctx->matched == 2)
		ctx->place = HTML_TEXT;
	else
		ctx->matched = 0;
}

/* script and style end at their own end tag only. */
static void
feed_raw(struct html_ctx *ctx, char c)
{
	char want;

	if (ctx->matched < 2)
		want = "</"[ctx->matched];
	else
		want = ctx->tag[ctx->matched - 2];
	if (tolower((unsigned char)c) != want) {
		ctx->matched = c == '<' ? 1 : 0;
		return;
	}
	if (++ctx->matched == strlen(ctx->tag) + 2) {
		ctx->place = HTML_AFTER;
		ctx->closing = true;
	}
}

static const char *
feed_inside(struct html_ctx *ctx, char c)
{
	bool part = isalnum((unsigned char)c) || c == '-' || c == '_' || c == ':';

	if (c == '>') {
		tag_end(ctx);
	} else if (isspace((unsigned char)c) || c == '/') {
		ctx->place = HTML_INSIDE;
	} else if (ctx->place == HTML_TAG && part) {
		name_add(ctx->tag, sizeof(ctx->tag), c);
	} else if (ctx->place == HTML_ATTR && part) {
		name_add(ctx->attr, sizeof(ctx->attr), c);
	} else if (ctx->place == HTML_ATTR && c == '=') {
		ctx->place = HTML_EQUALS;
	} else if (ctx->place == HTML_INSIDE && part) {
		ctx->place = HTML_ATTR;
		ctx->attr[0] = '\0';
		name_add(ctx->attr, sizeof(ctx->attr), c);
	} else {
		return "not an attribute: write name=\"value\", with a space before it and none "
		       "around "
		       "the '='";
	}
	return NULL;
}

const char *
html_ctx_feed(struct html_ctx *ctx, char c)
{
	switch (ctx->place) {
	case HTML_TEXT:
		if (c == '<') {
			ctx->place = HTML_OPEN;
			ctx->closing = false;
		}
		return NULL;
	case HTML_OPEN:
		return feed_open(ctx, c);
	case HTML_BANG:
		feed_bang(ctx, c);
		return NULL;
	case HTML_COMMENT:
		feed_comment(ctx, c);
		return NULL;
	case HTML_RAW:
		feed_raw(ctx, c);
		return NULL;
	case HTML_EQUALS:
		if (c != '"')
			return "an attribute's value stands in double quotes";
		ctx->place = HTML_VALUE;
		ctx->head[0] = '\0';
		ctx->head_n = 0;
		ctx->head_var = false;
		return NULL;
	case HTML_VALUE:
		if (c == '"') {
			ctx->place = HTML_AFTER;
			return NULL;
		}
		name_add(ctx->head, sizeof(ctx->head), c);
		ctx->head_n++;
		return NULL;
	case HTML_TAG:
	case HTML_INSIDE:
	case HTML_AFTER:
	case HTML_ATTR:
		return feed_inside(ctx, c);
	}
	return NULL;
}

static const char *
url_sink(const struct html_ctx *ctx, enum html_sink *sink)
{
	if (ctx->head_n == 0 && !ctx->head_var) {
		*sink = SINK_URL;
		return NULL;
	}
	*sink = SINK_URL_PART;
	if (ctx->head_var)
		return NULL;
	for (size_t i = 0; i < sizeof(safe_heads) / sizeof(safe_heads[0]); i++)
		if (strncmp(ctx->head, safe_heads[i], strlen(safe_heads[i])) == 0)
			return NULL;
	return "a value in a URL stands at its start, or after /, #, ?, http(s)://, mailto:, tel: "
	       "or "
	       "cid:";
}

const char *
html_ctx_value(struct html_ctx *ctx, enum html_sink *sink)
{
	const char *why = NULL;

	*sink = SINK_REFUSED;
	switch (ctx->place) {
	case HTML_TEXT:
		*sink = SINK_TEXT;
		return NULL;
	case HTML_VALUE:
		break;
	case HTML_EQUALS:
		return "an attribute's value stands in double quotes";
	case HTML_COMMENT:
		return "no value may stand in an HTML comment: write {{! comment }}";
	case HTML_RAW:
		return "no value may stand in a script or style: give it in a data- attribute";
	default:
		return "no value may stand inside a tag but in a quoted attribute";
	}
	if (strncmp(ctx->attr, "on", 2) == 0 || LISTED(ctx->attr, closed_attrs))
		return "no value may stand in this attribute: no escape makes it safe";
	if (LISTED(ctx->attr, url_attrs))
		why = url_sink(ctx, sink);
	else
		*sink = SINK_TEXT;
	ctx->head_var = ctx->head_var || ctx->head_n == 0;
	return why;
}

const char *
html_ctx_markup(const struct html_ctx *ctx)
{
	return ctx->place == HTML_TEXT ? NULL : "markup may stand between tags only";
}

const char *
html_ctx_block(struct html_ctx *ctx)
{
	switch (ctx->place) {
	case HTML_TAG:
	case HTML_ATTR:
		ctx->place = HTML_AFTER; /* the name ends here, in every branch */
		return NULL;
	case HTML_TEXT:
	case HTML_INSIDE:
	case HTML_AFTER:
		return NULL;
	case HTML_VALUE:
		if (LISTED(ctx->attr, url_attrs))
			return "no condition inside a URL: put it around the attribute";
		return NULL;
	default:
		return "no {{#…}} or {{/…}} may stand here";
	}
}

static enum html_place
place_fold(enum html_place place)
{
	return place == HTML_AFTER ? HTML_INSIDE : place;
}

bool
html_ctx_same(const struct html_ctx *a, const struct html_ctx *b)
{
	if (place_fold(a->place) != place_fold(b->place))
		return false;
	switch (place_fold(a->place)) {
	case HTML_INSIDE:
		return strcmp(a->tag, b->tag) == 0 && a->closing == b->closing;
	case HTML_VALUE:
		return strcmp(a->attr, b->attr) == 0;
	default:
		return true;
	}
}
