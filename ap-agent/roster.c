#include "ap-agent/roster.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct why {
	uint8_t mac[6];
	int64_t at;
	char text[ROSTER_WHY_LEN + 1];
};

struct roster {
	struct own *own;
	size_t owns;
	struct feed_session *site;
	size_t sites, cap;
	struct why *why; /* a ring */
	size_t whys, next;
};

struct roster *
roster_new(void)
{
	struct roster *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->own = calloc(ROSTER_OWN_MAX, sizeof(r->own[0]));
	r->why = calloc(ROSTER_WHY_MAX, sizeof(r->why[0]));
	if (r->own == NULL || r->why == NULL)
		roster_free(&r);
	return r;
}

void
roster_free(struct roster **pr)
{
	struct roster *r = *pr;

	*pr = NULL;
	if (r == NULL)
		return;
	free(r->own);
	free(r->site);
	free(r->why);
	free(r);
}

struct own *
roster_find(struct roster *r, const uint8_t mac[6], const uint8_t bss[6])
{
	for (size_t i = 0; i < r->owns; i++)
		if (memcmp(r->own[i].mac, mac, 6) == 0 && memcmp(r->own[i].bss, bss, 6) == 0)
			return &r->own[i];
	return NULL;
}

enum kf_err
roster_put(struct roster *r, const struct own *own)
{
	struct own *at = roster_find(r, own->mac, own->bss);

	if (at == NULL && r->owns == ROSTER_OWN_MAX)
		return KF_ELIMIT;
	if (at == NULL)
		at = &r->own[r->owns++];
	*at = *own;
	return KF_OK;
}

void
roster_drop(struct roster *r, const struct own *own)
{
	struct own *at = roster_find(r, own->mac, own->bss);

	if (at != NULL)
		*at = r->own[--r->owns];
}

size_t
roster_count(const struct roster *r)
{
	return r->owns;
}

struct own *
roster_at(struct roster *r, size_t i)
{
	return &r->own[i];
}

/* --- the site ----------------------------------------------------------------------------------
 */
static bool
same(const struct feed_session *a, const struct feed_session *b)
{
	return memcmp(a->agent, b->agent, 16) == 0 && memcmp(a->bss, b->bss, 6) == 0 &&
	    memcmp(a->mac, b->mac, 6) == 0;
}

static void
site_off(struct roster *r, const struct feed_session *s)
{
	for (size_t i = 0; i < r->sites; i++) {
		if (same(&r->site[i], s)) {
			r->site[i] = r->site[--r->sites];
			return;
		}
	}
}

static enum kf_err
site_on(struct roster *r, const struct feed_session *s)
{
	size_t cap = r->cap > 0 ? r->cap * 2 : 64;
	struct feed_session *more;

	site_off(r, s);
	if (r->sites == ROSTER_SITE_MAX)
		return KF_ELIMIT;
	if (r->sites == r->cap) {
		more = realloc(r->site, cap * sizeof(*more));
		if (more == NULL)
			return KF_ENOMEM;
		r->site = more;
		r->cap = cap;
	}
	r->site[r->sites++] = *s;
	return KF_OK;
}

enum kf_err
roster_take(struct roster *r, struct kf_span msg, struct feed_sessions_head *head)
{
	struct feed_session s;
	struct kf_rd rd;
	bool on;
	enum kf_err e;

	if ((e = feed_read_sessions_head(msg, head, &rd)) != KF_OK)
		return e;
	while (feed_next_session(&rd, &s, &on))
		;
	if (rd.bad)
		return KF_EINVAL;
	if ((e = feed_read_sessions_head(msg, head, &rd)) != KF_OK)
		return e;
	if (head->type == FEED_SESSIONS)
		r->sites = 0;
	while (e == KF_OK && feed_next_session(&rd, &s, &on)) {
		if (on)
			e = site_on(r, &s);
		else
			site_off(r, &s);
	}
	return e;
}

const struct feed_session *
roster_site(const struct roster *r, size_t *n)
{
	*n = r->sites;
	return r->site;
}

/* --- why ----------------------------------------------------------------------------------------
 */
static struct why *
why_find(const struct roster *r, const uint8_t mac[6])
{
	for (size_t i = 0; i < r->whys; i++)
		if (memcmp(r->why[i].mac, mac, 6) == 0)
			return &r->why[i];
	return NULL;
}

void
roster_note(struct roster *r, const uint8_t mac[6], int64_t now, const char *fmt, ...)
{
	struct why *w = why_find(r, mac);
	va_list ap;

	if (w == NULL) {
		w = &r->why[r->next];
		r->next = (r->next + 1) % ROSTER_WHY_MAX;
		if (r->whys < ROSTER_WHY_MAX)
			r->whys++;
	}
	memcpy(w->mac, mac, 6);
	w->at = now;
	va_start(ap, fmt);
	if (vsnprintf(w->text, sizeof(w->text), fmt, ap) < 0)
		w->text[0] = '\0';
	va_end(ap);
}

const char *
roster_why(const struct roster *r, const uint8_t mac[6], int64_t *at)
{
	const struct why *w = why_find(r, mac);

	if (w == NULL)
		return NULL;
	*at = w->at;
	return w->text;
}
