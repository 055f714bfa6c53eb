#include "portal/core/setup.h"

#include "portal/core/change.h"
#include "tests/unit/installation.h"
#include "tests/unit/tap.h"

#include <sys/stat.h>

static struct installation in;

static mode_t
mode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_mode & 0777 : 0;
}

/* A second installation elsewhere; why must begin with field. */
static enum kf_err
create(const struct setup *what, const char *field)
{
	struct config conf = in.conf;
	struct kf_buf why = {0};
	enum kf_err r;

	(void)snprintf(conf.state_dir, sizeof(conf.state_dir), "%s/second", in.dir);
	r = setup_create(&conf, &in.env, &inst_by, what, &why);
	if (r != KF_OK && strncmp(kf_buf_cstr(&why), field, strlen(field)) != 0)
		r = KF_EIO;
	kf_buf_free(&why);
	return r;
}

static void
test_refusals(void)
{
	struct setup s = {.ssid = KF_LIT("x"), .vlan = 1};
	struct setup bad;
	char dir[80];

	(void)snprintf(dir, sizeof(dir), "%s/second", in.dir);
	IT("refuses what is not valid before it makes anything");
	bad = s, bad.ssid = KF_LIT("");
	OK(create(&bad, "--ssid:") == KF_EINVAL);
	bad = s, bad.ssid = KF_LIT("123456789012345678901234567890123");
	OK(create(&bad, "--ssid:") == KF_EINVAL);
	bad = s, bad.vlan = 0;
	OK(create(&bad, "--vlan:") == KF_EINVAL);
	bad = s, bad.vlan = 4095;
	OK(create(&bad, "--vlan:") == KF_EINVAL);
	bad = s, bad.workflow = KF_LIT("No Slug");
	OK(create(&bad, "--workflow:") == KF_EINVAL);
	bad = s, bad.site = KF_LIT("a\nb");
	OK(create(&bad, "--site:") == KF_EINVAL);
	bad = s, bad.prefix[0] = KF_LIT("10.0.0.0/33"), bad.prefixes = 1;
	OK(create(&bad, "--prefix:") == KF_EINVAL);
	bad = s, bad.gateway[0] = KF_LIT("10.0.0.0/8"), bad.gateways = 1;
	OK(create(&bad, "--gateway:") == KF_EINVAL);
	OK(access(dir, F_OK) != 0);
	IT("takes prefixes and gateways, and an existing master key");
	s.prefix[0] = KF_LIT("10.20.0.0/16"), s.prefix[1] = KF_LIT("fd00:20::/64"), s.prefixes = 2;
	s.gateway[0] = KF_LIT("10.20.0.1"), s.gateways = 1;
	OK(create(&s, "") == KF_OK);
	OK(create(&s, dir) == KF_EEXIST);
}

int
main(void)
{
	struct change_point before, after;
	struct setup what = {.ssid = KF_LIT("other"), .vlan = 30};
	struct kf_buf why = {0};
	char path[600];

	inst_make(&in);
	IT("makes one of each, for its owner's eyes only");
	OK(mode_of(in.conf.state_dir) == 0700 && mode_of(in.conf.master_key_file) == 0400);
	(void)snprintf(path, sizeof(path), "%s/keyfob.db", in.conf.state_dir);
	OK(mode_of(path) == 0600);
	(void)snprintf(path, sizeof(path), "%s/feed-key.pem", in.conf.state_dir);
	OK(mode_of(path) == 0600);
	OK(inst_count(&in,
	       "SELECT (SELECT count(*) FROM site) + 10 * (SELECT count(*) FROM wlan) +"
	       " 100 * (SELECT count(*) FROM vlan) + 1000 * (SELECT count(*) FROM role)"
	       " + 10000 * (SELECT count(*) FROM workflow) + 100000 * (SELECT count(*)"
	       " FROM wlan_site) + 1000000 * (SELECT count(*) FROM sp_key)") == 1111111);
	IT("leaves an installation as it is");
	OK(change_head(in.app, &before) == KF_OK);
	OK(setup_create(&in.conf, &in.env, &inst_by, &what, &why) == KF_EEXIST);
	OK(strstr(kf_buf_cstr(&why), "nothing was changed") != NULL);
	OK(change_head(in.app, &after) == KF_OK && after.rev == before.rev);
	OK(inst_count(&in, "SELECT count(*) FROM wlan") == 1);
	test_refusals();
	kf_buf_free(&why);
	inst_end(&in);
	return tap_end();
}
