#include "portal/core/feedset.h"
#include "portal/core/psk.h"
#include "portal/store/net_row.h"
#include "tests/unit/installation.h"
#include "tests/unit/tap.h"

/* What a message said. */
struct got {
	struct feed_head head;
	unsigned keys, gone, others;
	bool gone_first;
	struct feed_key last;
};

static void
read_all(const struct kf_buf *b, struct got *got)
{
	struct feed_item it;
	struct kf_rd rd;

	*got = (struct got){.gone_first = true};
	OK(feed_read_head(kf_buf_span(b), &got->head, &rd) == KF_OK);
	while (feed_next_item(&rd, &it)) {
		if (it.gone) {
			got->gone++;
			if (got->keys + got->others > 0)
				got->gone_first = false;
		} else if (it.kind == FEED_KEY) {
			got->keys++;
			got->last = it.u.key;
		} else {
			got->others++;
		}
	}
	OK(!rd.bad);
}

/* The news after this point, and the point it leads to. */
static enum kf_err
news(struct installation *in, const struct agent_caller *who, struct change_point *at,
    struct got *got)
{
	struct kf_buf b = {0};
	enum kf_err r = feedset_news(in->app, who, at, &b);

	if (r == KF_OK) {
		read_all(&b, got);
		at->rev = got->head.rev;
		at->chain = got->head.chain;
	}
	kf_buf_free(&b);
	return r;
}

static struct key_view
key_add(struct installation *in, const char *name)
{
	struct psk_spec spec = {.name = kf_span_str(name)};
	struct kf_buf why = {0};
	struct key_view key;

	OK(psk_add(in->app, &inst_by, &spec, &key, &why) == KF_OK);
	kf_buf_free(&why);
	return key;
}

static void
site_of(struct installation *in, struct agent_caller *who)
{
	struct site_row site;

	*who = (struct agent_caller){0};
	OK(net_site_by_name(in->app->db, in->app->org, KF_LIT("main"), &site) == KF_OK);
	inst_text(who->row.site, sizeof(who->row.site), "", site.id);
	inst_text(who->row.id, sizeof(who->row.id), "", "00000000-0000-4000-8000-000000000001");
}

static void
test_deltas(struct installation *in, const struct agent_caller *who)
{
	struct change_point at = {0}, before;
	struct key_view a, b;
	struct got got;

	IT("an agent that holds nothing gets a snapshot");
	a = key_add(in, "a");
	OK(news(in, who, &at, &got) == KF_OK && got.head.type == FEED_SNAPSHOT);
	OK(got.keys == 1 && got.others == 4 && at.rev > 0); /* site, WLAN, VLAN, role */
	OK(got.last.group == a.group && got.last.pass.n == 0);
	IT("then nothing, until something changes");
	OK(news(in, who, &at, &got) == KF_EAGAIN);
	before = at;
	b = key_add(in, "b");
	OK(news(in, who, &at, &got) == KF_OK && got.head.type == FEED_DELTA);
	OK(got.keys == 1 && got.others == 0 && got.gone == 0 && got.last.group == b.group);
	IT("revocations first; what came and went in between is only gone");
	OK(psk_revoke(in->app, &inst_by, kf_span_str(a.id), KF_LIT("test")) == KF_OK);
	(void)key_add(in, "c");
	at = before;
	OK(news(in, who, &at, &got) == KF_OK && got.head.type == FEED_DELTA);
	OK(got.gone == 1 && got.keys == 2 && got.gone_first);
	IT("the set's hash is the same by delta and by snapshot");
	struct kf_hash set = got.head.set;
	at = (struct change_point){0};
	OK(news(in, who, &at, &got) == KF_OK && got.keys == 2);
	OK(memcmp(&set, &got.head.set, sizeof(set)) == 0);
}

static void
test_history(struct installation *in, const struct agent_caller *who)
{
	const char *count = "SELECT count(*) FROM audit WHERE action = 'feed.history-changed'";
	struct change_point at;
	struct got got;

	IT("a point that never was: a snapshot, and the audit says so");
	OK(change_head(in->app, &at) == KF_OK && inst_count(in, count) == 0);
	at.chain.b[0] ^= 1;
	OK(news(in, who, &at, &got) == KF_OK && got.head.type == FEED_SNAPSHOT && got.keys == 2);
	OK(inst_count(in, count) == 1);
	IT("also from a later revision than ours");
	at.rev += 10;
	OK(news(in, who, &at, &got) == KF_OK && got.head.type == FEED_SNAPSHOT);
	OK(inst_count(in, count) == 2);
}

static void
test_scope(struct installation *in)
{
	struct agent_caller far = {0};
	struct change_point at = {0};
	struct got got;
	struct key_view key;

	IT("an agent of another site gets neither keys nor their ids");
	inst_text(far.row.site, sizeof(far.row.site), "", "00000000-0000-4000-8000-000000000002");
	OK(news(in, &far, &at, &got) == KF_OK && got.keys == 0 && got.others == 1); /* the role */
	key = key_add(in, "d");
	OK(psk_revoke(in->app, &inst_by, kf_span_str(key.id), KF_LIT("test")) == KF_OK);
	OK(news(in, &far, &at, &got) == KF_OK && got.keys == 0 && got.gone == 0);
}

static void
test_forms(struct installation *in, const struct agent_caller *who)
{
	struct change_point at = {0};
	struct got got;

	IT("the passphrase goes out only where the WLAN's key form says so");
	(void)inst_count(in, "UPDATE wlan SET key_form = 'passphrase'");
	OK(news(in, who, &at, &got) == KF_OK && got.last.pass.n >= 8);
	(void)inst_count(in, "UPDATE wlan SET key_form = 'pmk'");
	at = (struct change_point){0};
	OK(news(in, who, &at, &got) == KF_OK && got.last.pass.n == 0);
}

int
main(void)
{
	static struct installation in;
	struct agent_caller who;

	inst_make(&in);
	site_of(&in, &who);
	test_deltas(&in, &who);
	test_history(&in, &who);
	test_scope(&in);
	test_forms(&in, &who);
	inst_end(&in);
	return tap_end();
}
