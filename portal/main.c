/* keyfob-portal --role web|feed -c keyfob.conf
 *
 * Kore's main() calls kore_parent_configure() below; it reads what only the parent may read, and
 * writes Kore's configuration from ours. The addresses that are served stand in
 * portal/kore/web.conf and feed.conf; what a worker does at its start, in portal/kore/worker.c. */
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <kore/kore.h>

#include "common/log.h"
#include "portal/core/masterkey.h"
#include "portal/core/onair.h"
#include "portal/kore/conf.h"
#include "portal/kore/tls.h"
#include "portal/kore/worker.h"

#define KORE_CONF_MAX 32768

/* Kore's ABI: its configuration as a built-in file, and the hook that may still change it. */
u_int8_t asset_builtin_kore_conf[KORE_CONF_MAX];
u_int32_t asset_len_builtin_kore_conf;
void kore_parent_configure(int argc, char **argv);

/* What the workers inherit; the parent fills it before it forks. */
static struct config conf;
static struct kf_sealkey master;
static struct worker_plan plan = {.conf = &conf, .master = &master};

__attribute__((noreturn)) static void
die(struct kf_buf *why)
{
	(void)fprintf(stderr, "keyfob-portal: %s\n", kf_buf_cstr(why));
	exit(1);
}

__attribute__((noreturn)) static void
usage(void)
{
	(void)fputs("usage: keyfob-portal --role web|feed -c keyfob.conf\n", stderr);
	exit(2);
}

/* Returns the configuration's path. */
static const char *
options(int argc, char **argv)
{
	static const struct option longs[] = {
	    {"role", required_argument, NULL, 'r'},
	    {"config", required_argument, NULL, 'c'},
	    {"version", no_argument, NULL, 'v'},
	    {0},
	};
	const char *path = NULL, *role = "";
	int opt;

	while ((opt = getopt_long(argc, argv, "r:c:v", longs, NULL)) != -1) {
		if (opt == 'c') {
			path = optarg;
		} else if (opt == 'r') {
			role = optarg;
		} else if (opt == 'v') {
			(void)puts("keyfob-portal " KEYFOB_VERSION);
			exit(0);
		} else {
			usage();
		}
	}
	if (path == NULL || optind != argc)
		usage();
	if (strcmp(role, "web") == 0)
		plan.role = ROLE_WEB;
	else if (strcmp(role, "feed") == 0)
		plan.role = ROLE_FEED;
	else
		usage();
	return path;
}

/* No core file and no debugger gets at the keys. Tracing the filter needs a debugger: Kore. */
static void
close_process(void)
{
	struct rlimit none = {0, 0};

	if (setrlimit(RLIMIT_CORE, &none) == -1 ||
	    (!conf.seccomp_trace && prctl(PR_SET_DUMPABLE, 0) == -1))
		kf_log(LOGL_WARN, "portal", "cannot forbid core files: %s", strerror(errno));
}

static enum kf_err
load_tls(struct kf_buf *why)
{
	char cert[CONFIG_PATH_MAX + 32], key[CONFIG_PATH_MAX + 32], ca[CONFIG_PATH_MAX + 32];
	struct tls_files files = {conf.tls_cert, conf.tls_key, NULL};

	if (plan.role == ROLE_FEED) {
		(void)snprintf(cert, sizeof(cert), "%s/feed-cert.pem", conf.state_dir);
		(void)snprintf(key, sizeof(key), "%s/feed-key.pem", conf.state_dir);
		(void)snprintf(ca, sizeof(ca), "%s/agent-ca.pem", conf.state_dir);
		files = (struct tls_files){cert, key, ca};
	} else if (conf.tls_cert[0] == '\0') {
		return KF_OK;
	}
	return tls_load(&files, &plan.tls, why);
}

/* Kore says "bind(): ..." and a line of a configuration that nobody wrote; say it better. */
static enum kf_err
try_listen(struct kf_buf *why)
{
	const struct config_addr *a = role_listen(plan.role, &conf);
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST}, *ai;
	int fd, on = 1, failed;

	if (getaddrinfo(a->host, a->port, &hints, &ai) != 0) {
		kf_buf_fmt(why, "%s: not an address", a->host);
		return KF_EINVAL;
	}
	fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	failed = fd == -1 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1 ||
	    bind(fd, ai->ai_addr, ai->ai_addrlen) == -1;
	if (failed)
		kf_buf_fmt(why, "%s %s %s: %s", plan.role == ROLE_WEB ? "listen" : "feed_listen",
		    a->host, a->port, strerror(errno));
	if (fd != -1)
		(void)close(fd);
	freeaddrinfo(ai);
	return failed ? KF_EIO : KF_OK;
}

static enum kf_err
make_kore_conf(struct kf_buf *why)
{
	struct kf_buf text = {.max = KORE_CONF_MAX};
	enum kf_err r = KF_OK;

	conf_make(plan.role, &conf, &text);
	if (text.bad) {
		kf_buf_str(why, "cannot make Kore's configuration");
		r = KF_EINVAL;
	} else {
		memcpy(asset_builtin_kore_conf, text.p, text.n);
		asset_len_builtin_kore_conf = (u_int32_t)text.n;
	}
	kf_buf_free(&text);
	return r;
}

void
kore_parent_configure(int argc, char **argv)
{
	struct kf_buf why = {0};
	const char *path = options(argc, argv);

	/* Children must not print again what the parent has in its buffer. */
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	if (config_read(path, &conf, &why) != KF_OK)
		die(&why);
	close_process();
	if (masterkey_read(conf.master_key_file, &master, &why) != KF_OK ||
	    load_tls(&why) != KF_OK || try_listen(&why) != KF_OK || make_kore_conf(&why) != KF_OK)
		die(&why);
	if (plan.role == ROLE_FEED && onair_clear(&conf) != KF_OK)
		exit(1); /* said in the log */
	worker_prepare(&plan);

	/* The service manager keeps us in the background, changes the user and shuts the rest of
	 * the system away; Kore's own way of doing this needs root. */
	kore_foreground = 1;
	skip_chroot = 1;
	skip_runas = 1;
	kore_quiet = 1;
	kf_log(LOGL_INFO, "portal", "role=%s listen=%s:%s tls=%s workers=%u", role_name(plan.role),
	    role_listen(plan.role, &conf)->host, role_listen(plan.role, &conf)->port,
	    plan.tls != NULL ? "yes" : "no", conf.workers);
	kf_buf_free(&why);
}
