#include "portal/cli/cli.h"
#include "portal/core/agentca.h"
#include "portal/core/idp.h"
#include "portal/core/psk.h"
#include "portal/saml/saml.h"
#include "portal/store/idp_row.h"

#include <inttypes.h>
#include <stdio.h>

/* --- identity providers
 * ---------------------------------------------------------------------------- */

enum cli_exit
cmd_idp_add(struct cli *cli, struct cli_words words)
{
	const char *domains = NULL;
	const struct cli_opt opt[] = {{.name = "domains", .kind = CLI_TEXT, .text = &domains}};
	struct saml_idp_info info = {0};
	struct kf_buf xml = {0}, why = {0};
	enum cli_exit e = CLI_OK;
	enum kf_err r;

	if (!cli_parse(cli, words, opt, 1, CLI_NONE_LEFT))
		return CLI_USAGE;
	if (domains == NULL)
		return cli_usage(cli, "expected --domains: whose addresses this IdP may assert");
	if ((r = cli_stdin(SAML_METADATA_MAX, &xml)) == KF_OK &&
	    (r = saml_metadata_check(kf_buf_span(&xml), kf_now_s(cli->app->env), &info, &why)) ==
		KF_OK)
		r = idp_put(cli->app, &cli->by, kf_span_str(info.entity_id), kf_buf_span(&xml),
		    kf_span_str(domains), &why);
	if (r == KF_OK)
		printf("%s\n", info.entity_id);
	else
		e = cli_fail(r, &why);
	kf_buf_free(&xml);
	kf_buf_free(&why);
	return e;
}

static void
print_span(struct kf_span s)
{
	(void)fwrite(s.p, 1, s.n, stdout);
}

static enum kf_err
idp_one(void *arg, const struct idp_row *row)
{
	(void)arg;
	print_span(row->entity_id);
	putchar('\t');
	print_span(row->domains);
	printf("\t%s\n", row->enabled ? "enabled" : "disabled");
	return KF_OK;
}

enum cli_exit
cmd_idp_list(struct cli *cli, struct cli_words words)
{
	enum kf_err r;

	if (!cli_parse(cli, words, NULL, 0, CLI_NONE_LEFT))
		return CLI_USAGE;
	printf("ENTITY-ID\tDOMAINS\tSTATE\n");
	r = idp_rows(cli->app->db, cli->app->org, idp_one, NULL);
	return r == KF_OK ? CLI_OK : cli_fail(r, NULL);
}

/* --- API tokens
 * -------------------------------------------------------------------------------------- */

enum cli_exit
cmd_token_add(struct cli *cli, struct cli_words words)
{
	const char *name = NULL;
	char token[64];
	enum kf_err r;

	if (!cli_parse(cli, words, NULL, 0, (struct cli_left){&name, 1}))
		return CLI_USAGE;
	if ((r = token_make(cli->app, &cli->by, kf_span_str(name), token)) != KF_OK)
		return cli_fail(r, NULL);
	printf("%s\n", token);
	kf_wipe(token, sizeof(token));
	return CLI_OK;
}

/* --- agents
 * -------------------------------------------------------------------------------------------- */

enum cli_exit
cmd_agent_code(struct cli *cli, struct cli_words words)
{
	const char *site = NULL;
	const struct cli_opt opt[] = {{.name = "site", .kind = CLI_TEXT, .text = &site}};
	struct kf_buf code = {0};
	enum cli_exit e = CLI_OK;
	enum kf_err r;

	if (!cli_parse(cli, words, opt, 1, CLI_NONE_LEFT))
		return CLI_USAGE;
	if (site == NULL)
		return cli_usage(cli, "expected --site: where the access point hangs");
	r = agentca_code(cli->app, &cli->by, kf_span_str(site), &code);
	if (r == KF_OK)
		printf("%s\n", kf_buf_cstr(&code));
	else
		e = cli_fail(r, NULL);
	kf_buf_free(&code);
	return e;
}

static enum kf_err
agent_one(void *arg, const struct agent_row *row)
{
	char seen[21] = "never";

	(void)arg;
	if (row->last_seen > 0)
		kf_time_utc(row->last_seen, seen);
	printf("%s\t%s\t%s\t%s\n", row->id, row->name, row->revoked_at > 0 ? "revoked" : "active",
	    seen);
	return KF_OK;
}

enum cli_exit
cmd_agent_list(struct cli *cli, struct cli_words words)
{
	enum kf_err r;

	if (!cli_parse(cli, words, NULL, 0, CLI_NONE_LEFT))
		return CLI_USAGE;
	printf("ID\tNAME\tSTATE\tSEEN\n");
	r = agentca_list(cli->app, agent_one, NULL);
	return r == KF_OK ? CLI_OK : cli_fail(r, NULL);
}

enum cli_exit
cmd_agent_revoke(struct cli *cli, struct cli_words words)
{
	const char *id = NULL;
	enum kf_err r;

	if (!cli_parse(cli, words, NULL, 0, (struct cli_left){&id, 1}))
		return CLI_USAGE;
	r = agentca_revoke(cli->app, &cli->by, kf_span_str(id));
	return r == KF_OK ? CLI_OK : cli_fail(r, NULL);
}

/* --- the rest
 * ------------------------------------------------------------------------------------------ */

enum cli_exit
cmd_audit_verify(struct cli *cli, struct cli_words words)
{
	struct audit_check check;
	char head[65];
	enum kf_err r;

	if (!cli_parse(cli, words, NULL, 0, CLI_NONE_LEFT))
		return CLI_USAGE;
	r = audit_verify(cli->app, &check);
	if (r != KF_OK && check.broken == 0)
		return cli_fail(r, NULL);
	kf_hex(kf_span_of(check.head.b, sizeof(check.head.b)), head);
	if (check.broken > 0) {
		printf("broken at entry %" PRIu64 ": it, or one before it, was changed\n",
		    check.broken);
		return CLI_FAILED;
	}
	printf("whole: %" PRIu64 " entries, head %s\n", check.entries, head);
	return CLI_OK;
}

enum cli_exit
cmd_backup(struct cli *cli, struct cli_words words)
{
	const char *path = NULL;
	enum kf_err r;

	if (!cli_parse(cli, words, NULL, 0, (struct cli_left){&path, 1}))
		return CLI_USAGE;
	r = db_backup(cli->app->db, path);
	return r == KF_OK ? CLI_OK : cli_fail(r, NULL);
}
