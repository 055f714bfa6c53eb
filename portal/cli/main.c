/* keyfob -c keyfob.conf COMMAND …: reads the configuration, opens what the command needs, runs it.
 * Exit 0 done, 1 failed, 2 wrong usage. */
#include "portal/cli/cli.h"
#include "portal/core/app.h"
#include "portal/core/masterkey.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONFIG_DEFAULT "/etc/keyfob/keyfob.conf"

/* Where a newcomer starts: every command, its words, and what it does. */
static const struct command {
	const char *group, *verb; /* verb NULL: the command is one word */
	const char *usage;
	bool needs_app;
	enum cli_exit (*run)(struct cli *cli, struct cli_words words);
} commands[] = {
    {"init", NULL,
	"init --ssid SSID --vlan ID [--org NAME] [--site NAME] [--workflow SLUG]\n"
	"                  [--prefix NET]... [--gateway ADDRESS]...",
	false, cmd_init},
    {"migrate", NULL, "migrate", false, cmd_migrate},
    {"idp", "add", "idp add --domains DOMAIN[,DOMAIN] < metadata.xml", true, cmd_idp_add},
    {"idp", "list", "idp list", true, cmd_idp_list},
    {"psk", "list", "psk list [--name NAME] [--ssid SSID] [--role ROLE] [--email ADDRESS]", true,
	cmd_psk_list},
    {"psk", "add",
	"psk add --name NAME [--ssid SSID] [--vlan ID] [--role ROLE] [--email ADDRESS] [--notify]\n"
	"               [--expires TIME] [--max-devices N] [--passphrase-stdin [--weak]] "
	"[--reveal]",
	true, cmd_psk_add},
    {"psk", "show", "psk show ID [--reveal]", true, cmd_psk_show},
    {"psk", "revoke", "psk revoke ID [--reason TEXT]", true, cmd_psk_revoke},
    {"psk", "rotate", "psk rotate ID [--overlap SECONDS] [--reveal]", true, cmd_psk_rotate},
    {"token", "add", "token add NAME", true, cmd_token_add},
    {"agent", "code", "agent code --site NAME", true, cmd_agent_code},
    {"agent", "list", "agent list", true, cmd_agent_list},
    {"agent", "revoke", "agent revoke ID", true, cmd_agent_revoke},
    {"audit", "verify", "audit verify", true, cmd_audit_verify},
    {"backup", NULL, "backup FILE", true, cmd_backup},
};

static enum cli_exit
usage(FILE *to)
{
	fprintf(to, "usage: keyfob [-c FILE] COMMAND ...    (FILE: " CONFIG_DEFAULT ")\n");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(to, "       keyfob %s\n", commands[i].usage);
	fprintf(to, "TIME is 90s, 12h, 30d or 2026-12-31T23:59:59Z. Version " KEYFOB_VERSION "\n");
	return to == stderr ? CLI_USAGE : CLI_OK;
}

/* The command of these words, and how many of them name it. */
static const struct command *
command_find(struct cli_words words, size_t *used)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		const struct command *c = &commands[i];

		*used = c->verb == NULL ? 1 : 2;
		if (words.n >= *used && strcmp(words.v[0], c->group) == 0 &&
		    (c->verb == NULL || strcmp(words.v[1], c->verb) == 0))
			return c;
	}
	return NULL;
}

/* Whoever typed it, also behind sudo. */
static const char *
user_name(void)
{
	const char *sudo = getuid() == 0 ? getenv("SUDO_USER") : NULL;
	const struct passwd *pw = getpwuid(getuid());

	if (sudo != NULL && *sudo != '\0' && kf_text_clean(kf_span_str(sudo)))
		return sudo;
	return pw != NULL ? pw->pw_name : "unknown";
}

static enum kf_err
open_app(const struct config *conf, struct app **out, struct kf_buf *why)
{
	struct kf_sealkey master = {0};
	enum kf_err r = masterkey_read(conf->master_key_file, &master, why);

	if (r == KF_OK && (r = app_open(conf, &kf_env_real, &master, out)) != KF_OK)
		kf_buf_str(why, "cannot open the installation; the log above says why.");
	kf_wipe(&master, sizeof(master));
	return r;
}

static enum cli_exit
run(const struct command *c, const char *file, struct cli_words words)
{
	struct config *conf = calloc(1, sizeof(*conf));
	struct cli cli = {.conf = conf, .by = {"cli", user_name()}, .usage = c->usage};
	struct kf_buf why = {0};
	enum cli_exit e;
	enum kf_err r = KF_ENOMEM;

	if (conf != NULL)
		r = config_read(file, conf, &why);
	if (r == KF_OK && c->needs_app)
		r = open_app(conf, &cli.app, &why);
	e = r == KF_OK ? c->run(&cli, words) : cli_fail(r, &why);
	app_close(&cli.app);
	kf_buf_free(&why);
	free(conf);
	if (fflush(stdout) != 0 && e == CLI_OK) {
		perror("keyfob: standard output");
		e = CLI_FAILED;
	}
	return e;
}

int
main(int argc, char **argv)
{
	const char *file = CONFIG_DEFAULT;
	struct cli_words words = {(const char *const *)(argv + 1), (size_t)argc - 1};
	const struct command *c;
	size_t used;

	(void)prctl(PR_SET_DUMPABLE, 0);
	(void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	(void)umask(077);
	if (words.n >= 2 && strcmp(words.v[0], "-c") == 0) {
		file = words.v[1];
		words = (struct cli_words){words.v + 2, words.n - 2};
	}
	if (words.n == 1 && (strcmp(words.v[0], "help") == 0 || strcmp(words.v[0], "--help") == 0))
		return usage(stdout);
	if ((c = command_find(words, &used)) == NULL)
		return usage(stderr);
	return run(c, file, (struct cli_words){words.v + used, words.n - used});
}
