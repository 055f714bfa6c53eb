#include "portal/core/onair.h"
#include "portal/core/psk.h"
#include "portal/core/sighting.h"
#include "portal/store/net_row.h"
#include "tests/unit/installation.h"
#include "tests/unit/tap.h"

/* Two agents of the site, and two keys of two groups. */
struct bed {
	struct installation in;
	struct agent_caller a, b;
	struct key_view one, two;
	uint64_t seq;
};

static void
agent_make(struct bed *bed, struct agent_caller *who, uint8_t n)
{
	struct app *app = bed->in.app;
	struct site_row site;

	*who = (struct agent_caller){0};
	memset(who->id, n, sizeof(who->id));
	kf_uuid_str(who->id, who->row.id);
	OK(net_site_by_name(app->db, app->org, KF_LIT("main"), &site) == KF_OK);
	inst_text(who->row.site, sizeof(who->row.site), "", site.id);
	inst_text(who->row.name, sizeof(who->row.name), "", "ap");
	OK(db_begin(app->db) == KF_OK);
	OK(db_end(app->db, agent_insert(app->db, app->org, &who->row)) == KF_OK);
}

static struct key_view
key_add(struct bed *bed, const char *name)
{
	struct psk_spec spec = {.name = kf_span_str(name)};
	struct kf_buf why = {0};
	struct key_view key;

	OK(psk_add(bed->in.app, &inst_by, &spec, &key, &why) == KF_OK);
	kf_buf_free(&why);
	return key;
}

static struct feed_event
event(enum feed_event_kind kind, const struct key_view *key, uint8_t mac, int64_t at)
{
	struct feed_event ev = {.kind = kind, .at = at, .group = 9999, .vlan = 20};

	memset(ev.mac, mac, sizeof(ev.mac));
	memset(ev.bss, 0xb5, sizeof(ev.bss));
	if (key != NULL && kf_parse_uuid(kf_span_str(key->id), ev.key) != KF_OK)
		memset(ev.key, 0, sizeof(ev.key));
	return ev;
}

static enum kf_err
post(struct bed *bed, const struct agent_caller *who, struct feed_events_head head,
    const struct feed_event *ev, size_t n)
{
	struct kf_buf b = {0}, reply = {0};
	struct feed_ack ack;
	enum kf_err r;

	feed_put_events_head(&b, &head);
	for (size_t i = 0; i < n; i++)
		feed_put_event(&b, &ev[i]);
	r = onair_events(bed->in.app, who, kf_buf_span(&b), &reply);
	if (r == KF_OK)
		r = feed_read_ack(kf_buf_span(&reply), &ack);
	if (r == KF_OK)
		bed->seq = ack.seq;
	kf_buf_free(&b);
	kf_buf_free(&reply);
	return r;
}

/* One event, or a full set of none. */
static void
tell(struct bed *bed, const struct agent_caller *who, bool full, const struct feed_event *ev)
{
	struct feed_events_head head = {++bed->seq, full};

	OK(post(bed, who, head, ev, ev != NULL) == KF_OK);
}

struct list {
	struct feed_sessions_head head;
	unsigned on, off;
	struct feed_session last;
};

/* The news since *at, which moves on. */
static enum kf_err
news(struct bed *bed, const struct agent_caller *who, struct live_point *at, struct list *out)
{
	struct feed_session s;
	struct kf_buf b = {0};
	struct kf_rd rd;
	bool on;
	enum kf_err r = onair_news(bed->in.app, who, at, &b);

	*out = (struct list){0};
	if (r == KF_OK &&
	    (r = feed_read_sessions_head(kf_buf_span(&b), &out->head, &rd)) == KF_OK) {
		while (feed_next_session(&rd, &s, &on)) {
			out->on += on;
			out->off += !on;
			if (on)
				out->last = s;
		}
		*at = (struct live_point){out->head.epoch, out->head.n};
	}
	kf_buf_free(&b);
	return r;
}

static void
test_list(struct bed *bed)
{
	struct feed_event join = event(FEED_EV_JOIN, &bed->one, 1, 100), leave = join;
	struct live_point at = {0};
	struct list l;

	IT("until its full set came, an agent's changes do not count");
	OK(news(bed, &bed->a, &at, &l) == KF_OK && l.head.want_full &&
	    l.head.type == FEED_SESSIONS);
	tell(bed, &bed->a, false, &join);
	OK(news(bed, &bed->a, &at, &l) == KF_OK && l.on == 0 && l.head.want_full);
	tell(bed, &bed->a, true, &join);
	tell(bed, &bed->b, true, NULL);
	OK(news(bed, &bed->b, &at, &l) == KF_OK && l.on == 1 && !l.head.want_full);
	IT("the group is the key's, whatever the agent says");
	OK(l.last.group == bed->one.group && l.last.since == 100);
	IT("then nothing, until something changes");
	OK(news(bed, &bed->b, &at, &l) == KF_EAGAIN);
	leave.kind = FEED_EV_LEAVE;
	tell(bed, &bed->a, false, &leave);
	OK(news(bed, &bed->b, &at, &l) == KF_OK && l.head.type == FEED_CHANGES && l.off == 1);
	IT("an unknown epoch gets the whole list");
	at.epoch++;
	OK(news(bed, &bed->b, &at, &l) == KF_OK && l.head.type == FEED_SESSIONS && l.off == 0);
}

static void
test_roaming(struct bed *bed)
{
	struct feed_event join = event(FEED_EV_JOIN, &bed->one, 2, 200), other;
	struct live_point at = {0};
	struct list l;

	IT("the same MAC and group elsewhere replaces");
	tell(bed, &bed->a, false, &join);
	join.at = 210;
	tell(bed, &bed->b, false, &join);
	OK(news(bed, &bed->a, &at, &l) == KF_OK && l.on == 1);
	OK(memcmp(l.last.agent, bed->b.id, 16) == 0);
	IT("but an old one of a full set does not");
	join.at = 200;
	tell(bed, &bed->a, true, &join);
	at = (struct live_point){0};
	OK(news(bed, &bed->a, &at, &l) == KF_OK && l.on == 1);
	OK(memcmp(l.last.agent, bed->b.id, 16) == 0);
	IT("in another group both stand");
	other = event(FEED_EV_JOIN, &bed->two, 2, 220);
	tell(bed, &bed->a, false, &other);
	at = (struct live_point){0};
	OK(news(bed, &bed->a, &at, &l) == KF_OK && l.on == 2);
	IT("a full set ends what is not in it");
	tell(bed, &bed->a, true, NULL);
	OK(news(bed, &bed->a, &at, &l) == KF_OK && l.off == 1 && l.on == 0);
}

static void
test_numbers(struct bed *bed)
{
	struct feed_event join = event(FEED_EV_JOIN, &bed->one, 3, 300), leave = join;
	struct live_point at = {0};
	struct list l;

	leave.kind = FEED_EV_LEAVE;
	IT("a message counts once");
	tell(bed, &bed->a, false, &join);
	uint64_t old = bed->seq;
	tell(bed, &bed->a, false, &leave);
	OK(post(bed, &bed->a, (struct feed_events_head){old, false}, &join, 1) == KF_OK);
	OK(bed->seq == old + 1);
	OK(news(bed, &bed->a, &at, &l) == KF_OK && l.on == 1); /* the one of test_roaming */
	IT("number 0 only asks");
	OK(post(bed, &bed->a, (struct feed_events_head){0, false}, NULL, 0) == KF_OK &&
	    bed->seq == old + 1);
	IT("a malformed message changes nothing");
	struct kf_buf bad = {0};
	struct feed_events_head head = {bed->seq + 1, true};
	feed_put_events_head(&bad, &head);
	kf_buf_u8(&bad, FEED_EV_JOIN);
	OK(onair_events(bed->in.app, &bed->b, kf_buf_span(&bad), &bad) == KF_EINVAL);
	OK(news(bed, &bed->a, &at, &l) == KF_EAGAIN);
	kf_buf_free(&bad);
}

static enum kf_err
count_one(void *arg, const struct sighting_row *row)
{
	(void)row;
	++*(unsigned *)arg;
	return KF_OK;
}

static void
test_sightings(struct bed *bed)
{
	struct feed_event match = event(FEED_EV_MATCH, &bed->two, 4, 1000), strange;
	unsigned n = 0;

	IT("devices are kept under their key: first seen, last seen");
	tell(bed, &bed->a, false, &match);
	match.at = 2000;
	tell(bed, &bed->b, false, &match);
	match.at = 1500;
	tell(bed, &bed->a, false, &match);
	OK(inst_count(&bed->in, "SELECT first_seen FROM sighting WHERE mac = x'040404040404'") ==
	    1000);
	OK(inst_count(&bed->in, "SELECT last_seen FROM sighting WHERE mac = x'040404040404'") ==
	    2000);
	OK(sighting_list(bed->in.app, kf_span_str(bed->two.id), count_one, &n) == KF_OK && n == 2);
	IT("an event of a key that is not this agent's is left out");
	strange = event(FEED_EV_MATCH, NULL, 5, 1000);
	tell(bed, &bed->a, false, &strange);
	OK(inst_count(&bed->in, "SELECT count(*) FROM sighting WHERE mac = x'050505050505'") == 0);
}

static void
test_silence(struct bed *bed)
{
	struct live_point at = {0};
	struct list l;

	IT("an agent not heard for 70 s loses its stations until its full set");
	OK(news(bed, &bed->a, &at, &l) == KF_OK && l.on == 1);
	inst_pass_s(&bed->in, FEED_SILENT_S - 5);
	OK(onair_heard(bed->in.app, &bed->a) == KF_OK);
	inst_pass_s(&bed->in, 10);
	OK(onair_sweep(bed->in.app) == KF_OK);
	OK(news(bed, &bed->a, &at, &l) == KF_OK && l.off == 1 && !l.head.want_full);
	OK(news(bed, &bed->b, &at, &l) == KF_OK && l.head.want_full);
	IT("what left long ago is forgotten; who missed it gets the whole list");
	struct live_point old = {at.epoch, 1};
	inst_pass_s(&bed->in, ONAIR_FORGET_S + 1);
	OK(onair_heard(bed->in.app, &bed->a) == KF_OK && onair_sweep(bed->in.app) == KF_OK);
	OK(news(bed, &bed->a, &old, &l) == KF_OK && l.head.type == FEED_SESSIONS && l.on == 0);
}

int
main(void)
{
	static struct bed bed;

	inst_make(&bed.in);
	OK(onair_clear(&bed.in.conf) == KF_OK && onair_open(bed.in.app) == KF_OK);
	agent_make(&bed, &bed.a, 0xa1);
	agent_make(&bed, &bed.b, 0xb2);
	bed.one = key_add(&bed, "one");
	bed.two = key_add(&bed, "two");
	test_list(&bed);
	test_roaming(&bed);
	test_numbers(&bed);
	test_sightings(&bed);
	test_silence(&bed);
	inst_end(&bed.in);
	return tap_end();
}
