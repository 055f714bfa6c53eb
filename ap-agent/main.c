/* keyfob-agent: on or beside an access point. Finds out whose key a device used, and puts the
 * device into that person's own private network. */
#include "ap-agent/agent_conf.h"
#include "ap-agent/ctl.h"
#include "ap-agent/enroll.h"
#include "ap-agent/identity.h"
#include "ap-agent/match_cmd.h"
#include "ap-agent/run.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_CONF "/etc/keyfob/keyfob-agent.conf"
#define CODE_MAX 1024

static int
usage(FILE *to)
{
	(void)fputs("usage: keyfob-agent run [-c keyfob-agent.conf]\n"
		    "       keyfob-agent enroll [-c keyfob-agent.conf] [--force] < URL#ID.CODE\n"
		    "       keyfob-agent status [-c keyfob-agent.conf]\n"
		    "       keyfob-agent why [-c keyfob-agent.conf] MAC\n"
		    "       keyfob-agent match --ssid SSID --keys FILE CAPTURE...\n"
		    "       keyfob-agent --version\n",
	    to);
	return to == stdout ? 0 : 2;
}

/* What the line says after the command. */
struct args {
	const char *conf, *mac;
	bool force;
};

static bool
args_read(int argc, char **argv, struct args *out)
{
	*out = (struct args){.conf = DEFAULT_CONF};
	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "-c") == 0 && i + 1 < argc)
			out->conf = argv[++i];
		else if (strcmp(argv[i], "--force") == 0)
			out->force = true;
		else if (argv[i][0] != '-' && out->mac == NULL)
			out->mac = argv[i];
		else
			return false;
	}
	return true;
}

static int
complain(const char *what)
{
	(void)fprintf(stderr, "keyfob-agent: %s\n", what);
	return 1;
}

static int
cmd_enroll(const struct agent_conf *conf, const struct args *args)
{
	char text[CODE_MAX];
	struct kf_buf why = {0};
	struct identity id;
	size_t n = fread(text, 1, sizeof(text), stdin);
	int status = 0;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return complain("libcurl does not start");
	if (enroll_agent(conf, &kf_env_real, kf_span_of(text, n), args->force, &why) != KF_OK)
		status = complain(kf_buf_cstr(&why));
	else if (identity_read(conf, &id) == KF_OK)
		(void)printf("enrolled as %s, feed %s\n", id.text, id.url);
	kf_wipe(text, sizeof(text));
	kf_buf_free(&why);
	curl_global_cleanup();
	return status;
}

static int
cmd_ask(const struct agent_conf *conf, const char *verb, const char *mac)
{
	char request[CTL_REQUEST_MAX];
	struct kf_buf out = {0};
	int n = snprintf(request, sizeof(request), "%s%s%s", verb, mac != NULL ? " " : "",
	    mac != NULL ? mac : "");
	int status = 0;
	enum kf_err r;

	if (n < 0 || (size_t)n >= sizeof(request))
		return usage(stderr);
	r = ctl_ask(conf->run_dir, request, &out);
	if (r == KF_ENOENT)
		status = complain("no agent runs here (its control socket is run_dir/ctl)");
	else if (r != KF_OK)
		status = complain("the agent did not answer");
	else if (out.n > 0 && out.p[0] == '!')
		status = complain(kf_buf_cstr(&out) + 2);
	else
		(void)fputs(kf_buf_cstr(&out), stdout);
	kf_buf_free(&out);
	return status;
}

static int
cmd_with_conf(const char *cmd, const struct args *args)
{
	struct agent_conf conf;
	struct kf_buf why = {0};
	int status;

	if (agent_conf_read(args->conf, &conf, &why) != KF_OK) {
		status = complain(kf_buf_cstr(&why));
		kf_buf_free(&why);
		return status;
	}
	if (strcmp(cmd, "run") == 0)
		status = run_agent(&conf, &kf_env_real);
	else if (strcmp(cmd, "enroll") == 0)
		status = cmd_enroll(&conf, args);
	else
		status = cmd_ask(&conf, cmd, args->mac);
	agent_conf_release(&conf);
	return status;
}

int
main(int argc, char **argv)
{
	const char *cmd = argc > 1 ? argv[1] : "";
	struct args args;
	bool why = strcmp(cmd, "why") == 0;

	if (strcmp(cmd, "match") == 0)
		return match_cmd_run(argc - 1, argv + 1);
	if (strcmp(cmd, "--version") == 0)
		return puts("keyfob-agent " KEYFOB_VERSION) < 0;
	if (strcmp(cmd, "--help") == 0 || strcmp(cmd, "help") == 0)
		return usage(stdout);
	if (!why && strcmp(cmd, "run") != 0 && strcmp(cmd, "enroll") != 0 &&
	    strcmp(cmd, "status") != 0)
		return usage(stderr);
	if (!args_read(argc, argv, &args) || why != (args.mac != NULL) ||
	    (args.force && strcmp(cmd, "enroll") != 0))
		return usage(stderr);
	return cmd_with_conf(cmd, &args);
}
