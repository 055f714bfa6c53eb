#include "portal/http/web_pairs.h"

#include "common/text.h"

#include <stdlib.h>
#include <string.h>

/* Room for as many pairs as s can have, and behind them s itself, to be decoded in place. */
static enum kf_err
pairs_new(struct kf_span s, uint8_t sep, size_t max, struct web_pairs **out)
{
	size_t parts = 1;
	struct web_pairs *p;
	uint8_t *copy;

	for (size_t i = 0; i < s.n; i++)
		parts += s.p[i] == sep;
	if (parts > max) {
		size_t filled = 0; /* do not count what is empty */
		for (size_t i = 0; i < s.n; i++)
			filled += s.p[i] != sep && (i == 0 || s.p[i - 1] == sep);
		if (filled > max)
			return KF_ELIMIT;
		parts = max;
	}
	if ((p = malloc(sizeof(*p) + parts * sizeof(p->v[0]) + s.n + 1)) == NULL)
		return KF_ENOMEM;
	p->n = 0;
	copy = (uint8_t *)&p->v[parts];
	if (s.n > 0)
		memcpy(copy, s.p, s.n);
	copy[s.n] = '\0';
	p->v[0].name = kf_span_of(copy, s.n); /* where the caller starts */
	*out = p;
	return KF_OK;
}

/* In place: what comes out is never longer. False: a broken escape, or a NUL. */
static bool
unescape(struct kf_span *s)
{
	uint8_t *to = (uint8_t *)(uintptr_t)s->p; /* our own copy */
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		uint8_t c = s->p[i];

		if (c == '+') {
			c = ' ';
		} else if (c == '%') {
			if (s->n - i < 3 || kf_unhex(kf_span_of(s->p + i + 1, 2), &c, 1) != KF_OK)
				return false;
			i += 2;
		}
		if (c == '\0')
			return false;
		to[n++] = c;
	}
	s->n = n;
	return true;
}

static void
cut(struct kf_span part, struct web_pair *pair)
{
	const uint8_t *eq = part.n == 0 ? NULL : memchr(part.p, '=', part.n);
	size_t n = eq == NULL ? part.n : (size_t)(eq - part.p);

	pair->name = kf_span_of(part.p, n);
	pair->value = eq == NULL ? kf_span_of(part.p + n, 0) : kf_span_of(eq + 1, part.n - n - 1);
}

/* The next part of rest up to sep; rest moves behind it. */
static struct kf_span
next_part(struct kf_span *rest, uint8_t sep)
{
	const uint8_t *end = memchr(rest->p, sep, rest->n);
	size_t n = end == NULL ? rest->n : (size_t)(end - rest->p);
	struct kf_span part = kf_span_of(rest->p, n);

	n += end != NULL;
	*rest = kf_span_of(rest->p + n, rest->n - n);
	return part;
}

enum kf_err
web_pairs_form(struct kf_span s, struct web_pairs **out)
{
	struct web_pairs *p;
	struct kf_span rest, part;
	struct web_pair *pair;
	enum kf_err r;

	*out = NULL;
	if ((r = pairs_new(s, '&', WEB_ARGS_MAX, &p)) != KF_OK)
		return r;
	for (rest = p->v[0].name; rest.n > 0;) {
		part = next_part(&rest, '&');
		if (part.n == 0)
			continue;
		pair = &p->v[p->n++];
		cut(part, pair);
		if (!unescape(&pair->name) || !unescape(&pair->value)) {
			free(p);
			return KF_EINVAL;
		}
	}
	*out = p;
	return KF_OK;
}

static bool
is_space(uint8_t c)
{
	return c == ' ' || c == '\t';
}

enum kf_err
web_pairs_cookies(struct kf_span s, struct web_pairs **out)
{
	struct web_pairs *p;
	struct kf_span rest, part;
	enum kf_err r;

	*out = NULL;
	if ((r = pairs_new(s, ';', WEB_COOKIES_MAX, &p)) != KF_OK)
		return r;
	for (rest = p->v[0].name; rest.n > 0;) {
		part = next_part(&rest, ';');
		while (part.n > 0 && is_space(part.p[0])) {
			part.p++;
			part.n--;
		}
		while (part.n > 0 && is_space(part.p[part.n - 1]))
			part.n--;
		if (part.n == 0)
			continue;
		if (memchr(part.p, '=', part.n) == NULL) {
			p->v[p->n].name = kf_span_of(part.p, 0);
			p->v[p->n++].value = part;
		} else {
			cut(part, &p->v[p->n++]);
		}
	}
	*out = p;
	return KF_OK;
}

enum kf_err
web_pairs_get(const struct web_pairs *pairs, const char *name, struct kf_span *out)
{
	struct kf_span want = kf_span_str(name);
	const struct web_pair *found = NULL;

	*out = (struct kf_span){0};
	for (size_t i = 0; pairs != NULL && i < pairs->n; i++) {
		if (!kf_span_eq(pairs->v[i].name, want))
			continue;
		if (found != NULL)
			return KF_EINVAL;
		found = &pairs->v[i];
	}
	if (found == NULL)
		return KF_ENOENT;
	*out = found->value;
	return KF_OK;
}
