/* The template compiler: what it writes, and each thing it refuses, with file and line. It is a
 * program of the build, so it is run as one. */
#include "common/text.h"
#include "tests/unit/tap.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct bed {
	char dir[64];
	struct kf_buf tool; /* path of the compiler, beside the tests' folder */
	struct kf_buf said;
};

static void
put(const struct bed *bed, const char *name, const char *text)
{
	struct kf_buf path = {0};
	FILE *f;

	kf_buf_fmt(&path, "%s/%s", bed->dir, name);
	f = fopen(kf_buf_cstr(&path), "wb");
	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		exit(1);
	kf_buf_free(&path);
}

static const char *
get(struct bed *bed, const char *name)
{
	struct kf_buf path = {0};
	char part[512];
	size_t n;
	FILE *f;

	kf_buf_fmt(&path, "%s/%s", bed->dir, name);
	f = fopen(kf_buf_cstr(&path), "rb");
	kf_buf_reset(&bed->said);
	while (f != NULL && (n = fread(part, 1, sizeof(part), f)) > 0)
		kf_buf_add(&bed->said, part, n);
	if (f != NULL)
		fclose(f);
	kf_buf_free(&path);
	return kf_buf_cstr(&bed->said);
}

/* Runs the compiler on page.html, part.html, page.txt and app.css; returns its exit code. */
static int
run(struct bed *bed)
{
	pid_t pid = fork();
	int status = 0, fd;

	if (pid == 0) {
		if (chdir(bed->dir) != 0 ||
		    (fd = open("said", O_CREAT | O_TRUNC | O_WRONLY, 0600)) < 0)
			_exit(9);
		dup2(fd, 2);
		execl(kf_buf_cstr(&bed->tool), "compile", ".", ".", "page.html", "part.html",
		    "page.txt", "app.css", (char *)NULL);
		_exit(9);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

/* The HTML template is refused, and the message is what. */
static bool
refuses(struct bed *bed, const char *html, const char *what)
{
	int code;

	put(bed, "page.html", html);
	code = run(bed);
	if (code == 1 && strstr(get(bed, "said"), what) != NULL)
		return true;
	printf("# exit %d: %s\n", code, get(bed, "said"));
	return false;
}

/* The HTML template is taken, and the C has each of the texts. */
static bool
makes(struct bed *bed, const char *html, const char *c)
{
	put(bed, "page.html", html);
	if (run(bed) == 0 && strstr(get(bed, "templates.c"), c) != NULL)
		return true;
	printf("# %s\n%s\n", get(bed, "said"), get(bed, "templates.c"));
	return false;
}

static void
writes(struct bed *bed)
{
	IT("escapes by place: text, attribute, whole URL, part of a URL");
	OK(makes(bed, "<p>{{a}}</p>", "template_text(out, in->a);"));
	OK(makes(bed, "<p title=\"{{a}}\">", "template_text(out, in->a);"));
	OK(makes(bed, "<a href=\"{{a}}\">", "template_url(out, in->a);"));
	OK(makes(bed, "<a href=\"/k/{{a}}\">", "template_url_part(out, in->a);"));
	OK(makes(bed, "<a href=\"{{a}}?b={{b}}\">", "template_url_part(out, in->b);"));
	OK(makes(bed, "<title>{{a}}</title>", "template_text(out, in->a);"));
	IT("finds each value's kind from its use, also after a test of it");
	OK(makes(bed, "{{#if a}}x{{/if}}{{uint a}}", "if (in->a > 0) {"));
	OK(makes(bed, "{{#if a}}{{a}}{{/if}}", "if (template_given(in->a)) {"));
	OK(makes(bed, "{{#if a}}x{{else}}y{{/if}}", "if (in->a) {"));
	OK(strstr(get(bed, "templates.h"), "\tbool a;\n") != NULL);
	IT("makes a list of rows, with values of their own");
	OK(makes(bed, "{{#each rows}}{{a}}{{/each}}", "template_text(out, row1->a);"));
	OK(strstr(get(bed, "templates.h"),
	       "const struct tmpl_page_rows *rows;\n\tsize_t rows_n;") != NULL);
	IT("puts a part in, given its struct");
	OK(makes(bed, "{{> part p}}", "tmpl_part(out, in->p);"));
	IT("takes a condition inside a tag and around a part of a class");
	OK(makes(bed, "<p{{#if a}} hidden{{/if}} class=\"x{{#if b}} y{{/if}}\">", "if (in->b) {"));
	IT("takes the line away that holds a block's tag alone");
	OK(makes(bed, "<p>\n\t{{#if a}}\nx\n\t{{/if}}\n</p>", "\"<p>\\n\""));
	OK(strstr(get(bed, "templates.c"), "\\t\\n") == NULL);
	IT("names an asset by its hash");
	OK(makes(
	    bed, "<a href=\"{{asset \"app.css\"}}\">{{a}}", "/assets/app.806db221261eade4.css"));
	IT("does not escape plain text for HTML");
	OK(strstr(get(bed, "templates.c"), "template_plain(out, in->who);") != NULL);
}

static void
refuses_places(struct bed *bed)
{
	IT("refuses a value where no escape is safe");
	OK(refuses(bed, "<script>{{a}}</script>", "page.html:1: no value may stand in a script"));
	OK(refuses(bed, "<style>{{a}}</style>", "page.html:1: no value may stand in a script"));
	OK(refuses(bed, "<p>\n<p onclick=\"{{a}}\">",
	    "page.html:2: no value may stand in this attribute"));
	OK(refuses(bed, "<p style=\"{{a}}\">", "no value may stand in this attribute"));
	OK(refuses(bed, "<img srcset=\"{{a}}\">", "no value may stand in this attribute"));
	OK(refuses(bed, "<p title={{a}}>", "double quotes"));
	OK(refuses(bed, "<p {{a}}>", "no value may stand inside a tag"));
	OK(refuses(bed, "<{{a}}>", "no value may stand inside a tag"));
	OK(refuses(bed, "<!-- {{a}} -->", "no value may stand in an HTML comment"));
	OK(refuses(bed, "<a href=\"javascript:{{a}}\">", "a value in a URL stands"));
	OK(refuses(bed, "<a href=\"{{#if a}}x{{/if}}\">", "no condition inside a URL"));
	OK(refuses(bed, "<p title=\"{{html a}}\">", "markup may stand between tags only"));
	IT("refuses HTML that it cannot follow");
	OK(refuses(bed, "<p title=x>{{a}}", "double quotes"));
	OK(refuses(bed, "1 < 2 {{a}}", "write &lt;"));
	OK(refuses(bed, "{{a}}<p title=\"", "ends inside a tag"));
	OK(refuses(bed, "<p title=\"a\"b=\"c\">{{a}}", "not an attribute"));
}

static void
refuses_tags(struct bed *bed)
{
	IT("refuses blocks that do not close, or not where they began");
	OK(refuses(bed, "\n{{#if a}}x", "page.html:2: this block is never closed"));
	OK(refuses(bed, "{{/if}}{{a}}", "not open"));
	OK(refuses(bed, "{{#each a}}{{b}}{{/if}}", "not open"));
	OK(refuses(bed, "{{else}}{{a}}", "{{else}} without"));
	OK(refuses(bed, "{{#if a}}<p title=\"{{else}}x{{/if}}", "does not end where it began"));
	OK(refuses(bed, "<p {{#if a}}b{{/if}}c>", "not an attribute"));
	IT("refuses a value of two kinds, and names that are none");
	OK(refuses(bed, "{{a}}{{uint a}}", "page.html:1: is used as two kinds of value: a"));
	OK(refuses(bed, "{{A}}", "not a name"));
	OK(refuses(bed, "{{for}}", "not a name"));
	IT("refuses what it does not know");
	OK(refuses(bed, "{{{a}}}", "{{{ does not exist"));
	OK(refuses(bed, "{{a", "{{ without }}"));
	OK(refuses(bed, "{{foo a}}", "unknown tag"));
	OK(refuses(bed, "{{> nothing a}}", "no such template: nothing"));
	OK(refuses(
	    bed, "<a href=\"{{asset \"no.css\"}}\">{{a}}", "no such file in assets/: no.css"));
	OK(refuses(bed, "{{layout part a}}", "has no {{slot}}"));
	OK(refuses(bed, "x {{layout part a}}", "stands once, first"));
	OK(refuses(bed, "<p>only words</p>", "has no value"));
}

int
main(int argc, char **argv)
{
	struct bed bed = {.dir = "/tmp/keyfob-template-XXXXXX"};
	char *self = realpath(argv[0], NULL), *slash;

	(void)argc;
	if (self == NULL || mkdtemp(bed.dir) == NULL)
		return 1;
	for (int i = 0; i < 2; i++) /* BUILD/tests/test_X to BUILD */
		if ((slash = strrchr(self, '/')) != NULL)
			*slash = '\0';
	kf_buf_fmt(&bed.tool, "%s/gen/compile", self);
	put(&bed, "part.html", "<p>{{a}}</p>\n");
	put(&bed, "page.txt", "Hello {{who}}\n");
	put(&bed, "app.css", "p{}");
	writes(&bed);
	refuses_places(&bed);
	refuses_tags(&bed);
	for (const char *const *f = (const char *const[]){"page.html", "part.html", "page.txt",
		 "app.css", "said", "templates.c", "templates.h", "assets.c", "assets.h", NULL};
	     *f != NULL; f++) {
		kf_buf_reset(&bed.said);
		kf_buf_fmt(&bed.said, "%s/%s", bed.dir, *f);
		(void)unlink(kf_buf_cstr(&bed.said));
	}
	(void)rmdir(bed.dir);
	kf_buf_free(&bed.said);
	kf_buf_free(&bed.tool);
	free(self);
	return tap_end();
}
