/* Walks over a template: its text goes to the HTML context machine, its tags to the functions
 * below, which note the values used and write the C. */
#include "templates/compile.h"
#include "templates/context.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 8

struct block {
	char kind; /* 'i' if, 'e' else, 'r' each */
	size_t scope;
	unsigned line;
	struct html_ctx at; /* where it began */
};

/* One walk over one template: the first finds the fields, the second writes the C. */
struct walk {
	const struct job *job;
	struct tmpl *t;
	struct kf_buf *c; /* NULL in the first walk */
	struct kf_buf lit;
	size_t at;
	unsigned line;
	struct html_ctx ctx;
	struct block block[DEPTH_MAX];
	size_t depth, scope;
	const struct tmpl *layout;
	char layout_value[NAME_CAP];
};

_Noreturn static void
walk_fail(const struct walk *w, const char *why, const char *what)
{
	fprintf(
	    stderr, "%s:%u: %s%s%s\n", w->t->path, w->line, why, what[0] != '\0' ? ": " : "", what);
	exit(1);
}

/* --- names and fields ------------------------------------------------------------------------- */

bool
name_ok(const char *s)
{
	static const char *const taken[] = {"auto", "break", "case", "char", "const", "continue",
	    "default", "do", "double", "else", "enum", "extern", "float", "for", "goto", "if",
	    "inline", "int", "long", "register", "return", "short", "signed", "sizeof", "static",
	    "struct", "switch", "typedef", "union", "unsigned", "void", "volatile", "while"};

	if (!islower((unsigned char)s[0]) || strlen(s) >= NAME_CAP)
		return false;
	for (const char *p = s; *p != '\0'; p++)
		if (!islower((unsigned char)*p) && !isdigit((unsigned char)*p) && *p != '_')
			return false;
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		if (strcmp(s, taken[i]) == 0)
			return false;
	return true;
}

static struct field *
field_use(struct walk *w, const char *name, enum type type)
{
	struct scope *s = &w->t->scope[w->scope];
	struct field *f = NULL;

	if (!name_ok(name))
		walk_fail(w, "not a name (a-z, 0-9, _, no word of C)", name);
	for (size_t i = 0; i < s->n && f == NULL; i++)
		if (strcmp(s->f[i].name, name) == 0)
			f = &s->f[i];
	if (f == NULL) {
		if (s->n == FIELDS_MAX)
			walk_fail(w, "too many values: raise FIELDS_MAX", name);
		f = &s->f[s->n++];
		memcpy(f->name, name, strlen(name) + 1);
	}
	if (f->type == T_ANY)
		f->type = type;
	else if (type != T_ANY && type != f->type)
		walk_fail(w, "is used as two kinds of value", name);
	return f;
}

static const struct tmpl *
tmpl_by_name(const struct job *job, const char *name)
{
	for (size_t i = 0; i < job->n; i++)
		if (strcmp(job->t[i].name, name) == 0)
			return &job->t[i];
	return NULL;
}

static const struct tmpl *
part_use(struct walk *w, const char *part, const char *name)
{
	struct field *f = field_use(w, name, T_PART);
	const struct tmpl *t = tmpl_by_name(w->job, part);

	if (t == NULL || !t->html)
		walk_fail(w, "no such template", part);
	if (f->part != NULL && f->part != t)
		walk_fail(w, "is used for two templates", name);
	f->part = t;
	return t;
}

/* --- writing C -------------------------------------------------------------------------------- */

static void
c_indent(struct walk *w)
{
	for (size_t i = 0; i <= w->depth; i++)
		kf_buf_str(w->c, "\t");
}

/* C strings are written line by line, and none longer than compilers must take. */
static void
c_string(struct kf_buf *c, const char *s, size_t n)
{
	kf_buf_str(c, "\"");
	for (size_t i = 0; i < n; i++) {
		unsigned char ch = (unsigned char)s[i];

		if (ch == '\n')
			kf_buf_str(c, "\\n");
		else if (ch == '\t')
			kf_buf_str(c, "\\t");
		else if (ch == '"' || ch == '\\')
			kf_buf_fmt(c, "\\%c", ch);
		else if (ch < 0x20 || ch >= 0x7f || ch == '?')
			kf_buf_fmt(c, "\\%03o", ch);
		else
			kf_buf_fmt(c, "%c", ch);
	}
	kf_buf_str(c, "\"");
}

static void
lit_flush(struct walk *w)
{
	const char *p = kf_buf_cstr(&w->lit), *end = p + w->lit.n;

	while (w->c != NULL && p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t n = nl != NULL ? (size_t)(nl - p) + 1 : (size_t)(end - p);

		if (n > 1000)
			n = 1000;
		c_indent(w);
		kf_buf_str(w->c, "kf_buf_add(out, ");
		c_string(w->c, p, n);
		kf_buf_fmt(w->c, ", %zu);\n", n);
		p += n;
	}
	kf_buf_reset(&w->lit);
}

static void
lit_add(struct walk *w, const char *s, size_t n)
{
	const char *why;

	for (size_t i = 0; i < n; i++) {
		why = w->t->html ? html_ctx_feed(&w->ctx, s[i]) : NULL;
		if (why != NULL)
			walk_fail(w, why, "");
		if (s[i] == '\n')
			w->line++;
	}
	kf_buf_add(&w->lit, s, n);
}

/* How C names a value of the present scope. */
static void
c_value(struct walk *w, const char *name)
{
	size_t row = 0;

	for (size_t i = 0; i < w->depth; i++)
		if (w->block[i].kind == 'r')
			row = i + 1;
	if (row > 0)
		kf_buf_fmt(w->c, "row%zu->%s", row, name);
	else
		kf_buf_fmt(w->c, "in->%s", name);
}

static void
c_call(struct walk *w, const char *fn, const char *name)
{
	lit_flush(w);
	if (w->c == NULL)
		return;
	c_indent(w);
	kf_buf_fmt(w->c, "%s(out, ", fn);
	c_value(w, name);
	kf_buf_str(w->c, ");\n");
}

static void
c_test(struct walk *w, const struct field *f)
{
	static const char *const test[] = {[T_ANY] = "",
	    [T_TEXT] = "template_given(",
	    [T_UINT] = "",
	    [T_HTML] = "template_given(",
	    [T_ROWS] = "",
	    [T_PART] = ""};
	static const char *const end[] = {[T_ANY] = "",
	    [T_TEXT] = ")",
	    [T_UINT] = " > 0",
	    [T_HTML] = ".s)",
	    [T_ROWS] = "_n > 0",
	    [T_PART] = " != NULL"};

	c_indent(w);
	kf_buf_fmt(w->c, "if (%s", test[f->type]);
	c_value(w, f->name);
	kf_buf_fmt(w->c, "%s) {\n", end[f->type]);
}

/* --- blocks ----------------------------------------------------------------------------------- */

static void
block_edge(struct walk *w)
{
	const char *why = w->t->html ? html_ctx_block(&w->ctx) : NULL;

	if (why != NULL)
		walk_fail(w, why, "");
	lit_flush(w);
}

static void
block_open(struct walk *w, char kind)
{
	if (w->depth == DEPTH_MAX)
		walk_fail(w, "blocks are nested too deep", "");
	w->block[w->depth++] =
	    (struct block){.kind = kind, .scope = w->scope, .line = w->line, .at = w->ctx};
}

static void
tag_if(struct walk *w, const char *name)
{
	const struct field *f = field_use(w, name, T_ANY);

	block_edge(w);
	if (w->c != NULL)
		c_test(w, f);
	block_open(w, 'i');
}

static void
tag_each(struct walk *w, const char *name)
{
	struct field *f = field_use(w, name, T_ROWS);
	struct kf_buf cname = {0};
	struct scope *rows;
	size_t d;

	block_edge(w);
	if (f->rows == 0) {
		if (w->t->scopes == SCOPES_MAX)
			walk_fail(w, "too many lists: raise SCOPES_MAX", name);
		f->rows = w->t->scopes++;
		rows = &w->t->scope[f->rows];
		kf_buf_fmt(&cname, "%s_%s", w->t->scope[w->scope].cname, name);
		if (cname.bad || cname.n >= sizeof(rows->cname))
			walk_fail(w, "the name is too long", name);
		memcpy(rows->cname, kf_buf_cstr(&cname), cname.n + 1);
		kf_buf_free(&cname);
	}
	d = w->depth + 1;
	if (w->c != NULL) {
		c_indent(w);
		kf_buf_fmt(w->c, "for (size_t i%zu = 0; i%zu < ", d, d);
		c_value(w, name);
		kf_buf_fmt(w->c, "_n; i%zu++) {\n", d);
		c_indent(w);
		kf_buf_fmt(w->c, "\tconst struct %s *row%zu = &", w->t->scope[f->rows].cname, d);
		c_value(w, name);
		kf_buf_fmt(w->c, "[i%zu];\n\n", d);
	}
	block_open(w, 'r');
	w->scope = f->rows;
}

static void
tag_else(struct walk *w)
{
	struct block *b = w->depth > 0 ? &w->block[w->depth - 1] : NULL;
	struct html_ctx begin;

	if (b == NULL || b->kind != 'i')
		walk_fail(w, "{{else}} without {{#if}}", "");
	block_edge(w);
	if (w->t->html && !html_ctx_same(&b->at, &w->ctx))
		walk_fail(w, "the {{#if}} branch does not end where it began", "");
	b->kind = 'e';
	begin = b->at;
	w->depth--;
	if (w->c != NULL) {
		c_indent(w);
		kf_buf_str(w->c, "} else {\n");
	}
	w->depth++;
	b->at = w->ctx; /* of the two ends the stricter place counts */
	w->ctx = begin;
}

static void
tag_end(struct walk *w, const char *kinds)
{
	const struct block *b = w->depth > 0 ? &w->block[w->depth - 1] : NULL;

	if (b == NULL || strchr(kinds, b->kind) == NULL)
		walk_fail(w, "closes a block that is not open", kinds[0] == 'r' ? "/each" : "/if");
	block_edge(w);
	if (w->t->html && !html_ctx_same(&b->at, &w->ctx))
		walk_fail(w, "the block does not end where it began", "");
	if (w->t->html && b->at.place == HTML_AFTER)
		w->ctx.place = HTML_AFTER;
	w->scope = b->scope;
	w->depth--;
	if (w->c != NULL) {
		c_indent(w);
		kf_buf_str(w->c, "}\n");
	}
}

/* --- the other tags --------------------------------------------------------------------------- */

static void
tag_value(struct walk *w, const char *name, enum type type)
{
	static const char *const by_sink[] = {[SINK_TEXT] = "template_text",
	    [SINK_URL] = "template_url",
	    [SINK_URL_PART] = "template_url_part"};
	enum html_sink sink = SINK_TEXT;
	const char *why = NULL;

	field_use(w, name, type);
	if (w->t->html)
		why = type == T_HTML ? html_ctx_markup(&w->ctx) : html_ctx_value(&w->ctx, &sink);
	else if (type == T_HTML)
		why = "no markup in plain text";
	if (why == NULL && type == T_UINT && sink == SINK_URL)
		why = "a number is no URL";
	if (why != NULL)
		walk_fail(w, why, name);
	if (type == T_TEXT)
		c_call(w, w->t->html ? by_sink[sink] : "template_plain", name);
	else
		c_call(w, type == T_HTML ? "template_html" : "template_uint", name);
}

static void
tag_part(struct walk *w, const char *part, const char *name)
{
	const char *why = w->t->html ? html_ctx_markup(&w->ctx) : "only in HTML";
	char fn[NAME_CAP + 8];

	if (why != NULL)
		walk_fail(w, why, part);
	if (part_use(w, part, name)->slot)
		walk_fail(w, "has a {{slot}}: use it as {{layout}}", part);
	snprintf(fn, sizeof(fn), "tmpl_%s", part);
	c_call(w, fn, name);
}

static void
c_layout(struct walk *w, const char *which)
{
	if (w->layout == NULL || w->c == NULL)
		return;
	if (!w->layout->slot)
		walk_fail(w, "has no {{slot}}", w->layout->name);
	kf_buf_fmt(w->c, "\ttmpl_%s_%s(out, in->%s);\n", w->layout->name, which, w->layout_value);
}

static void
tag_layout(struct walk *w, const char *part, const char *name)
{
	if (w->layout != NULL || w->depth > 0 || w->lit.n > 0 || !w->t->html || w->t->slot)
		walk_fail(w, "{{layout}} stands once, first, in a page", "");
	w->layout = part_use(w, part, name);
	memcpy(w->layout_value, name, strlen(name) + 1);
	c_layout(w, "top");
}

static void
tag_slot(struct walk *w)
{
	if (w->depth > 0 || !w->t->html || w->layout != NULL || html_ctx_markup(&w->ctx) != NULL)
		walk_fail(w, "{{slot}} stands in a layout, between tags, in no block", "");
	if (w->c == NULL && w->t->slot)
		walk_fail(w, "a second {{slot}}", "");
	w->t->slot = true;
	lit_flush(w);
	if (w->c != NULL)
		kf_buf_fmt(w->c,
		    "}\n\nvoid\ntmpl_%s_end(struct kf_buf *out, const struct tmpl_%s *in)\n{\n",
		    w->t->name, w->t->name);
}

/* {{asset "x"}} and {{icon "x"}}: known now, so they are literal text. */
static void
tag_file(struct walk *w, const char *verb, const char *quoted)
{
	char name[64];
	size_t n = strlen(quoted);
	struct kf_buf b = {0};
	unsigned line = w->line;

	if (!w->t->html || n < 3 || n > sizeof(name) || quoted[0] != '"' || quoted[n - 1] != '"')
		walk_fail(w, "expects a file's name in quotes", verb);
	memcpy(name, quoted + 1, n - 2);
	name[n - 2] = '\0';
	if (strcmp(verb, "asset") == 0) {
		const struct asset_src *a = asset_by_name(w->job->assets, name);

		if (a == NULL)
			walk_fail(w, "no such file in assets/", name);
		kf_buf_fmt(&b, "/assets/%s", a->hashed);
		lit_add(w, kf_buf_cstr(&b), b.n);
	} else {
		struct kf_buf svg = {0};

		if (html_ctx_markup(&w->ctx) != NULL || strchr(name, '/') != NULL)
			walk_fail(w, "an icon stands between tags", name);
		kf_buf_fmt(&b, "%s/%s.svg", w->job->icons, name);
		file_read(kf_buf_cstr(&b), &svg);
		while (svg.n > 0 && isspace((unsigned char)svg.p[svg.n - 1]))
			svg.n--;
		lit_add(w, kf_buf_cstr(&svg), svg.n);
		w->line = line;
		kf_buf_free(&svg);
	}
	kf_buf_free(&b);
}

/* --- the walk --------------------------------------------------------------------------------- */

static void
tag_run(struct walk *w, char *word[4], size_t n)
{
	if (n == 1 && strcmp(word[0], "else") == 0)
		tag_else(w);
	else if (n == 1 && strcmp(word[0], "/if") == 0)
		tag_end(w, "ie");
	else if (n == 1 && strcmp(word[0], "/each") == 0)
		tag_end(w, "r");
	else if (n == 1 && strcmp(word[0], "slot") == 0)
		tag_slot(w);
	else if (n == 1)
		tag_value(w, word[0], T_TEXT);
	else if (n == 2 && strcmp(word[0], "#if") == 0)
		tag_if(w, word[1]);
	else if (n == 2 && strcmp(word[0], "#each") == 0)
		tag_each(w, word[1]);
	else if (n == 2 && strcmp(word[0], "uint") == 0)
		tag_value(w, word[1], T_UINT);
	else if (n == 2 && strcmp(word[0], "html") == 0)
		tag_value(w, word[1], T_HTML);
	else if (n == 2 && (strcmp(word[0], "asset") == 0 || strcmp(word[0], "icon") == 0))
		tag_file(w, word[0], word[1]);
	else if (n == 3 && strcmp(word[0], ">") == 0)
		tag_part(w, word[1], word[2]);
	else if (n == 3 && strcmp(word[0], "layout") == 0)
		tag_layout(w, word[1], word[2]);
	else
		walk_fail(
		    w, "unknown tag (templates/compile.c lists them)", n > 0 ? word[0] : "{{}}");
}

/* Does the tag from..to stand alone on its line, and is it of the kind that then takes the line? */
static bool
tag_alone(const struct kf_buf *src, size_t from, size_t to)
{
	const char *tag = src->p + from + 2;

	if (tag[0] != '#' && tag[0] != '/' && tag[0] != '!' && strncmp(tag, "else", 4) != 0 &&
	    strncmp(tag, "slot", 4) != 0 && strncmp(tag, "layout", 6) != 0)
		return false;
	while (from > 0 && (src->p[from - 1] == ' ' || src->p[from - 1] == '\t'))
		from--;
	return (from == 0 || src->p[from - 1] == '\n') && to < src->n && src->p[to] == '\n';
}

static void
tag_read(struct walk *w, const char *inner, size_t n)
{
	char text[160], *word[4], *save = NULL;
	size_t words = 0;

	if (n >= sizeof(text) || memchr(inner, '\n', n) != NULL)
		walk_fail(w, "the tag is too long, or }} is missing in this line", "");
	memcpy(text, inner, n);
	text[n] = '\0';
	if (text[0] == '!')
		return;
	for (char *p = strtok_r(text, " ", &save); p != NULL; p = strtok_r(NULL, " ", &save)) {
		if (words == 4)
			walk_fail(w, "too many words in the tag", text);
		word[words++] = p;
	}
	tag_run(w, word, words);
}

static void
walk_end(struct walk *w)
{
	if (w->depth > 0) {
		w->line = w->block[w->depth - 1].line;
		walk_fail(w, "this block is never closed", "");
	}
	if (w->t->html && html_ctx_markup(&w->ctx) != NULL)
		walk_fail(w, "the template ends inside a tag, comment or script", "");
	if (w->t->scope[0].n == 0)
		walk_fail(w, "has no value: it needs no template", w->t->name);
	lit_flush(w);
	c_layout(w, "end");
	kf_buf_free(&w->lit);
}

static void
walk_run(struct walk *w)
{
	const struct kf_buf *src = &w->t->src;

	w->line = 1;
	while (w->at < src->n) {
		const char *p = src->p + w->at, *tag = strstr(p, "{{"), *end;
		size_t from = tag != NULL ? (size_t)(tag - src->p) : src->n, keep = from, to;
		bool alone;

		if (tag == NULL) {
			lit_add(w, p, from - w->at);
			break;
		}
		end = strstr(tag, "}}");
		if (end == NULL || tag[2] == '{')
			walk_fail(w,
			    end == NULL ? "{{ without }}" : "{{{ does not exist: {{html name}}",
			    "");
		to = (size_t)(end - src->p) + 2;
		alone = tag_alone(src, from, to);
		while (alone && keep > w->at && src->p[keep - 1] != '\n')
			keep--;
		lit_add(w, p, keep - w->at);
		tag_read(w, tag + 2, (size_t)(end - tag) - 2);
		if (alone) {
			to++;
			w->line++;
		}
		w->at = to;
	}
	walk_end(w);
}

void
walk_template(const struct job *job, struct tmpl *t, struct kf_buf *c)
{
	struct walk w = {.job = job, .t = t, .c = c};

	walk_run(&w);
}
