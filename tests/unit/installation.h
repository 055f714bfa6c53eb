/* An installation of a test's own, in a folder that goes away, with a clock and randomness that the
 * test holds in its hand. */
#ifndef TESTS_INSTALLATION_H
#define TESTS_INSTALLATION_H

#include "portal/core/audit.h"
#include "portal/core/config.h"
#include "portal/core/masterkey.h"
#include "portal/core/setup.h"
#include "portal/store/db.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct installation {
	char dir[64];
	struct config conf;
	struct kf_env env;
	int64_t now_ms;
	uint64_t seed;
	struct kf_sealkey master;
	struct app *app;
};

static const struct actor inst_by = {"cli", "test"};

static inline int64_t
inst_now(void *ctx)
{
	return ((struct installation *)ctx)->now_ms;
}

/* splitmix64: not secret, never the same twice. */
static inline enum kf_err
inst_random(void *ctx, void *out, size_t n)
{
	struct installation *in = ctx;
	uint8_t *p = out;

	for (size_t i = 0; i < n; i++) {
		uint64_t z = (in->seed += 0x9e3779b97f4a7c15U);

		z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
		p[i] = (uint8_t)((z ^ (z >> 27)) >> 56);
	}
	return KF_OK;
}

static inline void
inst_text(char *out, size_t size, const char *dir, const char *s)
{
	(void)snprintf(out, size, "%s%s", dir, s);
}

/* Makes the folder and the installation; exits when it cannot. */
static inline void
inst_make(struct installation *in)
{
	struct kf_buf why = {0};
	struct setup what = {.ssid = KF_LIT("Keyfob Test"), .vlan = 20};

	*in = (struct installation){.dir = "/tmp/keyfob-test-XXXXXX", .now_ms = 1800000000000};
	in->seed = (uint64_t)getpid();
	in->env = (struct kf_env){inst_now, inst_now, inst_random, in};
	if (mkdtemp(in->dir) == NULL)
		exit(2);
	inst_text(in->conf.base_url, sizeof(in->conf.base_url), "", "http://localhost:8080");
	inst_text(in->conf.feed_url, sizeof(in->conf.feed_url), "", "https://127.0.0.1:8443");
	inst_text(in->conf.mail_from, sizeof(in->conf.mail_from), "", "wifi@example.test");
	inst_text(in->conf.state_dir, sizeof(in->conf.state_dir), in->dir, "/state");
	inst_text(in->conf.master_key_file, sizeof(in->conf.master_key_file), in->dir, "/master");
	in->conf.session_hours = 12;
	if (setup_create(&in->conf, &in->env, &inst_by, &what, &why) != KF_OK ||
	    masterkey_read(in->conf.master_key_file, &in->master, &why) != KF_OK ||
	    app_open(&in->conf, &in->env, &in->master, &in->app) != KF_OK) {
		fprintf(stderr, "installation: %s\n", kf_buf_cstr(&why));
		exit(2);
	}
	kf_buf_free(&why);
}

static inline int
inst_unlink(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void
inst_end(struct installation *in)
{
	app_close(&in->app);
	(void)nftw(in->dir, inst_unlink, 8, FTW_DEPTH | FTW_PHYS);
}

static inline void
inst_pass_s(struct installation *in, int64_t s)
{
	in->now_ms += s * 1000;
}

/* One number that a query of the test's own gives. */
static inline int64_t
inst_count(struct installation *in, const char *sql)
{
	char command[1024], line[64] = "";
	FILE *p;

	/* The shell's SQLite, a second pair of eyes. */
	(void)snprintf(
	    command, sizeof(command), "sqlite3 '%s/keyfob.db' \"%s\"", in->conf.state_dir, sql);
	if ((p = popen(command, "r")) == NULL || fgets(line, sizeof(line), p) == NULL)
		line[0] = '\0';
	if (p != NULL)
		(void)pclose(p);
	return line[0] != '\0' ? strtoll(line, NULL, 10) : -1;
}

#endif
