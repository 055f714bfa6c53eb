#include "portal/kore/conf.h"

#include <stdio.h>
#include <string.h>

#include <sys/resource.h>

#include "common/log.h"

/* A keep-alive connection is a browser's or an agent's comfort. Towards a proxy there is none: a
 * proxy mixes its users' requests on one connection, so that a disagreement about where a request
 * ends would hand one user's reply to another. */
#define KEEPALIVE_WEB_S 20U
#define KEEPALIVE_FEED_S 75U
#define HEADER_TIMEOUT_S 10U

const char *
role_name(enum role role)
{
	return role == ROLE_WEB ? "web" : "feed";
}

const struct config_addr *
role_listen(enum role role, const struct config *conf)
{
	return role == ROLE_WEB ? &conf->listen : &conf->feed_listen;
}

static unsigned
keepalive(enum role role, const struct config *conf)
{
	if (role == ROLE_FEED)
		return KEEPALIVE_FEED_S;
	return conf->trusted_proxy[0] != '\0' ? 0 : KEEPALIVE_WEB_S;
}

/* As many descriptors as the system lets us have, up to what the connections need. */
static unsigned long
files(enum role role)
{
	unsigned long want = role == ROLE_WEB ? 4608 : 12512;
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == 0 && rl.rlim_max - 64 < want) {
		want = rl.rlim_max - 64;
		kf_log(LOGL_WARN, "portal",
		    "role=%s descriptors=%lu fewer connections than planned: raise LimitNOFILE",
		    role_name(role), want);
	}
	return want;
}

static bool
fill(const char *name, size_t n, enum role role, const struct config *conf, struct kf_buf *out)
{
	const struct config_addr *a = role_listen(role, conf);
	struct kf_span s = kf_span_of(name, n);

	if (kf_span_eq(s, KF_LIT("LISTEN")))
		kf_buf_fmt(out, "%s %s", a->host, a->port);
	else if (kf_span_eq(s, KF_LIT("WORKERS")))
		kf_buf_fmt(out, "%u", conf->workers);
	else if (kf_span_eq(s, KF_LIT("FILES")))
		kf_buf_fmt(out, "%lu", files(role));
	else if (kf_span_eq(s, KF_LIT("PIDFILE")))
		kf_buf_fmt(out, "%s/portal-%s.pid", conf->run_dir, role_name(role));
	else if (kf_span_eq(s, KF_LIT("TRACE")))
		kf_buf_str(out, conf->seccomp_trace ? "yes" : "no");
	else if (kf_span_eq(s, KF_LIT("KEEPALIVE")))
		kf_buf_fmt(out, "%u", keepalive(role, conf));
	else if (kf_span_eq(s, KF_LIT("HEADER_TIMEOUT")))
		kf_buf_fmt(out, "%u", keepalive(role, conf) + HEADER_TIMEOUT_S);
	else
		return false;
	return true;
}

static void
fill_all(const char *text, enum role role, const struct config *conf, struct kf_buf *out)
{
	const char *at, *end;

	while ((at = strchr(text, '@')) != NULL) {
		kf_buf_add(out, text, (size_t)(at - text));
		end = strchr(at + 1, '@');
		if (end == NULL || !fill(at + 1, (size_t)(end - at - 1), role, conf, out))
			out->bad = true; /* the templates are ours: kore.test.py sees it */
		text = end == NULL ? at + 1 : end + 1;
	}
	kf_buf_str(out, text);
}

void
conf_make(enum role role, const struct config *conf, struct kf_buf *out)
{
	fill_all(conf_common, role, conf, out);
	fill_all(role == ROLE_WEB ? conf_web : conf_feed, role, conf, out);
}
