#include "ap-agent/roster.h"
#include "tests/unit/tap.h"

#include <string.h>

static enum kf_err
take(struct roster *r, enum feed_type type, const struct feed_session *s, bool on)
{
	struct feed_sessions_head head = {type, 1, 2, false}, got;
	struct kf_buf b = {0};
	enum kf_err e;

	feed_put_sessions_head(&b, &head);
	if (s != NULL)
		feed_put_session(&b, s, on);
	e = roster_take(r, kf_buf_span(&b), &got);
	kf_buf_free(&b);
	return e;
}

int
main(void)
{
	struct feed_session s = {.mac = {1}, .group = 2, .vlan = 20, .since = 1}, t = s;
	struct own own = {.mac = {1}, .bss = {2}, .group = 2}, moved = own;
	struct roster *r = roster_new();
	int64_t at = 0;
	size_t n;

	OK(r != NULL);
	IT("our own stations: by MAC and BSS, once");
	moved.group = 3;
	OK(roster_put(r, &own) == KF_OK && roster_put(r, &moved) == KF_OK);
	OK(roster_count(r) == 1 && roster_find(r, own.mac, own.bss)->group == 3);
	roster_drop(r, &own);
	OK(roster_count(r) == 0 && roster_find(r, own.mac, own.bss) == NULL);
	roster_drop(r, &own);

	IT("the site's list: changes come and go, a list replaces");
	t.bss[0] = 9;
	OK(take(r, FEED_CHANGES, &s, true) == KF_OK && take(r, FEED_CHANGES, &t, true) == KF_OK);
	OK(take(r, FEED_CHANGES, &t, true) == KF_OK);
	(void)roster_site(r, &n);
	OK(n == 2);
	OK(take(r, FEED_CHANGES, &s, false) == KF_OK);
	OK(roster_site(r, &n)->bss[0] == 9 && n == 1);
	OK(take(r, FEED_SESSIONS, &s, true) == KF_OK);
	OK(roster_site(r, &n)->bss[0] == 0 && n == 1);

	IT("a malformed message changes nothing");
	s.group = 1;
	OK(take(r, FEED_SESSIONS, &s, true) == KF_EINVAL);
	(void)roster_site(r, &n);
	OK(n == 1);

	IT("why: the last that happened to a MAC, as long as there is room");
	roster_note(r, own.mac, 5, "first");
	roster_note(r, own.mac, 6, "then %d", 2);
	OK(strcmp(roster_why(r, own.mac, &at), "then 2") == 0 && at == 6);
	for (int i = 0; i < ROSTER_WHY_MAX; i++) {
		uint8_t mac[6] = {7, (uint8_t)(i >> 8), (uint8_t)i};
		roster_note(r, mac, 7, "x");
	}
	OK(roster_why(r, own.mac, &at) == NULL);
	roster_free(&r);
	return tap_end();
}
