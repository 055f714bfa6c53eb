#include "ap-agent/report.h"

#include "common/log.h"

#include <stdlib.h>
#include <string.h>

#define QUEUE_MAX FEED_EVENTS_MAX

struct report {
	struct feed_event *queue;
	size_t n;
	struct kf_buf flight; /* the message on its way, sent again until it is taken */
	uint64_t seq;	      /* its number; 0: not known yet */
	bool known;	      /* the portal's last number */
	bool full, flight_full;
	uint64_t lost;
};

struct report *
report_new(void)
{
	struct report *r = calloc(1, sizeof(*r));

	if (r != NULL)
		r->queue = calloc(QUEUE_MAX, sizeof(r->queue[0]));
	if (r != NULL && r->queue == NULL)
		report_free(&r);
	return r;
}

void
report_free(struct report **pr)
{
	struct report *r = *pr;

	*pr = NULL;
	if (r == NULL)
		return;
	kf_buf_free(&r->flight);
	free(r->queue);
	free(r);
}

static bool
of_station(const struct feed_event *ev)
{
	return ev->kind == FEED_EV_JOIN || ev->kind == FEED_EV_LEAVE;
}

static void
queue_drop(struct report *r, size_t i)
{
	r->n--;
	memmove(&r->queue[i], &r->queue[i + 1], (r->n - i) * sizeof(r->queue[0]));
}

/* A station that comes or goes replaces what waited about it of the same kind; a LEAVE takes back
 * the JOIN as well. */
static void
queue_replace(struct report *r, const struct feed_event *ev)
{
	for (size_t i = r->n; i > 0; i--) {
		const struct feed_event *old = &r->queue[i - 1];

		if (of_station(old) && memcmp(old->mac, ev->mac, 6) == 0 &&
		    memcmp(old->bss, ev->bss, 6) == 0 &&
		    (old->kind == ev->kind || ev->kind == FEED_EV_LEAVE))
			queue_drop(r, i - 1);
	}
}

static bool
queue_room(struct report *r)
{
	if (r->n < QUEUE_MAX)
		return true;
	r->lost++;
	for (size_t i = 0; i < r->n; i++) {
		if (!of_station(&r->queue[i])) {
			queue_drop(r, i);
			return true;
		}
	}
	r->full = true; /* joins and leaves only: tell all stations instead */
	return false;
}

void
report_add(struct report *r, const struct feed_event *ev)
{
	if (of_station(ev))
		queue_replace(r, ev);
	if (queue_room(r))
		r->queue[r->n++] = *ev;
}

void
report_full(struct report *r)
{
	r->full = true;
}

bool
report_wants_full(const struct report *r)
{
	return r->full;
}

bool
report_waits(const struct report *r)
{
	return r->n > 0 || r->full || r->flight.n > 0 || !r->known;
}

static void
put_kind(const struct report *r, bool leaves, struct kf_buf *out)
{
	for (size_t i = 0; i < r->n; i++)
		if ((r->queue[i].kind == FEED_EV_LEAVE) == leaves)
			feed_put_event(out, &r->queue[i]);
}

static void
stations_drop(struct report *r)
{
	for (size_t i = r->n; i > 0; i--)
		if (of_station(&r->queue[i - 1]))
			queue_drop(r, i - 1);
}

enum kf_err
report_next(struct report *r, int64_t now_us, const struct feed_counters *counters,
    void (*stations)(void *arg, struct report *r), void *arg, struct kf_buf *out)
{
	struct feed_events_head head = {0};

	if (!r->known) { /* numbers go on from where the portal is: ask */
		feed_put_events_head(out, &head);
		return out->bad ? KF_ENOMEM : KF_OK;
	}
	if (r->flight.n == 0) {
		if ((uint64_t)now_us > r->seq)
			r->seq = (uint64_t)now_us;
		else
			r->seq++;
		head = (struct feed_events_head){r->seq, r->full};
		if (r->full) {
			r->full = false;
			stations_drop(r);
			stations(arg, r);
		}
		r->flight_full = head.full;
		feed_put_events_head(&r->flight, &head);
		put_kind(r, true, &r->flight);
		put_kind(r, false, &r->flight);
		feed_put_counters(&r->flight, counters);
		r->n = 0;
	}
	kf_buf_add(out, r->flight.p, r->flight.n);
	if (!r->flight.bad && !out->bad)
		return KF_OK;
	kf_buf_free(&r->flight);
	r->full = true;
	return KF_ENOMEM;
}

enum kf_err
report_answer(struct report *r, struct kf_span body)
{
	struct feed_ack ack;
	enum kf_err e;

	if ((e = feed_read_ack(body, &ack)) != KF_OK)
		return e;
	if (!r->known) {
		r->known = true;
		r->seq = ack.seq;
	} else if (ack.seq < r->seq) {
		/* It has forgotten (a restored backup): what is under way goes again. */
		kf_log(LOGL_WARN, "report", "the portal has not taken the message, again");
		return KF_EAGAIN;
	} else {
		kf_buf_free(&r->flight);
	}
	if (ack.want_full)
		r->full = true;
	return KF_OK;
}

uint64_t
report_lost(const struct report *r)
{
	return r->lost;
}
