#include "portal/core/feedcert.h"

#include "common/addr.h"
#include "common/feed_enroll.h"
#include "common/log.h"
#include "portal/core/agentca.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DAY_S 86400
#define BACKDATE_S 300
#define PEM_MAX 4096
#define PATH_MAX_ (CONFIG_PATH_MAX + 32)

/* The host of feed_url without port and brackets; empty when there is none. */
static struct kf_span
host_of(const struct config *conf)
{
	struct kf_span s = kf_span_str(conf->feed_url);
	const char *p = strstr(conf->feed_url, "://");
	const uint8_t *end;

	if (p == NULL)
		return kf_span_of(NULL, 0);
	s = kf_span_str(p + 3);
	if (s.n > 0 && s.p[0] == '[') {
		end = memchr(s.p, ']', s.n);
		return end != NULL ? kf_span_of(s.p + 1, (size_t)(end - s.p - 1))
				   : kf_span_of(NULL, 0);
	}
	end = memchr(s.p, ':', s.n);
	if (end == NULL)
		end = memchr(s.p, '/', s.n);
	return end != NULL ? kf_span_of(s.p, (size_t)(end - s.p)) : s;
}

/* "DNS:keyfob-feed,DNS:host" or "…,IP:address", for the subject's other names. */
static void
names_put(const struct config *conf, struct kf_buf *out)
{
	struct kf_span host = host_of(conf);
	struct feed_addr addr;

	kf_buf_str(out, "DNS:" FEED_SERVER_NAME);
	if (host.n == 0)
		return;
	kf_buf_str(out, kf_addr_parse(host, &addr) == KF_OK ? ",IP:" : ",DNS:");
	kf_buf_add(out, host.p, host.n);
}

static bool
path_of(const struct config *conf, const char *name, char out[PATH_MAX_])
{
	int n = snprintf(out, PATH_MAX_, "%s/%s", conf->state_dir, name);

	return n > 0 && n < PATH_MAX_;
}

static enum kf_err
file_read(const struct config *conf, const char *name, struct kf_buf *out)
{
	char path[PATH_MAX_], buf[PEM_MAX];
	ssize_t n;
	int fd;

	if (!path_of(conf, name, path))
		return KF_EINVAL;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return KF_ENOENT;
	n = read(fd, buf, sizeof(buf));
	close(fd);
	if (n > 0)
		kf_buf_add(out, buf, (size_t)n);
	kf_wipe(buf, sizeof(buf));
	return n > 0 && !out->bad ? KF_OK : KF_EIO;
}

static enum kf_err
file_write(const struct config *conf, const char *name, struct kf_span s)
{
	char path[PATH_MAX_], tmp[PATH_MAX_ + 8];
	bool ok;
	int fd, n;

	if (!path_of(conf, name, path) || (n = snprintf(tmp, sizeof(tmp), "%s.new", path)) < 0 ||
	    (size_t)n >= sizeof(tmp))
		return KF_EINVAL;
	(void)unlink(tmp);
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	ok = fd >= 0 && write(fd, s.p, s.n) == (ssize_t)s.n && fsync(fd) == 0;
	if (fd >= 0)
		ok = close(fd) == 0 && ok;
	ok = ok && rename(tmp, path) == 0;
	if (!ok)
		kf_log(LOGL_ERROR, "feed", "cannot write path=\"%s\" says=\"%s\"", path,
		    strerror(errno));
	return ok ? KF_OK : KF_EIO;
}

bool
feedcert_good(const struct config *conf, const struct feedcert_ca *with)
{
	struct kf_buf pem = {0}, cert = {0}, ca = {0}, key = {0}, names = {0};
	int64_t end = 0;
	bool good;

	names_put(conf, &names);
	good = file_read(conf, "feed-cert.pem", &pem) == KF_OK &&
	    x509_from_pem(kf_buf_span(&pem), &cert) == KF_OK;
	kf_buf_reset(&pem);
	good = good && file_read(conf, "agent-ca.pem", &pem) == KF_OK &&
	    x509_from_pem(kf_buf_span(&pem), &ca) == KF_OK &&
	    kf_span_eq(kf_buf_span(&ca), with->ca.cert);
	good = good && file_read(conf, "feed-key.pem", &key) == KF_OK &&
	    x509_signed_by(kf_buf_span(&cert), with->ca.cert) == KF_OK &&
	    x509_is_for(kf_buf_span(&cert), kf_buf_span(&key), kf_buf_cstr(&names)) &&
	    x509_not_after(kf_buf_span(&cert), &end) == KF_OK &&
	    end - with->now > (int64_t)(AGENTCA_CERT_DAYS - AGENTCA_RENEW_DAYS) * DAY_S;
	kf_buf_free(&pem);
	kf_buf_free(&cert);
	kf_buf_free(&ca);
	kf_buf_free(&key);
	kf_buf_free(&names);
	return good;
}

enum kf_err
feedcert_write(const struct config *conf, const struct feedcert_ca *with)
{
	struct kf_buf key = {0}, cert = {0}, pem = {0}, ca_pem = {0}, names = {0};
	struct x509_leaf leaf = {FEED_SERVER_NAME, X509_SERVER, NULL, with->now - BACKDATE_S,
	    with->now + (int64_t)AGENTCA_CERT_DAYS * DAY_S};
	enum kf_err r;

	names_put(conf, &names);
	leaf.dns = kf_buf_cstr(&names);
	if ((r = x509_make(&with->ca, &leaf, &key, &cert)) == KF_OK &&
	    (r = x509_to_pem(kf_buf_span(&cert), &pem)) == KF_OK &&
	    (r = x509_to_pem(with->ca.cert, &ca_pem)) == KF_OK &&
	    (r = file_write(conf, "agent-ca.pem", kf_buf_span(&ca_pem))) == KF_OK &&
	    (r = file_write(conf, "feed-key.pem", kf_buf_span(&key))) == KF_OK)
		r = file_write(conf, "feed-cert.pem", kf_buf_span(&pem));
	if (r == KF_OK)
		kf_log(LOGL_INFO, "feed", "certificate written names=\"%s\"", leaf.dns);
	kf_buf_free(&key);
	kf_buf_free(&cert);
	kf_buf_free(&pem);
	kf_buf_free(&ca_pem);
	kf_buf_free(&names);
	return r;
}
