/* Turns templates into typed C: one struct and one function a template, so that gcc checks every
 * value a page needs, and every value is escaped for the place where it stands.
 *
 *	compile OUTDIR ICONDIR FILE...      *.html *.txt: templates, others: assets
 *
 * {{name}}                     a text, escaped for its place (element, attribute, URL, plain text)
 * {{uint name}}                a number
 * {{html name}}                struct html: markup made by our own code
 * {{#if name}} {{else}} {{/if}}    a bool; or: a text or a list that is not empty, a number not 0
 * {{#each name}} {{/each}}     a list; inside, names are the row's
 * {{> part name}}              another template, given a pointer to its struct
 * {{layout file name}}         first line: the page is put where that template says {{slot}}
 * {{asset "app.css"}}          its URL        {{icon "eye"}}   ICONDIR/eye.svg, inline
 * {{! words }}                 a comment
 * A {{#…}}, {{/…}}, {{else}}, {{!…}}, {{layout …}} or {{slot}} alone on its line takes the line
 *away. */
#include "templates/compile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void
compile_fail(const char *where, const char *why)
{
	fprintf(stderr, "%s: %s\n", where, why);
	exit(1);
}

void
file_read(const char *path, struct kf_buf *out)
{
	FILE *f = fopen(path, "rb");
	char part[4096];
	size_t n;

	if (f == NULL)
		compile_fail(path, "cannot be read");
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		kf_buf_add(out, part, n);
	if (ferror(f) || out->bad)
		compile_fail(path, "cannot be read");
	fclose(f);
}

void
file_write(const char *dir, const char *name, const struct kf_buf *text)
{
	struct kf_buf path = {0};
	FILE *f;

	kf_buf_fmt(&path, "%s/%s", dir, name);
	f = fopen(kf_buf_cstr(&path), "wb");
	if (f == NULL || text->bad || fwrite(text->p, 1, text->n, f) != text->n || fclose(f) != 0)
		compile_fail(kf_buf_cstr(&path), "cannot be written");
	kf_buf_free(&path);
}

/* --- output ----------------------------------------------------------------------------------- */

static void
h_field(struct kf_buf *h, const struct tmpl *t, const struct field *f)
{
	switch (f->type) {
	case T_ANY:
		kf_buf_fmt(h, "\tbool %s;\n", f->name);
		break;
	case T_TEXT:
		kf_buf_fmt(h, "\tconst char *%s;\n", f->name);
		break;
	case T_UINT:
		kf_buf_fmt(h, "\tuint64_t %s;\n", f->name);
		break;
	case T_HTML:
		kf_buf_fmt(h, "\tstruct html %s;\n", f->name);
		break;
	case T_PART:
		kf_buf_fmt(h, "\tconst struct tmpl_%s *%s;\n", f->part->name, f->name);
		break;
	case T_ROWS:
		kf_buf_fmt(h, "\tconst struct %s *%s;\n\tsize_t %s_n;\n", t->scope[f->rows].cname,
		    f->name, f->name);
		break;
	}
}

static void
h_template(struct kf_buf *h, const struct tmpl *t)
{
	kf_buf_fmt(h, "/* %s */\n", t->path);
	for (size_t s = t->scopes; s-- > 0;) {
		if (t->scope[s].n == 0)
			compile_fail(t->path, "a list whose rows have no value");
		kf_buf_fmt(h, "struct %s {\n", t->scope[s].cname);
		for (size_t i = 0; i < t->scope[s].n; i++)
			h_field(h, t, &t->scope[s].f[i]);
		kf_buf_str(h, "};\n");
	}
	kf_buf_fmt(h, "void tmpl_%s%s(struct kf_buf *out, const struct tmpl_%s *in);\n", t->name,
	    t->slot ? "_top" : "", t->name);
	if (t->slot)
		kf_buf_fmt(h, "void tmpl_%s_end(struct kf_buf *out, const struct tmpl_%s *in);\n",
		    t->name, t->name);
	kf_buf_str(h, "\n");
}

static void
c_template(struct kf_buf *c, const struct job *job, struct tmpl *t)
{
	kf_buf_fmt(c, "\nvoid\ntmpl_%s%s(struct kf_buf *out, const struct tmpl_%s *in)\n{\n",
	    t->name, t->slot ? "_top" : "", t->name);
	walk_template(job, t, c);
	kf_buf_str(c, "}\n");
}

static void
templates_write(const struct job *job, const char *dir)
{
	struct kf_buf h = {0}, c = {0};

	kf_buf_str(&h,
	    "/* Made by templates/compile.c from templates/. Do not edit. */\n"
	    "#ifndef GEN_TEMPLATES_H\n#define GEN_TEMPLATES_H\n\n"
	    "#include \"portal/view/template.h\"\n\n");
	kf_buf_str(&c, "#include \"templates.h\"\n");
	for (size_t i = 0; i < job->n; i++) {
		h_template(&h, &job->t[i]);
		c_template(&c, job, &job->t[i]);
	}
	kf_buf_str(&h, "#endif\n");
	file_write(dir, "templates.h", &h);
	file_write(dir, "templates.c", &c);
	kf_buf_free(&h);
	kf_buf_free(&c);
}

/* x.html is the template x, x.txt the template x_txt. */
static bool
template_add(struct job *job, const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash != NULL ? slash + 1 : path;
	const char *dot = strrchr(base, '.');
	struct tmpl *t = &job->t[job->n];
	bool html = dot != NULL && strcmp(dot, ".html") == 0;

	if (dot == NULL || (!html && strcmp(dot, ".txt") != 0))
		return false;
	if (job->n == TEMPLATES_MAX)
		compile_fail(path, "too many templates: raise TEMPLATES_MAX");
	t->path = path;
	t->html = html;
	if (snprintf(t->name, sizeof(t->name), "%.*s%s", (int)(dot - base), base,
		html ? "" : "_txt") >= (int)sizeof(t->name) ||
	    !name_ok(t->name))
		compile_fail(
		    path, "a template's file is named of a-z, 0-9 and _, in up to 27 characters");
	t->scopes = 1;
	snprintf(t->scope[0].cname, sizeof(t->scope[0].cname), "tmpl_%s", t->name);
	file_read(path, &t->src);
	if (t->src.n == 0 || memchr(t->src.p, '\0', t->src.n) != NULL)
		compile_fail(path, "the template is empty or holds a NUL");
	job->n++;
	return true;
}

int
main(int argc, char **argv)
{
	struct job job = {0};

	if (argc < 4) {
		fprintf(stderr, "usage: compile OUTDIR ICONDIR FILE...\n");
		return 2;
	}
	job.icons = argv[2];
	job.t = calloc(TEMPLATES_MAX, sizeof(*job.t));
	job.assets = calloc(1, sizeof(*job.assets));
	if (job.t == NULL || job.assets == NULL)
		compile_fail("compile", "out of memory");
	for (int i = 3; i < argc; i++)
		if (!template_add(&job, argv[i]))
			asset_load(job.assets, argv[i]);
	for (size_t i = 0; i < job.n; i++)
		walk_template(&job, &job.t[i], NULL);
	templates_write(&job, argv[1]);
	assets_write(job.assets, argv[1]);
	for (size_t i = 0; i < job.n; i++)
		kf_buf_free(&job.t[i].src);
	for (size_t i = 0; i < job.assets->n; i++)
		kf_buf_free(&job.assets->a[i].bytes);
	free(job.t);
	free(job.assets);
	return 0;
}
