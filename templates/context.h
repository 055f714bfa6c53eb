/* Where in an HTML document the template compiler stands: it is fed every literal character and
 * says how a value must be escaped there, or that none may stand there. Host tool only. */
#ifndef TEMPLATES_CONTEXT_H
#define TEMPLATES_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>

enum html_place {
	HTML_TEXT,
	HTML_OPEN,    /* after '<' or "</" */
	HTML_BANG,    /* <!doctype */
	HTML_COMMENT, /* <!-- */
	HTML_TAG,     /* in the tag's name */
	HTML_INSIDE,  /* in the tag, between attributes */
	HTML_AFTER,   /* as INSIDE, but a space, '/' or '>' must come first */
	HTML_ATTR,    /* in an attribute's name */
	HTML_EQUALS,  /* after '=' */
	HTML_VALUE,   /* in a quoted value */
	HTML_RAW      /* in <script> or <style> */
};

struct html_ctx {
	enum html_place place;
	bool closing;	/* the tag is an end tag */
	char tag[16];	/* lower case; the open tag, or the one that RAW ends with */
	char attr[24];	/* lower case */
	char head[16];	/* the value's first literal characters */
	size_t head_n;	/* of them, without limit */
	bool head_var;	/* the value starts with a template value */
	size_t matched; /* of "-->" or "</script" */
};

enum html_sink { SINK_TEXT, SINK_URL, SINK_URL_PART, SINK_REFUSED };

/* Each returns NULL, or what is wrong in words for the author of the template. */
const char *html_ctx_feed(struct html_ctx *ctx, char c);
const char *html_ctx_value(struct html_ctx *ctx, enum html_sink *sink); /* {{name}} stands here */
const char *html_ctx_markup(const struct html_ctx *ctx); /* markup (a partial) stands here */
const char *html_ctx_block(struct html_ctx *ctx);	 /* {{#if}} and the like begins or ends */

/* A block must end where it began. */
bool html_ctx_same(const struct html_ctx *a, const struct html_ctx *b);

#endif
