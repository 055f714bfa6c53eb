#include "portal/cli/cli.h"
#include "portal/core/psk.h"

#include <stdio.h>
#include <string.h>

#define PAGE 1000

static const char *const status_word[] = {
    [KEY_ACTIVE] = "active",
    [KEY_ROTATING] = "rotating",
    [KEY_EXPIRED] = "expired",
    [KEY_REVOKED] = "revoked",
    [KEY_PENDING] = "pending",
};

static void
time_word(int64_t t, char out[21])
{
	if (t == 0)
		(void)snprintf(out, 21, "never");
	else
		kf_time_utc(t, out);
}

/* Bytes as they are, but what a terminal would act on as \xNN. */
static void
print_ssid(const struct feed_ssid *ssid)
{
	for (size_t i = 0; i < ssid->n; i++)
		if (ssid->b[i] < 0x20 || ssid->b[i] == 0x7f || ssid->b[i] == '\\')
			printf("\\x%02x", ssid->b[i]);
		else
			putchar(ssid->b[i]);
}

static void
print_key(const struct key_view *key, bool reveal)
{
	char expires[21];

	time_word(key->expires, expires);
	printf("id %s\nname %s\nssid ", key->id, key->name);
	print_ssid(&key->ssid);
	printf("\nstatus %s\nexpires %s\nvlan %u\ngroup %u\n", status_word[key->status], expires,
	    key->vlan, key->group);
	if (key->role[0] != '\0')
		printf("role %s\n", key->role);
	if (key->email[0] != '\0')
		printf("email %s\n", key->email);
	if (key->weak)
		printf("weak yes\n");
	if (reveal && key->pass.n > 0)
		printf("passphrase %s\n", key->pass.s);
}

/* Shows what a command made; the passphrase only when asked, and the audit hears of it first. */
static enum cli_exit
show(struct cli *cli, const struct key_view *key, bool reveal)
{
	enum kf_err r = reveal ? psk_revealed(cli->app, &cli->by, key->id) : KF_OK;

	if (r != KF_OK)
		return cli_fail(r, NULL);
	print_key(key, reveal);
	return CLI_OK;
}

static enum kf_err
list_one(void *arg, const struct key_view *key)
{
	char expires[21];

	(void)arg;
	time_word(key->expires, expires);
	printf("%s\t%s\t", key->id, key->name);
	print_ssid(&key->ssid);
	printf("\t%s\t%s\t%u\t%s\t%s\n", status_word[key->status], expires, key->vlan,
	    key->role[0] != '\0' ? key->role : "-", key->email[0] != '\0' ? key->email : "-");
	return KF_OK;
}

enum cli_exit
cmd_psk_list(struct cli *cli, struct cli_words words)
{
	const char *name = NULL, *ssid = NULL, *role = NULL, *email = NULL;
	const struct cli_opt opt[] = {
	    {.name = "name", .kind = CLI_TEXT, .text = &name},
	    {.name = "ssid", .kind = CLI_TEXT, .text = &ssid},
	    {.name = "role", .kind = CLI_TEXT, .text = &role},
	    {.name = "email", .kind = CLI_TEXT, .text = &email},
	};
	struct psk_filter filter = {.limit = PAGE, .page = 1};
	uint64_t total = 0;
	enum kf_err r;

	if (!cli_parse(cli, words, opt, sizeof(opt) / sizeof(opt[0]), CLI_NONE_LEFT))
		return CLI_USAGE;
	filter.name = kf_span_str(name);
	filter.ssid = kf_span_str(ssid);
	filter.role = kf_span_str(role);
	filter.email = kf_span_str(email);
	printf("ID\tNAME\tSSID\tSTATUS\tEXPIRES\tVLAN\tROLE\tEMAIL\n");
	do {
		r = psk_list(cli->app, &filter, list_one, NULL, &total);
	} while (r == KF_OK && (uint64_t)filter.page++ * PAGE < total);
	return r == KF_OK ? CLI_OK : cli_fail(r, NULL);
}

/* The words of psk add. */
struct add_words {
	const char *name, *ssid, *vlan, *role, *email, *expires, *devices;
	bool notify, pass_stdin, weak, reveal;
};

static bool
add_parse(struct cli *cli, struct cli_words words, struct add_words *w)
{
	const struct cli_opt opt[] = {
	    {.name = "name", .kind = CLI_TEXT, .text = &w->name},
	    {.name = "ssid", .kind = CLI_TEXT, .text = &w->ssid},
	    {.name = "vlan", .kind = CLI_TEXT, .text = &w->vlan},
	    {.name = "role", .kind = CLI_TEXT, .text = &w->role},
	    {.name = "email", .kind = CLI_TEXT, .text = &w->email},
	    {.name = "expires", .kind = CLI_TEXT, .text = &w->expires},
	    {.name = "max-devices", .kind = CLI_TEXT, .text = &w->devices},
	    {.name = "notify", .kind = CLI_FLAG, .flag = &w->notify},
	    {.name = "passphrase-stdin", .kind = CLI_FLAG, .flag = &w->pass_stdin},
	    {.name = "weak", .kind = CLI_FLAG, .flag = &w->weak},
	    {.name = "reveal", .kind = CLI_FLAG, .flag = &w->reveal},
	};

	return cli_parse(cli, words, opt, sizeof(opt) / sizeof(opt[0]), CLI_NONE_LEFT);
}

/* Its one line, without the line break. */
static enum kf_err
pass_read(struct kf_buf *pass)
{
	enum kf_err r = cli_stdin(256, pass);

	if (r == KF_OK && pass->n > 0 && pass->p[pass->n - 1] == '\n')
		pass->p[--pass->n] = '\0';
	return r;
}

enum cli_exit
cmd_psk_add(struct cli *cli, struct cli_words words)
{
	struct add_words w = {0};
	struct kf_buf pass = {0}, why = {0};
	uint64_t vlan = 0, devices = 0;
	struct psk_spec spec = {0};
	struct key_view key = {0};
	enum cli_exit e;
	enum kf_err r = KF_OK;

	if (!add_parse(cli, words, &w))
		return CLI_USAGE;
	if (w.name == NULL || !cli_number(w.vlan, 1, 4094, &vlan) ||
	    !cli_number(w.devices, 0, UINT32_MAX, &devices) ||
	    !cli_time(w.expires, kf_now_s(cli->app->env), &spec.expire_time))
		return cli_usage(cli, "expected --name, and numbers and times in their forms");
	if (w.pass_stdin && (r = pass_read(&pass)) == KF_OK && pass.n == 0)
		r = KF_EINVAL;
	spec.name = kf_span_str(w.name);
	spec.ssid = kf_span_str(w.ssid);
	spec.passphrase = kf_buf_span(&pass);
	spec.role = kf_span_str(w.role);
	spec.email = kf_span_str(w.email);
	spec.vlan_id = (uint16_t)vlan;
	spec.max_usage = (uint32_t)devices;
	spec.weak = w.weak;
	spec.notify = w.notify;
	if (r == KF_OK)
		r = psk_add(cli->app, &cli->by, &spec, &key, &why);
	e = r == KF_OK ? show(cli, &key, w.reveal) : cli_fail(r, &why);
	kf_wipe(&key, sizeof(key));
	kf_buf_free(&pass);
	kf_buf_free(&why);
	return e;
}

enum cli_exit
cmd_psk_show(struct cli *cli, struct cli_words words)
{
	bool reveal = false;
	const char *id = NULL;
	const struct cli_opt opt[] = {{.name = "reveal", .kind = CLI_FLAG, .flag = &reveal}};
	struct key_view key = {0};
	enum cli_exit e;
	enum kf_err r;

	if (!cli_parse(cli, words, opt, 1, (struct cli_left){&id, 1}))
		return CLI_USAGE;
	r = psk_find(cli->app, kf_span_str(id), reveal, &key);
	e = r == KF_OK ? show(cli, &key, reveal) : cli_fail(r, NULL);
	kf_wipe(&key, sizeof(key));
	return e;
}

enum cli_exit
cmd_psk_revoke(struct cli *cli, struct cli_words words)
{
	const char *id = NULL, *reason = NULL;
	const struct cli_opt opt[] = {{.name = "reason", .kind = CLI_TEXT, .text = &reason}};
	enum kf_err r;

	if (!cli_parse(cli, words, opt, 1, (struct cli_left){&id, 1}))
		return CLI_USAGE;
	r = psk_revoke(cli->app, &cli->by, kf_span_str(id), kf_span_str(reason));
	return r == KF_OK ? CLI_OK : cli_fail(r, NULL);
}

enum cli_exit
cmd_psk_rotate(struct cli *cli, struct cli_words words)
{
	const char *id = NULL, *overlap = NULL;
	bool reveal = false;
	const struct cli_opt opt[] = {
	    {.name = "overlap", .kind = CLI_TEXT, .text = &overlap},
	    {.name = "reveal", .kind = CLI_FLAG, .flag = &reveal},
	};
	struct key_view key = {0};
	uint64_t overlap_s = 0;
	enum cli_exit e;
	enum kf_err r;

	if (!cli_parse(cli, words, opt, 2, (struct cli_left){&id, 1}))
		return CLI_USAGE;
	if (!cli_number(overlap, 0, 2592000, &overlap_s))
		return cli_usage(cli, "--overlap: expected 0 to 2592000 seconds");
	r = psk_rotate(
	    cli->app, &cli->by, kf_span_str(id), overlap != NULL ? (int64_t)overlap_s : -1, &key);
	e = r == KF_OK ? show(cli, &key, reveal) : cli_fail(r, NULL);
	kf_wipe(&key, sizeof(key));
	return e;
}
