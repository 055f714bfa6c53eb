#include "portal/core/config.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CONFIG_FILE_MAX (64UL << 10)

/* What a setter fills: a field of struct config, and the folder of the file for paths. */
struct slot {
	void *p;
	size_t size;
	struct kf_span dir;
};

/* a and then b, as one string. */
static bool
put(struct slot *s, struct kf_span a, struct kf_span b)
{
	if (b.n == 0 || a.n >= s->size || b.n >= s->size - a.n)
		return false;
	memcpy(s->p, a.p, a.n);
	memcpy((char *)s->p + a.n, b.p, b.n);
	((char *)s->p)[a.n + b.n] = '\0';
	return true;
}

static bool
set_text(struct slot *s, struct kf_span v)
{
	return kf_text_clean(v) && put(s, kf_span_str(""), v);
}

static bool
set_path(struct slot *s, struct kf_span v)
{
	if (!kf_text_clean(v))
		return false;
	return put(s, v.p[0] == '/' ? kf_span_str("") : s->dir, v);
}

static bool
set_email(struct slot *s, struct kf_span v)
{
	return kf_email_norm(v, s->p) == KF_OK;
}

static bool
set_unsigned(struct slot *s, struct kf_span v, uint64_t max)
{
	uint64_t n;

	if (kf_parse_u64(v, 1, max, &n) != KF_OK)
		return false;
	*(unsigned *)s->p = (unsigned)n;
	return true;
}

static bool
set_workers(struct slot *s, struct kf_span v)
{
	return set_unsigned(s, v, 64);
}

static bool
set_hours(struct slot *s, struct kf_span v)
{
	return set_unsigned(s, v, 168);
}

static bool
is_address(const char *s)
{
	uint8_t b[16];

	return inet_pton(AF_INET, s, b) == 1 || inet_pton(AF_INET6, s, b) == 1;
}

static bool
set_ip(struct slot *s, struct kf_span v)
{
	return set_text(s, v) && is_address(s->p);
}

static bool
set_port(char out[6], struct kf_span v)
{
	uint64_t port;

	if (kf_parse_u64(v, 1, 65535, &port) != KF_OK)
		return false;
	(void)snprintf(out, 6, "%u", (unsigned)(port & 0xffff));
	return true;
}

/* "ADDRESS PORT" */
static bool
set_addr(struct slot *s, struct kf_span v)
{
	struct config_addr *a = s->p;
	struct slot host = {a->host, sizeof(a->host), {0}};
	size_t i = 0;

	while (i < v.n && v.p[i] != ' ' && v.p[i] != '\t')
		i++;
	if (i == v.n || !set_ip(&host, kf_span_of(v.p, i)))
		return false;
	while (i < v.n && (v.p[i] == ' ' || v.p[i] == '\t'))
		i++;
	return set_port(a->port, kf_span_of(v.p + i, v.n - i));
}

static bool
has_prefix(struct kf_span v, const char *prefix)
{
	return v.n > strlen(prefix) && memcmp(v.p, prefix, strlen(prefix)) == 0;
}

/* A host name or address, IPv6 in brackets, and perhaps a port: cut v into the two. */
static bool
split_authority(struct kf_span v, struct kf_span *host, struct kf_span *port)
{
	size_t i = 0;

	if (v.n > 0 && v.p[0] == '[') {
		while (i < v.n && v.p[i] != ']')
			i++;
		if (i == v.n)
			return false;
		*host = kf_span_of(v.p + 1, i - 1);
		i++;
	} else {
		for (; i < v.n && v.p[i] != ':'; i++)
			if (!isalnum(v.p[i]) && v.p[i] != '-' && v.p[i] != '.')
				return false;
		*host = kf_span_of(v.p, i);
	}
	*port = kf_span_of("", 0);
	if (i < v.n) {
		if (v.p[i] != ':')
			return false;
		*port = kf_span_of(v.p + i + 1, v.n - i - 1);
	}
	return host->n > 0 && (i == v.n || port->n > 0);
}

static bool
is_loopback(struct kf_span host)
{
	return kf_span_eq(host, KF_LIT("localhost")) || kf_span_eq(host, KF_LIT("127.0.0.1")) ||
	    kf_span_eq(host, KF_LIT("::1"));
}

/* An origin: scheme://host[:port], a '/' at the end forgiven. Stored in lower case. */
static bool
set_origin(struct slot *s, struct kf_span v, bool loopback_http)
{
	struct kf_span auth, host, port;
	char digits[6], *c;
	bool https = has_prefix(v, "https://");
	size_t skip = https ? 8 : 7;

	if (!https && !has_prefix(v, "http://"))
		return false;
	if (v.p[v.n - 1] == '/')
		v.n--;
	if (v.n <= skip)
		return false;
	auth = kf_span_of(v.p + skip, v.n - skip);
	if (!split_authority(auth, &host, &port) || (port.n > 0 && !set_port(digits, port)))
		return false;
	if (!https && !(loopback_http && is_loopback(host)))
		return false;
	if (!put(s, kf_span_str(""), v))
		return false;
	for (c = s->p; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	return true;
}

static bool
set_base_url(struct slot *s, struct kf_span v)
{
	return set_origin(s, v, true);
}

static bool
set_feed_url(struct slot *s, struct kf_span v)
{
	return set_origin(s, v, false);
}

/* Fills host, port and whether TLS starts at once: the whole of struct config. */
static bool
set_smtp_url(struct slot *s, struct kf_span v)
{
	struct config *conf = s->p;
	struct slot to = {conf->smtp_host, sizeof(conf->smtp_host), {0}};
	struct kf_span host, port;
	bool tls = has_prefix(v, "smtps://");
	size_t skip = tls ? 8 : 7;
	uint64_t n = tls ? 465 : 587;

	if (!tls && !has_prefix(v, "smtp://"))
		return false;
	if (!split_authority(kf_span_of(v.p + skip, v.n - skip), &host, &port))
		return false;
	if (port.n > 0 && kf_parse_u64(port, 1, 65535, &n) != KF_OK)
		return false;
	conf->smtp_port = (unsigned)n;
	if (tls)
		conf->smtp_tls = SMTP_TLS;
	return set_text(&to, host);
}

static bool
set_smtp_tls(struct slot *s, struct kf_span v)
{
	enum config_smtp *tls = s->p;

	if (!kf_span_eq(v, KF_LIT("none")) && !kf_span_eq(v, KF_LIT("starttls")))
		return false;
	if (*tls != SMTP_TLS) /* smtps:// was said before */
		*tls = v.n == 4 ? SMTP_PLAIN : SMTP_STARTTLS;
	return true;
}

static bool
set_seccomp(struct slot *s, struct kf_span v)
{
	*(bool *)s->p = kf_span_eq(v, KF_LIT("trace"));
	return *(bool *)s->p || kf_span_eq(v, KF_LIT("on"));
}

#define F(field) offsetof(struct config, field), sizeof(((struct config *)0)->field)
#define WHOLE 0, sizeof(struct config)

static const struct name {
	const char *name;
	size_t offset, size;
	bool (*set)(struct slot *s, struct kf_span v);
	bool required;
	const char *expected;
} names[] = {
    {"base_url", F(base_url), set_base_url, true,
	"https://HOST[:PORT] without a path; http:// only for localhost"},
    {"listen", F(listen), set_addr, true, "ADDRESS PORT, such as 127.0.0.1 8080"},
    {"tls_cert", F(tls_cert), set_path, false, "the path of a PEM file"},
    {"tls_key", F(tls_key), set_path, false, "the path of a PEM file"},
    {"trusted_proxy", F(trusted_proxy), set_ip, false, "the address of your reverse proxy"},
    {"feed_url", F(feed_url), set_feed_url, true, "https://HOST[:PORT] without a path"},
    {"feed_listen", F(feed_listen), set_addr, true, "ADDRESS PORT, such as 0.0.0.0 8443"},
    {"state_dir", F(state_dir), set_path, true, "the path of a folder"},
    {"run_dir", F(run_dir), set_path, true, "the path of a folder"},
    {"master_key_file", F(master_key_file), set_path, true, "the path of a file"},
    {"workers", F(workers), set_workers, false, "a number from 1 to 64"},
    {"smtp_url", WHOLE, set_smtp_url, true, "smtp://HOST[:PORT] or smtps://HOST[:PORT]"},
    {"smtp_tls", F(smtp_tls), set_smtp_tls, false, "none or starttls"},
    {"smtp_user", F(smtp_user), set_text, false, "text of at most 199 bytes"},
    {"smtp_password_file", F(smtp_password_file), set_path, false, "the path of a file"},
    {"smtp_ca_file", F(smtp_ca_file), set_path, false, "the path of a PEM file"},
    {"mail_from", F(mail_from), set_email, true, "one e-mail address"},
    {"mail_reply_to", F(mail_reply_to), set_email, false, "one e-mail address"},
    {"org_name", F(org_name), set_text, false, "UTF-8 text of at most 199 bytes"},
    {"help_desk", F(help_desk), set_text, false, "UTF-8 text of at most 199 bytes"},
    {"session_hours", F(session_hours), set_hours, false, "a number from 1 to 168"},
    {"seccomp", F(seccomp_trace), set_seccomp, false, "on or trace"},
};

#define NAMES (sizeof(names) / sizeof(names[0]))

struct parse {
	const char *path;
	struct kf_span dir;
	struct config *conf;
	struct kf_buf *why;
	unsigned line;
	unsigned seen[NAMES]; /* the line it stood on; 0: not yet */
};

static enum kf_err
refuse(struct parse *p, const char *name, const char *what)
{
	kf_buf_str(p->why, p->path);
	if (p->line > 0)
		kf_buf_fmt(p->why, ":%u", p->line);
	kf_buf_fmt(p->why, ": %s: %s", name, what);
	return KF_EINVAL;
}

static struct kf_span
trim(struct kf_span s)
{
	while (s.n > 0 && isspace(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && isspace(s.p[s.n - 1]))
		s.n--;
	return s;
}

static enum kf_err
set_name(struct parse *p, const struct name *n, struct kf_span value)
{
	struct slot s = {(char *)p->conf + n->offset, n->size, p->dir};
	unsigned *seen = &p->seen[n - names];
	struct kf_buf text = {0};
	enum kf_err r = KF_EINVAL;

	if (*seen > 0) {
		kf_buf_fmt(&text, "stands on line %u already; keep one of them", *seen);
		r = refuse(p, n->name, kf_buf_cstr(&text));
	} else if (value.n == 0 || !n->set(&s, value)) {
		kf_buf_fmt(&text, "expected %s", n->expected);
		r = refuse(p, n->name, kf_buf_cstr(&text));
	} else {
		*seen = p->line;
		r = KF_OK;
	}
	kf_buf_free(&text);
	return r;
}

static enum kf_err
parse_line(struct parse *p, struct kf_span line)
{
	struct kf_span name = line;
	char shown[40];
	size_t i;

	if (line.n == 0 || line.p[0] == '#')
		return KF_OK;
	for (i = 0; i < line.n && !isspace(line.p[i]);)
		i++;
	name.n = i;
	for (size_t k = 0; k < NAMES; k++)
		if (kf_span_eq(name, kf_span_str(names[k].name)))
			return set_name(p, &names[k], trim(kf_span_of(line.p + i, line.n - i)));
	(void)snprintf(shown, sizeof(shown), "\"%.*s\"", name.n > 32 ? 32 : (int)name.n,
	    kf_text_clean(name) ? (const char *)name.p : "?");
	return refuse(p, shown, "no such name; keyfob.conf's names stand in its manual page");
}

static enum kf_err
parse_lines(struct parse *p, struct kf_span text)
{
	const uint8_t *nl;
	enum kf_err r;
	size_t n;

	while (text.n > 0) {
		nl = memchr(text.p, '\n', text.n);
		n = nl == NULL ? text.n : (size_t)(nl - text.p);
		p->line++;
		if ((r = parse_line(p, trim(kf_span_of(text.p, n)))) != KF_OK)
			return r;
		n += nl != NULL;
		text = kf_span_of(text.p + n, text.n - n);
	}
	p->line = 0;
	return KF_OK;
}

/* What no line alone can say. */
static enum kf_err
check_whole(struct parse *p)
{
	struct config *c = p->conf;

	for (size_t k = 0; k < NAMES; k++)
		if (names[k].required && p->seen[k] == 0)
			return refuse(p, names[k].name, "is missing");
	c->https = has_prefix(kf_span_str(c->base_url), "https://");
	if ((c->tls_cert[0] == '\0') != (c->tls_key[0] == '\0'))
		return refuse(p, "tls_cert, tls_key", "expected both or none");
	if (c->https && c->tls_cert[0] == '\0' && c->trusted_proxy[0] == '\0')
		return refuse(p, "base_url",
		    "is https: expected tls_cert and tls_key, or trusted_proxy for the proxy that "
		    "has them");
	if (!c->https && c->tls_cert[0] != '\0')
		return refuse(p, "base_url", "is http: expected https, as there is a tls_cert");
	if (c->smtp_tls == SMTP_PLAIN && !is_loopback(kf_span_str(c->smtp_host)))
		return refuse(p, "smtp_tls", "none is for a mail server on this host only");
	if (c->smtp_user[0] != '\0' && c->smtp_password_file[0] == '\0')
		return refuse(p, "smtp_password_file", "is missing, as there is an smtp_user");
	return KF_OK;
}

enum kf_err
config_parse(const char *path, struct kf_span text, struct config *out, struct kf_buf *why)
{
	const char *slash = strrchr(path, '/');
	struct parse p = {.path = path, .conf = out, .why = why};
	enum kf_err r;

	p.dir = kf_span_of(path, slash == NULL ? 0 : (size_t)(slash - path) + 1);
	memset(out, 0, sizeof(*out));
	out->workers = 2;
	out->session_hours = 12;
	out->smtp_tls = SMTP_STARTTLS;
	(void)snprintf(out->org_name, sizeof(out->org_name), "Keyfob");
	if ((r = parse_lines(&p, text)) != KF_OK)
		return r;
	return check_whole(&p);
}

enum kf_err
config_read(const char *path, struct config *out, struct kf_buf *why)
{
	struct kf_buf text = {.max = CONFIG_FILE_MAX};
	char block[4096];
	enum kf_err r = KF_EIO;
	size_t n;
	FILE *f;

	if ((f = fopen(path, "re")) == NULL) {
		kf_buf_fmt(why, "%s: %s", path, strerror(errno));
		return KF_EIO;
	}
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		kf_buf_add(&text, block, n);
	if (ferror(f))
		kf_buf_fmt(why, "%s: %s", path, strerror(errno));
	else if (text.bad)
		kf_buf_fmt(why, "%s: longer than 64 KiB: is it the right file?", path);
	else
		r = config_parse(path, kf_buf_span(&text), out, why);
	(void)fclose(f);
	kf_buf_free(&text);
	return r;
}
