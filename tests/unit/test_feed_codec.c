#include "common/feed_codec.h"
#include "tests/unit/tap.h"

#include <string.h>

static struct feed_item
key_item(void)
{
	struct feed_item it = {.kind = FEED_KEY, .rev = 5};

	memset(it.id, 9, sizeof(it.id));
	it.u.key = (struct feed_key){.ssid = {"demo", 4},
	    .group = 2,
	    .vlan = 20,
	    .not_before = 3,
	    .not_after = 1800000000,
	    .role = "staff"};
	memset(it.u.key.pmk.b, 7, sizeof(it.u.key.pmk.b));
	return it;
}

static void
begin(struct kf_buf *b)
{
	struct feed_head head = {.type = FEED_DELTA, .rev = 7};

	kf_buf_reset(b);
	feed_put_head(b, &head);
}

/* How a message of this one item is read. */
static bool
reads(const struct feed_item *it, struct feed_item *out)
{
	struct kf_buf b = {0};
	struct feed_head head;
	struct kf_rd rd;
	bool ok;

	begin(&b);
	feed_put_item(&b, it);
	ok = feed_read_head(kf_buf_span(&b), &head, &rd) == KF_OK && feed_next_item(&rd, out) &&
	    rd.n == 0 && !rd.bad;
	out->raw = kf_span_of(NULL, 0);
	kf_buf_free(&b);
	return ok;
}

static void
test_things(void)
{
	struct feed_item key = key_item(), got;
	struct feed_item vlan = {.kind = FEED_VLAN, .rev = 3};

	IT("a key comes out as it went in");
	OK(reads(&key, &got));
	OK(got.u.key.group == 2 && got.u.key.vlan == 20 && got.u.key.not_after == 1800000000);
	OK(memcmp(got.u.key.pmk.b, key.u.key.pmk.b, 32) == 0 && got.u.key.pass.n == 0);
	OK(strcmp(got.u.key.role, "staff") == 0 && memcmp(got.u.key.id, key.id, 16) == 0);

	IT("a VLAN comes out as it went in");
	vlan.u.vlan.vid = 20;
	vlan.u.vlan.prefixes = 1;
	vlan.u.vlan.prefix[0] = (struct feed_addr){4, {10, 20}, 16};
	vlan.u.vlan.gateways = 1;
	vlan.u.vlan.gateway[0] = (struct feed_addr){6, {0xfd}, 128};
	vlan.u.vlan.wireds = 1;
	vlan.u.vlan.wired[0][5] = 0x77;
	OK(reads(&vlan, &got));
	OK(got.u.vlan.vid == 20 && got.u.vlan.prefix[0].bits == 16 &&
	    got.u.vlan.gateway[0].b[0] == 0xfd && got.u.vlan.wired[0][5] == 0x77);

	IT("what is gone has only its kind and id");
	key.gone = true;
	OK(reads(&key, &got) && got.gone && got.kind == FEED_KEY && got.u.key.group == 0);
}

static void
test_refusals(void)
{
	struct feed_item it, got;

	IT("what breaks a rule is refused");
	it = key_item();
	it.u.key.group = 1;
	OK(!reads(&it, &got));
	it = key_item();
	it.u.key.group = FEED_GROUP_MAX + 1;
	OK(!reads(&it, &got));
	it = key_item();
	it.u.key.vlan = 4095;
	OK(!reads(&it, &got));
	it = key_item();
	it.u.key.not_after = INT64_MAX;
	OK(!reads(&it, &got));
	it = key_item();
	memcpy(it.u.key.role, "a\nb", 4);
	OK(!reads(&it, &got));
	it = (struct feed_item){.kind = FEED_VLAN};
	OK(!reads(&it, &got)); /* VLAN 0 */
	it = (struct feed_item){.kind = FEED_WLAN};
	it.u.wlan = (struct feed_wlan){.ssid = {"x", 1}, .security = 4, .key_form = 1};
	OK(!reads(&it, &got));
}

static void
test_messages(void)
{
	struct feed_item it = key_item();
	struct kf_buf b = {0};
	struct feed_head head;
	struct kf_rd rd;
	bool never = true;

	IT("every message that is cut off is refused");
	begin(&b);
	size_t empty = b.n;
	feed_put_item(&b, &it);
	for (size_t n = 0; n < b.n; n++) {
		if (n == empty)
			continue; /* a whole message without things */
		if (feed_read_head(kf_span_of(b.p, n), &head, &rd) == KF_OK &&
		    (feed_next_item(&rd, &it) || !rd.bad))
			never = false;
	}
	OK(never);

	IT("a kind that is not known is skipped");
	begin(&b);
	kf_buf_u8(&b, 200);
	kf_buf_u32(&b, 3);
	kf_buf_str(&b, "abc");
	it = key_item();
	feed_put_item(&b, &it);
	OK(feed_read_head(kf_buf_span(&b), &head, &rd) == KF_OK);
	OK(feed_next_item(&rd, &it) && it.kind == FEED_KEY && !feed_next_item(&rd, &it) && !rd.bad);

	IT("bytes left over in a record are refused");
	begin(&b);
	kf_buf_u8(&b, FEED_ROLE);
	kf_buf_u32(&b, 16 + 8 + 1 + 1);
	for (int i = 0; i < 26; i++)
		kf_buf_u8(&b, 0);
	OK(feed_read_head(kf_buf_span(&b), &head, &rd) == KF_OK);
	OK(!feed_next_item(&rd, &it) && rd.bad);

	IT("another version or type is refused");
	begin(&b);
	b.p[2] = 2;
	OK(feed_read_head(kf_buf_span(&b), &head, &rd) == KF_EINVAL);
	b.p[2] = FEED_VERSION;
	b.p[3] = FEED_EVENTS;
	OK(feed_read_head(kf_buf_span(&b), &head, &rd) == KF_EINVAL);
	kf_buf_free(&b);
}

static void
test_stations(void)
{
	struct feed_session s = {.group = 2, .vlan = 20, .since = 5}, got;
	struct feed_sessions_head head = {FEED_CHANGES, 11, 12, true}, back;
	struct kf_buf b = {0};
	struct kf_rd rd;
	bool on = false;

	IT("live stations come out as they went in");
	memset(s.mac, 3, sizeof(s.mac));
	feed_put_sessions_head(&b, &head);
	feed_put_session(&b, &s, true);
	feed_put_session(&b, &s, false);
	OK(feed_read_sessions_head(kf_buf_span(&b), &back, &rd) == KF_OK);
	OK(back.type == FEED_CHANGES && back.epoch == 11 && back.n == 12 && back.want_full);
	OK(feed_next_session(&rd, &got, &on) && on && memcmp(&got, &s, sizeof(s)) == 0);
	OK(feed_next_session(&rd, &got, &on) && !on && got.group == 0 && got.mac[0] == 3);
	OK(!feed_next_session(&rd, &got, &on) && !rd.bad);

	IT("a station without a group is refused");
	s.group = 0;
	kf_buf_reset(&b);
	feed_put_sessions_head(&b, &head);
	feed_put_session(&b, &s, true);
	OK(feed_read_sessions_head(kf_buf_span(&b), &back, &rd) == KF_OK);
	OK(!feed_next_session(&rd, &got, &on) && rd.bad);
	kf_buf_free(&b);
}

static void
test_events(void)
{
	struct feed_event ev = {.kind = FEED_EV_MATCH,
	    .at = 7,
	    .group = 9,
	    .vlan = 20,
	    .akm = 2,
	    .candidates = 4000,
	    .microseconds = 900,
	    .note = "wlan0.20"};
	struct feed_counters c = {1, 2, 3, 4, 5}, counted = {0};
	struct feed_events_head head = {77, true}, back;
	struct feed_ack ack = {77, true}, answer;
	struct feed_event got;
	struct kf_buf b = {0};
	struct kf_rd rd;

	IT("events and counters come out as they went in");
	feed_put_events_head(&b, &head);
	feed_put_event(&b, &ev);
	feed_put_counters(&b, &c);
	OK(feed_read_events_head(kf_buf_span(&b), &back, &rd) == KF_OK && back.seq == 77 &&
	    back.full);
	OK(feed_next_event(&rd, &got, &counted) && memcmp(&got, &ev, sizeof(ev)) == 0);
	OK(!feed_next_event(&rd, &got, &counted) && !rd.bad);
	OK(memcmp(&c, &counted, sizeof(c)) == 0);

	IT("an answer comes out as it went in, and nothing else does");
	kf_buf_reset(&b);
	feed_put_ack(&b, &ack);
	OK(feed_read_ack(kf_buf_span(&b), &answer) == KF_OK && answer.seq == 77 &&
	    answer.want_full);
	OK(feed_read_ack(kf_span_of(b.p, b.n - 1), &answer) == KF_EINVAL);
	kf_buf_free(&b);
}

int
main(void)
{
	test_things();
	test_refusals();
	test_messages();
	test_stations();
	test_events();
	return tap_end();
}
