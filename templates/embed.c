/* Assets as C: each with its content type, and a name that changes with its bytes, so that it may
 * be cached for ever. */
#include "templates/compile.h"

#include "common/secret.h"

#include <string.h>

static const char *
type_of(const char *path)
{
	static const struct {
		const char *end, *type;
	} types[] = {
	    {".css", "text/css; charset=utf-8"},
	    {".js", "text/javascript; charset=utf-8"},
	    {".svg", "image/svg+xml"},
	    {".png", "image/png"},
	};
	const char *dot = strrchr(path, '.');

	for (size_t i = 0; dot != NULL && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(dot, types[i].end) == 0)
			return types[i].type;
	compile_fail(path, "an asset is a .css, .js, .svg or .png file");
}

void
asset_load(struct asset_list *list, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path, *dot;
	struct kf_hash hash;
	struct asset_src *a;
	struct kf_buf b = {0};
	char hex[65];

	if (list->n == ASSETS_MAX)
		compile_fail(path, "too many assets: raise ASSETS_MAX");
	if (strlen(name) >= sizeof(a->name))
		compile_fail(path, "the file's name is too long");
	a = &list->a[list->n++];
	memcpy(a->name, name, strlen(name) + 1);
	a->type = type_of(name);
	file_read(path, &a->bytes);
	kf_sha256(kf_buf_span(&a->bytes), &hash);
	kf_hex(kf_span_of(hash.b, sizeof(hash.b)), hex);
	dot = strrchr(name, '.');
	kf_buf_fmt(&b, "%.*s.%.16s%s", (int)(dot - name), name, hex, dot);
	if (b.bad || b.n >= sizeof(a->hashed))
		compile_fail(path, "the file's name is too long");
	memcpy(a->hashed, kf_buf_cstr(&b), b.n + 1);
	kf_buf_free(&b);
}

const struct asset_src *
asset_by_name(const struct asset_list *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->a[i].name, name) == 0)
			return &list->a[i];
	return NULL;
}

static const char assets_header[] =
    "/* Made by templates/compile.c from assets/. Do not edit. */\n"
    "#ifndef GEN_ASSETS_H\n#define GEN_ASSETS_H\n\n"
    "#include \"common/span.h\"\n\n"
    "struct asset {\n"
    "\tconst char *name; /* with the first 8 bytes of its SHA-256: \"app.0123456789abcdef.css\" "
    "*/\n"
    "\tconst char *type; /* Content-Type */\n"
    "\tstruct kf_span bytes;\n"
    "};\n\n"
    "/* name: what follows /assets/ in a URL. NULL: no such asset. What is found never changes:\n"
    " * Cache-Control: public, max-age=31536000, immutable. */\n"
    "const struct asset *assets_find(struct kf_span name);\n\n"
    "#endif\n";

static void
bytes_write(struct kf_buf *c, size_t i, const struct kf_buf *bytes)
{
	kf_buf_fmt(c, "static const uint8_t asset_%zu[] = {", i);
	for (size_t k = 0; k < bytes->n; k++)
		kf_buf_fmt(c, "%s%u,", k % 24 == 0 ? "\n\t" : "", (unsigned)(uint8_t)bytes->p[k]);
	kf_buf_str(c, "\n};\n");
}

void
assets_write(const struct asset_list *list, const char *dir)
{
	struct kf_buf h = {0}, c = {0};

	kf_buf_str(&h, assets_header);
	kf_buf_str(&c, "#include \"assets.h\"\n\n#include <string.h>\n\n");
	for (size_t i = 0; i < list->n; i++) {
		if (list->a[i].bytes.n == 0)
			compile_fail(list->a[i].name, "the asset is empty");
		bytes_write(&c, i, &list->a[i].bytes);
	}
	kf_buf_str(&c, "\nstatic const struct asset assets[] = {\n");
	for (size_t i = 0; i < list->n; i++)
		kf_buf_fmt(&c, "\t{\"%s\", \"%s\", {asset_%zu, sizeof(asset_%zu)}},\n",
		    list->a[i].hashed, list->a[i].type, i, i);
	kf_buf_str(&c,
	    "};\n\n"
	    "const struct asset *\nassets_find(struct kf_span name)\n{\n"
	    "\tfor (size_t i = 0; i < sizeof(assets) / sizeof(assets[0]); i++)\n"
	    "\t\tif (kf_span_eq(kf_span_str(assets[i].name), name))\n"
	    "\t\t\treturn &assets[i];\n"
	    "\treturn NULL;\n}\n");
	file_write(dir, "assets.h", &h);
	file_write(dir, "assets.c", &c);
	kf_buf_free(&h);
	kf_buf_free(&c);
}
