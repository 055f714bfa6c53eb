#include "ap-agent/report.h"
#include "tests/unit/tap.h"

#include <string.h>

static struct feed_event
event(enum feed_event_kind kind, uint8_t mac)
{
	struct feed_event ev = {.kind = kind, .at = 1, .group = 2, .vlan = 20};

	memset(ev.mac, mac, sizeof(ev.mac));
	return ev;
}

static void
add(struct report *r, enum feed_event_kind kind, uint8_t mac)
{
	struct feed_event ev = event(kind, mac);

	report_add(r, &ev);
}

static void
two_stations(void *arg, struct report *r)
{
	(void)arg;
	add(r, FEED_EV_JOIN, 8);
	add(r, FEED_EV_JOIN, 9);
}

/* The next message as text: "FULL" and a letter with the MAC's first byte an event. */
static uint64_t
next(struct report *r, char *out, size_t size)
{
	static const struct feed_counters none;
	struct feed_events_head head;
	struct feed_counters c;
	struct feed_event ev;
	struct kf_buf b = {0};
	struct kf_rd rd;
	size_t n = 0;

	out[0] = '\0';
	if (report_next(r, 1000, &none, two_stations, NULL, &b) != KF_OK ||
	    feed_read_events_head(kf_buf_span(&b), &head, &rd) != KF_OK)
		return 0;
	if (head.full)
		n += (size_t)snprintf(out + n, size - n, "FULL ");
	while (feed_next_event(&rd, &ev, &c))
		n += (size_t)snprintf(out + n, size - n, "%c%d ",
		    ev.kind == FEED_EV_JOIN	   ? 'J'
			: ev.kind == FEED_EV_LEAVE ? 'L'
						   : 'x',
		    ev.mac[0]);
	kf_buf_free(&b);
	return head.seq;
}

static enum kf_err
answer(struct report *r, uint64_t seq, bool want_full)
{
	struct feed_ack ack = {seq, want_full};
	struct kf_buf b = {0};
	enum kf_err e;

	feed_put_ack(&b, &ack);
	e = report_answer(r, kf_buf_span(&b));
	kf_buf_free(&b);
	return e;
}

int
main(void)
{
	struct report *r = report_new();
	uint64_t first, seq;
	char s[256];

	OK(r != NULL);
	IT("the first message only asks for the portal's last number");
	add(r, FEED_EV_MATCH, 1);
	OK(next(r, s, sizeof(s)) == 0 && s[0] == '\0');
	OK(answer(r, 5000, false) == KF_OK);

	IT("numbers go on above it");
	add(r, FEED_EV_JOIN, 1);
	add(r, FEED_EV_LEAVE, 2);
	first = next(r, s, sizeof(s));
	OK(first == 5001);
	IT("leaves go before joins");
	OK(strcmp(s, "L2 x1 J1 ") == 0);

	IT("until it is taken the same message goes again under its number");
	add(r, FEED_EV_JOIN, 3);
	OK(next(r, s, sizeof(s)) == first && strcmp(s, "L2 x1 J1 ") == 0);
	OK(answer(r, first - 1, false) == KF_EAGAIN);
	OK(next(r, s, sizeof(s)) == first);
	OK(answer(r, first, false) == KF_OK);
	seq = next(r, s, sizeof(s));
	OK(seq > first && strcmp(s, "J3 ") == 0);
	OK(answer(r, seq, false) == KF_OK && !report_waits(r));

	IT("a leave takes back a join that waits");
	add(r, FEED_EV_JOIN, 4);
	add(r, FEED_EV_LEAVE, 4);
	seq = next(r, s, sizeof(s));
	OK(strcmp(s, "L4 ") == 0);

	IT("a full set replaces what waited of joins and leaves");
	OK(answer(r, seq, true) == KF_OK);
	add(r, FEED_EV_LEAVE, 5);
	add(r, FEED_EV_MISS, 6);
	seq = next(r, s, sizeof(s));
	OK(strcmp(s, "FULL x6 J8 J9 ") == 0);
	OK(answer(r, seq, false) == KF_OK && !report_waits(r));

	IT("a full queue loses the oldest match, not a join");
	add(r, FEED_EV_MATCH, 1);
	for (int i = 0; i < FEED_EVENTS_MAX; i++) {
		struct feed_event ev = event(FEED_EV_JOIN, 7);
		ev.bss[0] = (uint8_t)(i >> 8);
		ev.bss[1] = (uint8_t)i;
		report_add(r, &ev);
	}
	OK(report_lost(r) == 1 && !report_wants_full(r));
	add(r, FEED_EV_JOIN, 1);
	OK(report_wants_full(r));
	report_free(&r);
	return tap_end();
}
