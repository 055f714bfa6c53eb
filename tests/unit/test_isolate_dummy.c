#include "ap-agent/isolate_dummy.h"
#include "tests/unit/tap.h"

static void
count(void *arg, const struct isolate_event *ev)
{
	*(int *)arg += ev->kind == ISOLATE_MAC_FORGED && ev->why != NULL;
}

static void
count_each(void *arg, const struct station *sta, const struct place *at)
{
	*(int *)arg += sta->mac[5] == 1 && at->group == 200;
}

int
main(void)
{
	const struct isolate_ops *ops = &isolate_dummy;
	struct station alice = {.mac = {2, 0, 0, 0, 0, 1}}, other = {.mac = {2, 0, 0, 0, 0, 9}};
	struct place at = {.vlan = 20, .group = 100};
	struct feed_vlan v = {.vid = 20, .wired = {{2, 0, 0, 0, 0, 9}}, .wireds = 1};
	int forged = 0, seen = 0;
	struct isolate_conf conf = {.uplink = "up0", .event = count, .arg = &forged};
	void *ctx = NULL;

	IT("remembers who joined where");
	OK(ops->open(&conf, &ctx) == KF_OK);
	OK(ops->join(ctx, &alice, &at) == KF_OK);
	OK(isolate_dummy_at(ctx, &alice)->group == 100 && isolate_dummy_stations(ctx) == 1);
	IT("moves a station that joins again");
	at.group = 200;
	OK(ops->join(ctx, &alice, &at) == KF_OK && isolate_dummy_at(ctx, &alice)->group == 200);
	OK(isolate_dummy_stations(ctx) == 1);
	IT("tells each of them");
	ops->each(ctx, count_each, &seen);
	OK(seen == 1);
	IT("refuses a wired host's MAC and tells so");
	OK(ops->vlans(ctx, &v, 1) == KF_OK);
	OK(ops->join(ctx, &other, &at) == KF_EDENIED && forged == 1);
	OK(isolate_dummy_at(ctx, &other) == NULL);
	IT("forgets who left, and takes a second leave");
	OK(ops->leave(ctx, &alice) == KF_OK && isolate_dummy_at(ctx, &alice) == NULL);
	OK(ops->leave(ctx, &alice) == KF_OK);
	IT("counts the site's sessions and has nothing to poll");
	OK(ops->sessions(ctx, NULL, 0) == KF_OK && isolate_dummy_sessions(ctx) == 0);
	OK(ops->fds(ctx, NULL, 0) == 0 && ops->ready(ctx) == KF_OK);
	ops->close(&ctx);
	OK(ctx == NULL);
	return tap_end();
}
