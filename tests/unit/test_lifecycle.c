#include "portal/core/lifecycle.h"

#include "portal/core/change.h"
#include "portal/core/psk.h"
#include "tests/unit/installation.h"
#include "tests/unit/tap.h"

static struct installation in;

static enum kf_err
count_one(void *arg, enum change_kind kind, const char *id, uint64_t rev)
{
	(void)id;
	(void)rev;
	*(int *)arg += kind == CHANGE_PSK;
	return KF_OK;
}

static int
swept_since(const struct change_point *at)
{
	int n = 0;

	if (lifecycle_sweep(in.app) != KF_OK ||
	    change_since(in.app, at->rev, count_one, &n) != KF_OK)
		return -1;
	return n;
}

int
main(void)
{
	struct psk_spec spec = {.name = KF_LIT("a")};
	struct change_point head;
	struct kf_buf why = {0};
	struct key_view key;

	inst_make(&in);
	IT("tells the agents of every key that is over, once");
	OK(psk_add(in.app, &inst_by, &spec, &key, &why) == KF_OK);
	spec.expire_time = kf_now_s(&in.env) + 100;
	for (int i = 0; i < 3; i++)
		OK(psk_add(in.app, &inst_by, &spec, &key, &why) == KF_OK);
	OK(change_head(in.app, &head) == KF_OK);
	OK(swept_since(&head) == 0);
	inst_pass_s(&in, 100);
	OK(swept_since(&head) == 3);
	OK(change_head(in.app, &head) == KF_OK && swept_since(&head) == 0);
	OK(inst_count(&in, "SELECT count(*) FROM psk WHERE ended = 1") == 3);
	IT("does so for more keys than one transaction takes");
	OK(inst_count(&in,
	       "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i <"
	       " 450) INSERT INTO psk SELECT 'k' || i, org_id, wlan_id, ssid, name,"
	       " NULL, NULL, NULL, 0, 2, NULL, pmk, randomblob(32), 0, 0, 0, 1, 0, 0,"
	       " NULL, NULL, 0, '', 'cli', created, rev FROM psk, n WHERE ended = 0;"
	       " SELECT count(*) FROM psk WHERE ended = 0") == 451);
	OK(swept_since(&head) == 450);
	IT("throws away rows that are of no use any more, and no others");
	OK(inst_count(&in,
	       "INSERT INTO saml_replay SELECT id, 'i', 'old', 5 FROM org;"
	       " INSERT INTO saml_replay SELECT id, 'i', 'new', 9000000000 FROM org;"
	       " INSERT INTO limits SELECT id, 'k', 's', 1, 5, 1 FROM org;"
	       " INSERT INTO limits SELECT id, 'k', 's', 2, 9000000000, 1 FROM org;"
	       " SELECT 1") == 1);
	OK(lifecycle_sweep(in.app) == KF_OK);
	OK(inst_count(&in, "SELECT count(*) FROM saml_replay") == 1);
	OK(inst_count(&in, "SELECT count(*) FROM limits") == 1);
	kf_buf_free(&why);
	inst_end(&in);
	return tap_end();
}
