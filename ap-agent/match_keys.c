#include "ap-agent/match_keys.h"

#include "common/text.h"

#include <stdlib.h>
#include <string.h>

/* The tag of a PMK is where its name begins in names. */
struct match_keys {
	struct match_set *set;
	struct kf_buf names;
};

static void
say(char why[MATCH_WHY_MAX], size_t line, const char *text)
{
	int n = line > 0 ? snprintf(why, MATCH_WHY_MAX, "%zu: %s", line, text)
			 : snprintf(why, MATCH_WHY_MAX, " %s", text);

	if (n < 0)
		why[0] = '\0';
}

void
match_keys_free(struct match_keys **keys)
{
	if (*keys != NULL) {
		match_set_free(&(*keys)->set);
		kf_buf_free(&(*keys)->names);
	}
	free(*keys);
	*keys = NULL;
}

/* What is wrong with the line, for a person; NULL: it was added. */
static const char *
add_line(struct match_keys *keys, struct kf_span line, const struct feed_ssid *ssid, enum kf_err *r)
{
	const uint8_t *tab = line.n == 0 ? NULL : memchr(line.p, '\t', line.n);
	struct kf_span name, text;
	struct kf_pmk pmk;

	*r = KF_EINVAL;
	if (tab == NULL)
		return "expected NAME, a TAB, and a passphrase or 64 hexadecimal digits";
	name = kf_span_of(line.p, (size_t)(tab - line.p));
	text = kf_span_of(tab + 1, line.n - name.n - 1);
	if (name.n == 0 || !kf_text_clean(name))
		return "the name before the TAB is empty or not clean UTF-8 text";
	*r = kf_pmk_parse(text, kf_span_of(ssid->b, ssid->n), &pmk);
	if (*r != KF_OK)
		return "expected behind the TAB a passphrase of 8 to 63 printable ASCII "
		       "characters or 64 hexadecimal digits";
	*r = match_set_put(keys->set, &pmk, (uint32_t)keys->names.n);
	kf_wipe(&pmk, sizeof(pmk));
	if (*r == KF_ELIMIT)
		return "more keys than 100000";
	kf_buf_add(&keys->names, name.p, name.n);
	kf_buf_u8(&keys->names, 0);
	if (*r == KF_OK && keys->names.bad)
		*r = KF_ENOMEM;
	return *r == KF_OK ? NULL : kf_err_str(*r);
}

_Static_assert(MATCH_KEYS_MAX == 100000, "the text of the refusal says so");

/* One line without its end. KF_ENOENT: there is none; KF_EINVAL: it is longer than fits. */
static enum kf_err
read_line(FILE *file, char buf[MATCH_LINE_MAX], struct kf_span *out)
{
	size_t n = 0;
	int c;

	while ((c = getc(file)) != EOF && c != '\n') {
		if (n == MATCH_LINE_MAX)
			return KF_EINVAL;
		buf[n++] = (char)c;
	}
	if (c == EOF && n == 0)
		return ferror(file) ? KF_EIO : KF_ENOENT;
	if (n > 0 && buf[n - 1] == '\r')
		n--;
	*out = kf_span_of(buf, n);
	return KF_OK;
}

static enum kf_err
read_lines(
    FILE *file, const struct feed_ssid *ssid, struct match_keys *keys, char why[MATCH_WHY_MAX])
{
	char buf[MATCH_LINE_MAX];
	struct kf_span line;
	const char *wrong;
	enum kf_err r;
	size_t n;

	for (n = 1; (r = read_line(file, buf, &line)) == KF_OK; n++) {
		if (line.n > 0 && (wrong = add_line(keys, line, ssid, &r)) != NULL) {
			say(why, n, wrong);
			break;
		}
	}
	kf_wipe(buf, sizeof(buf));
	if (r == KF_EINVAL && why[0] == '\0')
		say(why, n, "the line is longer than 512 bytes");
	if (r == KF_EIO)
		say(why, 0, "cannot be read");
	if (r != KF_ENOENT)
		return r;
	if (match_set_count(keys->set) > 0)
		return KF_OK;
	say(why, 0, "has no key in it");
	return KF_EINVAL;
}

_Static_assert(MATCH_LINE_MAX == 512, "the text of the refusal says so");

enum kf_err
match_keys_read(
    FILE *file, const struct feed_ssid *ssid, struct match_keys **out, char why[MATCH_WHY_MAX])
{
	struct match_keys *keys = calloc(1, sizeof(*keys));
	enum kf_err r = KF_ENOMEM;

	*out = NULL;
	why[0] = '\0';
	if (keys == NULL || (r = match_set_new(MATCH_KEYS_MAX, &keys->set)) != KF_OK)
		say(why, 0, "no memory");
	else
		r = read_lines(file, ssid, keys, why);
	if (r != KF_OK)
		match_keys_free(&keys);
	*out = keys;
	return r;
}

enum kf_err
match_keys_find(const struct match_keys *keys, const struct handshake *hs, const char **name)
{
	enum kf_err r;
	size_t slot;

	*name = NULL;
	r = match_scan(keys->set, hs, 0, &slot);
	if (r == KF_OK)
		*name = kf_buf_cstr(&keys->names) + match_set_tag(keys->set, slot);
	return r == KF_ENOENT ? KF_OK : r;
}
