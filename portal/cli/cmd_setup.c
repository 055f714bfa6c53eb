#include "portal/cli/cli.h"
#include "portal/core/setup.h"
#include "portal/store/store.h"

#include <stdio.h>

static void
say_next(const struct cli *cli)
{
	printf(
	    "Made %s/keyfob.db and what belongs to it.\n"
	    "Keep a copy of %s where no backup of the database is: without it, nobody can read "
	    "the keys.\n"
	    "Next:\n"
	    "  keyfob idp add --domains example.com < metadata.xml   the IdP that signs people in"
	    "\n"
	    "  keyfob agent code --site NAME                         one access point's way in\n"
	    "and start keyfob-portal --role web, keyfob-portal --role feed and keyfob-jobs.\n"
	    "The IdP wants our metadata: %s/saml/metadata\n",
	    cli->conf->state_dir, cli->conf->master_key_file, cli->conf->base_url);
}

enum cli_exit
cmd_init(struct cli *cli, struct cli_words words)
{
	const char *org = NULL, *ssid = NULL, *vlan = NULL, *site = NULL, *workflow = NULL;
	const char *prefix[SETUP_ADDRS_MAX], *gateway[SETUP_ADDRS_MAX];
	struct setup what = {0};
	const struct cli_opt opt[] = {
	    {.name = "org", .kind = CLI_TEXT, .text = &org},
	    {.name = "ssid", .kind = CLI_TEXT, .text = &ssid},
	    {.name = "vlan", .kind = CLI_TEXT, .text = &vlan},
	    {.name = "site", .kind = CLI_TEXT, .text = &site},
	    {.name = "workflow", .kind = CLI_TEXT, .text = &workflow},
	    {.name = "prefix",
		.kind = CLI_LIST,
		.text = prefix,
		.n = &what.prefixes,
		.max = SETUP_ADDRS_MAX},
	    {.name = "gateway",
		.kind = CLI_LIST,
		.text = gateway,
		.n = &what.gateways,
		.max = SETUP_ADDRS_MAX},
	};
	struct kf_buf why = {0};
	uint64_t vid = 0;
	enum cli_exit e = CLI_OK;
	enum kf_err r;

	if (!cli_parse(cli, words, opt, sizeof(opt) / sizeof(opt[0]), CLI_NONE_LEFT))
		return CLI_USAGE;
	if (ssid == NULL || vlan == NULL || !cli_number(vlan, 1, 4094, &vid))
		return cli_usage(cli, "expected --ssid, and --vlan with 1 to 4094");
	what.org = kf_span_str(org);
	what.ssid = kf_span_str(ssid);
	what.site = kf_span_str(site);
	what.workflow = kf_span_str(workflow);
	what.vlan = (uint16_t)vid;
	for (size_t i = 0; i < what.prefixes; i++)
		what.prefix[i] = kf_span_str(prefix[i]);
	for (size_t i = 0; i < what.gateways; i++)
		what.gateway[i] = kf_span_str(gateway[i]);
	r = setup_create(cli->conf, &kf_env_real, &cli->by, &what, &why);
	if (r == KF_OK)
		say_next(cli);
	else
		e = cli_fail(r, &why);
	kf_buf_free(&why);
	return e;
}

enum cli_exit
cmd_migrate(struct cli *cli, struct cli_words words)
{
	char path[CONFIG_PATH_MAX + 16];
	struct db *db = NULL;
	int version = 0;
	enum kf_err r;

	if (!cli_parse(cli, words, NULL, 0, CLI_NONE_LEFT))
		return CLI_USAGE;
	if ((r = app_db_path(cli->conf, path, sizeof(path))) == KF_OK &&
	    (r = store_open_migrated(path, false, &db)) == KF_OK)
		r = db_version(db, &version);
	db_close(&db);
	if (r == KF_ESTALE)
		fprintf(
		    stderr, "keyfob: %s is newer than this program; install its release.\n", path);
	if (r == KF_ESTALE)
		return CLI_FAILED;
	if (r != KF_OK)
		return cli_fail(r, NULL);
	printf("%s has schema version %d\n", path, version);
	return CLI_OK;
}
