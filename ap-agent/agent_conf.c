#include "ap-agent/agent_conf.h"

#include "ap-agent/file.h"
#include "common/addr.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 4
#define FILE_MAX (1UL << 20)
#define STALE_DEFAULT_S (7 * 86400)

/* One line, split. */
struct line {
	const char *path; /* of the configuration file */
	struct kf_span word[WORDS_MAX];
	size_t words; /* the name not counted */
};

struct opt {
	const char *name;
	/* Sets it, or says what was expected. */
	const char *(*set)(struct agent_conf *c, const struct line *l);
	bool many, needed;
};

static bool
text_set(struct kf_span s, char *out, size_t size)
{
	if (s.n == 0 || s.n >= size || !kf_text_clean(s))
		return false;
	memcpy(out, s.p, s.n);
	out[s.n] = '\0';
	return true;
}

/* A relative path starts at the folder of the configuration file. */
static const char *
path_set(const struct line *l, struct kf_span s, char out[CONF_PATH_MAX])
{
	const char *slash = strrchr(l->path, '/');
	int dir = slash != NULL ? (int)(slash - l->path) + 1 : 0, n;
	char rest[CONF_PATH_MAX];

	if (!text_set(s, rest, sizeof(rest)))
		return "expected a path";
	n = rest[0] == '/' ? snprintf(out, CONF_PATH_MAX, "%s", rest)
			   : snprintf(out, CONF_PATH_MAX, "%.*s%s", dir, l->path, rest);
	return n > 0 && n < CONF_PATH_MAX ? NULL : "the path is too long";
}

static const char *
set_state_dir(struct agent_conf *c, const struct line *l)
{
	return l->words == 1 ? path_set(l, l->word[0], c->state_dir) : "expected a folder";
}

static const char *
set_run_dir(struct agent_conf *c, const struct line *l)
{
	return l->words == 1 ? path_set(l, l->word[0], c->run_dir) : "expected a folder";
}

static const char *
set_seal_key_file(struct agent_conf *c, const struct line *l)
{
	return l->words == 1 ? path_set(l, l->word[0], c->seal_key_file) : "expected a file";
}

static const char *
set_radius_listen(struct agent_conf *c, const struct line *l)
{
	uint64_t port = 0;

	if (l->words != 2 || kf_addr_parse(l->word[0], &c->radius_addr) != KF_OK ||
	    kf_parse_u64(l->word[1], 1, 65534, &port) != KF_OK)
		return "expected an address and a port from 1 to 65534 (accounting takes the next)";
	c->radius_port = (uint16_t)port;
	return NULL;
}

static const char *
client_secret(struct radius_client *client, const char *path)
{
	struct kf_buf b = {0};
	const char *why = NULL;

	if (file_read(path, RADIUS_SECRET_MAX + 2, &b) != KF_OK)
		why = "cannot read the secret's file (at most 128 bytes)";
	while (why == NULL && b.n > 0 && (b.p[b.n - 1] == '\n' || b.p[b.n - 1] == '\r'))
		b.n--;
	if (why == NULL && (b.n == 0 || b.n > RADIUS_SECRET_MAX))
		why = "expected a secret of 1 to 128 bytes in the file";
	if (why == NULL) {
		memcpy(client->secret, b.p, b.n);
		client->secret_len = b.n;
	}
	kf_buf_free(&b);
	return why;
}

static const char *
set_radius_client(struct agent_conf *c, const struct line *l)
{
	struct radius_client *more, *client;
	char path[CONF_PATH_MAX];
	const char *why;

	if (l->words < 3 || (l->words == 4 && !kf_span_eq(l->word[3], KF_LIT("unsigned"))))
		return "expected ADDRESS[/BITS] NAME SECRETFILE [unsigned]";
	if (c->clients == RADIUS_CLIENTS_MAX)
		return "too many radius_client lines";
	more = realloc(c->client, (c->clients + 1) * sizeof(*more));
	if (more == NULL)
		return "out of memory";
	c->client = more;
	client = &more[c->clients];
	memset(client, 0, sizeof(*client));
	if (kf_addr_parse(l->word[0], &client->net) != KF_OK)
		return "expected an address like 192.0.2.1 or 10.0.0.0/8";
	if (!text_set(l->word[1], client->name, sizeof(client->name)))
		return "expected a name of at most 63 bytes";
	if ((why = path_set(l, l->word[2], path)) != NULL ||
	    (why = client_secret(client, path)) != NULL)
		return why;
	client->require_message_authenticator = l->words == 3;
	c->clients++;
	return NULL;
}

static const char *
set_vlan_attr(struct agent_conf *c, const struct line *l)
{
	if (l->words == 1 && kf_span_eq(l->word[0], KF_LIT("vlan")))
		c->vlan_attr = RADIUS_VLAN_ATTR_VLAN;
	else if (l->words == 1 && kf_span_eq(l->word[0], KF_LIT("slot")))
		c->vlan_attr = RADIUS_VLAN_ATTR_SLOT;
	else
		return "expected vlan or slot";
	return NULL;
}

static const char *
set_isolate(struct agent_conf *c, const struct line *l)
{
	if (l->words == 1 && kf_span_eq(l->word[0], KF_LIT("nft")))
		c->isolate = &isolate_nft;
	else if (l->words == 1 && kf_span_eq(l->word[0], KF_LIT("dummy")))
		c->isolate = &isolate_dummy;
	else
		return "expected nft or dummy";
	return NULL;
}

static const char *
set_netns(struct agent_conf *c, const struct line *l)
{
	bool ok = l->words == 1 && text_set(l->word[0], c->netns, sizeof(c->netns)) &&
	    strchr(c->netns, '/') == NULL && c->netns[0] != '.';

	return ok ? NULL : "expected the name of a network namespace (ip netns list)";
}

static bool
ifname_ok(const char *s)
{
	return s[0] != '\0' && strchr(s, '/') == NULL && strchr(s, ' ') == NULL;
}

static const char *
set_uplink(struct agent_conf *c, const struct line *l)
{
	bool ok = l->words == 1 && text_set(l->word[0], c->uplink, sizeof(c->uplink)) &&
	    ifname_ok(c->uplink);

	return ok ? NULL : "expected the name of the wired interface";
}

static const char *
set_bss(struct agent_conf *c, const struct line *l)
{
	struct conf_bss *b = &c->bss[c->bsses];

	if (c->bsses == CONF_BSS_MAX)
		return "too many bss lines";
	if (l->words != 2 || kf_parse_mac(l->word[0], b->bssid) != KF_OK ||
	    !text_set(l->word[1], b->ifname, sizeof(b->ifname)) || !ifname_ok(b->ifname))
		return "expected BSSID INTERFACE, like 02:00:00:00:00:01 wlan0";
	c->bsses++;
	return NULL;
}

static const char *
set_stale_after(struct agent_conf *c, const struct line *l)
{
	struct kf_span s = l->word[0];
	uint64_t n = 0, unit = 1;

	if (l->words == 1 && s.n > 1) {
		uint8_t u = s.p[s.n - 1];
		unit = u == 'd' ? 86400 : u == 'h' ? 3600 : u == 'm' ? 60 : 1;
		if (unit > 1)
			s.n--;
	}
	if (l->words != 1 || kf_parse_u64(s, 1, 36500, &n) != KF_OK)
		return "expected a time like 7d, 12h, 30m or a number of seconds";
	c->stale_after_s = (int64_t)(n * unit);
	return NULL;
}

static const char *
set_stale_action(struct agent_conf *c, const struct line *l)
{
	if (l->words == 1 && kf_span_eq(l->word[0], KF_LIT("keep")))
		c->refuse_new = false;
	else if (l->words == 1 && kf_span_eq(l->word[0], KF_LIT("refuse-new")))
		c->refuse_new = true;
	else
		return "expected keep or refuse-new";
	return NULL;
}

static const struct opt opts[] = {
    {"state_dir", set_state_dir, false, true},
    {"run_dir", set_run_dir, false, true},
    {"seal_key_file", set_seal_key_file, false, true},
    {"radius_listen", set_radius_listen, false, false},
    {"radius_client", set_radius_client, true, false},
    {"vlan_attr", set_vlan_attr, false, false},
    {"isolate", set_isolate, false, false},
    {"netns", set_netns, false, false},
    {"uplink", set_uplink, false, false},
    {"bss", set_bss, true, false},
    {"stale_after", set_stale_after, false, false},
    {"stale_action", set_stale_action, false, false},
};
#define OPTS (sizeof(opts) / sizeof(opts[0]))

static struct kf_span
word_next(struct kf_span *s)
{
	struct kf_span w;

	while (s->n > 0 && (s->p[0] == ' ' || s->p[0] == '\t')) {
		s->p++;
		s->n--;
	}
	for (w = kf_span_of(s->p, 0); s->n > 0 && s->p[0] != ' ' && s->p[0] != '\t'; w.n++) {
		s->p++;
		s->n--;
	}
	return w;
}

/* What was expected, or NULL. */
static const char *
line_take(struct agent_conf *c, struct line *l, struct kf_span text, bool seen[OPTS])
{
	struct kf_span name = word_next(&text), w;

	for (w = word_next(&text); w.n > 0; w = word_next(&text)) {
		if (l->words == WORDS_MAX)
			return "too many words on this line";
		l->word[l->words++] = w;
	}
	for (size_t i = 0; i < OPTS; i++) {
		if (!kf_span_eq(name, kf_span_str(opts[i].name)))
			continue;
		if (seen[i] && !opts[i].many)
			return "this name stands here for the second time";
		seen[i] = true;
		return l->words > 0 ? opts[i].set(c, l) : "expected a value after the name";
	}
	return "unknown name (see keyfob-agent.conf's table in ap-agent/agent_conf.c)";
}

static const char *
whole_check(const struct agent_conf *c, const bool seen[OPTS], struct kf_buf *scratch)
{
	for (size_t i = 0; i < OPTS; i++) {
		if (opts[i].needed && !seen[i]) {
			kf_buf_fmt(scratch, "%s is missing", opts[i].name);
			return kf_buf_cstr(scratch);
		}
	}
	if (c->radius_port != 0 && c->clients == 0)
		return "radius_listen needs at least one radius_client ADDRESS NAME SECRETFILE";
	if (c->isolate == &isolate_nft && c->uplink[0] == '\0')
		return "isolate nft needs uplink INTERFACE";
	if (strncmp(c->seal_key_file, c->state_dir, strlen(c->state_dir)) == 0 &&
	    c->seal_key_file[strlen(c->state_dir)] == '/')
		return "seal_key_file must lie outside of state_dir: a backup of the one must not "
		       "open the other";
	return NULL;
}

enum kf_err
agent_conf_parse(const char *path, struct kf_span text, struct agent_conf *out, struct kf_buf *why)
{
	struct kf_buf scratch = {0};
	bool seen[OPTS] = {false};
	const char *wrong = NULL;
	unsigned n = 0;

	*out = (struct agent_conf){.isolate = &isolate_dummy, .stale_after_s = STALE_DEFAULT_S};
	while (wrong == NULL && text.n > 0) {
		const uint8_t *end = memchr(text.p, '\n', text.n);
		struct kf_span s =
		    kf_span_of(text.p, end != NULL ? (size_t)(end - text.p) : text.n);
		struct kf_span rest = s;
		struct line l = {.path = path};

		n++;
		text.p += s.n + (end != NULL);
		text.n -= s.n + (end != NULL);
		if (word_next(&rest).n == 0 || s.p[0] == '#')
			continue;
		wrong = line_take(out, &l, s, seen);
	}
	if (wrong != NULL) {
		kf_buf_fmt(why, "%s:%u: %s", path, n, wrong);
	} else if ((wrong = whole_check(out, seen, &scratch)) != NULL) {
		kf_buf_fmt(why, "%s: %s", path, wrong);
	}
	kf_buf_free(&scratch);
	if (wrong == NULL)
		return KF_OK;
	agent_conf_release(out);
	return KF_EINVAL;
}

enum kf_err
agent_conf_read(const char *path, struct agent_conf *out, struct kf_buf *why)
{
	struct kf_buf b = {0};
	enum kf_err r = file_read(path, FILE_MAX, &b);

	if (r == KF_OK)
		r = agent_conf_parse(path, kf_buf_span(&b), out, why);
	else
		kf_buf_fmt(why, "%s: cannot be read", path);
	kf_buf_free(&b);
	return r;
}

void
agent_conf_release(struct agent_conf *c)
{
	if (c->client != NULL)
		kf_wipe(c->client, c->clients * sizeof(*c->client));
	free(c->client);
	c->client = NULL;
	c->clients = 0;
}
