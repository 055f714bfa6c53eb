/* The template compiler's parts. It runs on the machine that builds, never on the one that serves.
 */
#ifndef TEMPLATES_COMPILE_H
#define TEMPLATES_COMPILE_H

#include "common/text.h"

#define NAME_CAP 32
#define FIELDS_MAX 48
#define SCOPES_MAX 12
#define TEMPLATES_MAX 64
#define ASSETS_MAX 64

enum type { T_ANY, T_TEXT, T_UINT, T_HTML, T_ROWS, T_PART };

struct tmpl;

/* A value of a template, its kind known from how it is used. */
struct field {
	char name[NAME_CAP];
	enum type type;		 /* T_ANY: only tested so far, a bool */
	size_t rows;		 /* T_ROWS: index of the row's scope */
	const struct tmpl *part; /* T_PART: of which template */
};

/* What becomes one struct: the template's own values, or those of a list's rows. */
struct scope {
	char cname[3 * NAME_CAP]; /* "tmpl_my_keys" */
	struct field f[FIELDS_MAX];
	size_t n;
};

struct tmpl {
	const char *path;
	char name[NAME_CAP];
	bool html, slot;
	struct kf_buf src;
	struct scope scope[SCOPES_MAX];
	size_t scopes;
};

struct asset_src {
	char name[64];	 /* "app.css" */
	char hashed[96]; /* "app.0123456789abcdef.css" */
	const char *type;
	struct kf_buf bytes;
};

struct asset_list {
	struct asset_src a[ASSETS_MAX];
	size_t n;
};

struct job {
	const char *icons; /* folder */
	struct tmpl *t;
	size_t n;
	struct asset_list *assets;
};

/* Says "where: why" and ends the compiler. */
_Noreturn void compile_fail(const char *where, const char *why);
void file_read(const char *path, struct kf_buf *out); /* or compile_fail */
void file_write(const char *dir, const char *name, const struct kf_buf *text);

bool name_ok(const char *s); /* may it name a value or a template? */

/* Notes the values that t uses; with c also writes the bodies of its functions. Walk every
 * template once without c first: a test may come before the use that tells the value's kind. */
void walk_template(const struct job *job, struct tmpl *t, struct kf_buf *c);

void asset_load(struct asset_list *list, const char *path);
const struct asset_src *asset_by_name(const struct asset_list *list, const char *name);
void assets_write(const struct asset_list *list, const char *dir); /* assets.h, assets.c */

#endif
