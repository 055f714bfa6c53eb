#include "portal/cli/cli.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum cli_exit
cli_usage(const struct cli *cli, const char *problem)
{
	fprintf(stderr, "keyfob: %s\nusage: keyfob [-c FILE] %s\n", problem, cli->usage);
	return CLI_USAGE;
}

enum cli_exit
cli_fail(enum kf_err r, const struct kf_buf *why)
{
	static const char *const word[] = {
	    [KF_EINVAL] = "what was given is not valid.",
	    [KF_ENOENT] = "there is no such thing.",
	    [KF_EEXIST] = "it is there already.",
	    [KF_EDENIED] = "this is not allowed.",
	    [KF_ELIMIT] = "too many or too large; try later or with less.",
	    [KF_EEXPIRED] = "it is over.",
	    [KF_EAGAIN] = "the database is busy; try again.",
	    [KF_EIO] = "the disk failed; the log above says how.",
	};
	const char *s = NULL;

	if (why != NULL && why->n > 0)
		s = kf_buf_cstr(why);
	else if ((size_t)r < sizeof(word) / sizeof(word[0]))
		s = word[r];
	fprintf(stderr, "keyfob: %s\n", s != NULL ? s : kf_err_str(r));
	return CLI_FAILED;
}

static const struct cli_opt *
opt_find(const struct cli_opt *opt, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(opt[i].name, name) == 0)
			return &opt[i];
	return NULL;
}

/* NULL, or what is wrong with giving this option this value. */
static const char *
opt_take(const struct cli_opt *opt, const char *value)
{
	switch (opt->kind) {
	case CLI_FLAG:
		if (*opt->flag)
			return "an option is given twice";
		*opt->flag = true;
		return NULL;
	case CLI_TEXT:
		if (*opt->text != NULL)
			return "an option is given twice";
		*opt->text = value;
		return NULL;
	case CLI_LIST:
		break;
	}
	if (*opt->n >= opt->max)
		return "an option is given too often";
	opt->text[(*opt->n)++] = value;
	return NULL;
}

bool
cli_parse(const struct cli *cli, struct cli_words words, const struct cli_opt *opt, size_t n,
    struct cli_left left)
{
	size_t got = 0;
	const char *bad = NULL;

	for (size_t i = 0; i < words.n && bad == NULL; i++) {
		const struct cli_opt *o;

		if (strncmp(words.v[i], "--", 2) != 0) {
			if (got < left.n)
				left.v[got++] = words.v[i];
			else
				bad = "more words than expected";
			continue;
		}
		if ((o = opt_find(opt, n, words.v[i] + 2)) == NULL)
			bad = "unknown option";
		else if (o->kind != CLI_FLAG && i + 1 >= words.n)
			bad = "an option lacks its value";
		else
			bad = opt_take(o, o->kind == CLI_FLAG ? NULL : words.v[++i]);
	}
	if (bad == NULL && got < left.n)
		bad = "a word is missing";
	if (bad != NULL)
		(void)cli_usage(cli, bad);
	return bad == NULL;
}

bool
cli_number(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	return text == NULL || kf_parse_u64(kf_span_str(text), min, max, out) == KF_OK;
}

bool
cli_time(const char *text, int64_t now, int64_t *out)
{
	size_t n = text != NULL ? strlen(text) : 0;
	struct tm tm = {0};
	const char *end;
	uint64_t v;
	int64_t unit;

	if (text == NULL)
		return true;
	end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (end != NULL && *end == '\0') {
		*out = timegm(&tm);
		return true;
	}
	if (n < 2 || kf_parse_u64(kf_span_of(text, n - 1), 1, 1000000000, &v) != KF_OK)
		return false;
	switch (text[n - 1]) {
	case 's':
		unit = 1;
		break;
	case 'h':
		unit = 3600;
		break;
	case 'd':
		unit = 86400;
		break;
	default:
		return false;
	}
	*out = now + (int64_t)v * unit;
	return true;
}

enum kf_err
cli_stdin(size_t max, struct kf_buf *out)
{
	char part[4096];
	ssize_t n;

	out->max = max;
	while ((n = read(STDIN_FILENO, part, sizeof(part))) > 0)
		kf_buf_add(out, part, (size_t)n);
	explicit_bzero(part, sizeof(part));
	if (n < 0)
		return KF_EIO;
	return out->bad ? KF_ELIMIT : KF_OK;
}
