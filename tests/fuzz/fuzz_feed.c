/* sources: common/[a-z]*.c ap-agent/set.c ap-agent/roster.c ap-agent/report.c; pkg: libcrypto */
/* Every message of the feed, as agent and portal read it. The first byte chooses the reader. What
 * was read as a thing must come out the same when it is written again. */
#include "ap-agent/report.h"
#include "ap-agent/roster.h"
#include "ap-agent/set.h"
#include "common/feed_enroll.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
things(struct kf_span msg)
{
	struct kf_buf again = {0}, twice = {0};
	struct feed_head head, back;
	struct set *set = NULL, *other = NULL;
	enum kf_err r;

	assert(set_new(&set) == KF_OK);
	assert(set_new(&other) == KF_OK);
	r = set_take(set, msg, &head);
	if (r == KF_OK || r == KF_ESTALE) {
		set_write(set, &head, &again);
		assert(set_take(other, kf_buf_span(&again), &back) == KF_OK);
		set_write(other, &back, &twice);
		assert(kf_span_eq(kf_buf_span(&again), kf_buf_span(&twice)));
	}
	kf_buf_free(&again);
	kf_buf_free(&twice);
	set_free(&set);
	set_free(&other);
}

static void
things_written(struct kf_span msg)
{
	struct kf_buf out = {0};
	struct feed_head head;
	struct feed_item it;
	struct kf_rd rd;

	if (feed_read_head(msg, &head, &rd) != KF_OK)
		return;
	while (feed_next_item(&rd, &it)) {
		kf_buf_reset(&out);
		feed_put_item(&out, &it);
		assert(kf_span_eq(it.raw, kf_buf_span(&out)));
	}
	kf_buf_free(&out);
}

static void
stations(struct kf_span msg)
{
	struct feed_sessions_head head;
	struct roster *r = roster_new();
	size_t n;

	assert(r != NULL);
	(void)!roster_take(r, msg, &head);
	(void)roster_site(r, &n);
	roster_free(&r);
}

static void
events(struct kf_span msg)
{
	struct feed_events_head head;
	struct feed_counters counters = {0};
	struct report *report = report_new();
	struct feed_event ev;
	struct kf_rd rd;

	assert(report != NULL);
	if (feed_read_events_head(msg, &head, &rd) == KF_OK)
		while (feed_next_event(&rd, &ev, &counters))
			report_add(report, &ev);
	(void)!report_answer(report, msg);
	report_free(&report);
}

static void
enrolment(struct kf_span msg)
{
	struct feed_enrolled done;
	struct feed_enroll ask;
	struct feed_code code;
	struct kf_span cert, ca;

	if (feed_read_enroll(msg, &ask) == KF_OK)
		(void)!feed_enroll_check(&ask, ask.id);
	(void)!feed_read_enrolled(msg, (const uint8_t *)"0123456789abcdef", &done);
	(void)!feed_read_renewed(msg, &cert, &ca);
	(void)!feed_code_parse(msg, &code);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kf_span msg;

	if (size < 1)
		return 0;
	msg = kf_span_of(data + 1, size - 1);
	switch (data[0] & 7) {
	case 0:
		things(msg);
		break;
	case 1:
		things_written(msg);
		break;
	case 2:
		stations(msg);
		break;
	case 3:
		events(msg);
		break;
	default:
		enrolment(msg);
	}
	return 0;
}
