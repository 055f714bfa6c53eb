/* keyfob, the admin's command line: what its commands share. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "portal/core/audit.h"
#include "portal/core/config.h"

enum cli_exit { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

/* One run. app is NULL for the commands that need no installation. */
struct cli {
	const struct config *conf;
	struct app *app;
	struct actor by; /* "cli" and the user's name */
	const char *usage;
};

/* --- the words after the command ---------------------------------------------------------------
 */

enum cli_opt_kind { CLI_FLAG, CLI_TEXT, CLI_LIST };

/* An option: --name, --name VALUE, or --name VALUE as often as max says. */
struct cli_opt {
	const char *name; /* without -- */
	enum cli_opt_kind kind;
	bool *flag;
	const char **text; /* CLI_LIST: an array of max */
	size_t *n, max;	   /* of a list */
};

struct cli_words {
	const char *const *v;
	size_t n;
};

/* Where the words go that are no options: exactly n of them. */
struct cli_left {
	const char **v;
	size_t n;
};
#define CLI_NONE_LEFT ((struct cli_left){NULL, 0})

/* Sorts words into options and the others. false: said what is wrong on stderr, with the usage;
 * return CLI_USAGE. */
bool cli_parse(const struct cli *cli, struct cli_words words, const struct cli_opt *opt, size_t n,
    struct cli_left left) KF_MUST_CHECK;
/* "problem" and the usage on stderr. */
enum cli_exit cli_usage(const struct cli *cli, const char *problem);
/* "keyfob: why" on stderr, or words for r when why is empty. */
enum cli_exit cli_fail(enum kf_err r, const struct kf_buf *why);

/* A number in [min, max]; NULL keeps *out. */
bool cli_number(const char *text, uint64_t min, uint64_t max, uint64_t *out) KF_MUST_CHECK;
/* "90s", "12h", "30d" from now on, or "2026-12-31T23:59:59Z"; NULL keeps *out. */
bool cli_time(const char *text, int64_t now, int64_t *out) KF_MUST_CHECK;
/* Standard input to its end, at most max bytes. KF_ELIMIT more; KF_EIO. */
enum kf_err cli_stdin(size_t max, struct kf_buf *out) KF_MUST_CHECK;

/* --- the commands, each in a file of its group; words: what stands behind the command -----------
 */

enum cli_exit cmd_init(struct cli *cli, struct cli_words words);
enum cli_exit cmd_migrate(struct cli *cli, struct cli_words words);
enum cli_exit cmd_idp_add(struct cli *cli, struct cli_words words);
enum cli_exit cmd_idp_list(struct cli *cli, struct cli_words words);
enum cli_exit cmd_psk_list(struct cli *cli, struct cli_words words);
enum cli_exit cmd_psk_add(struct cli *cli, struct cli_words words);
enum cli_exit cmd_psk_show(struct cli *cli, struct cli_words words);
enum cli_exit cmd_psk_revoke(struct cli *cli, struct cli_words words);
enum cli_exit cmd_psk_rotate(struct cli *cli, struct cli_words words);
enum cli_exit cmd_token_add(struct cli *cli, struct cli_words words);
enum cli_exit cmd_agent_code(struct cli *cli, struct cli_words words);
enum cli_exit cmd_agent_list(struct cli *cli, struct cli_words words);
enum cli_exit cmd_agent_revoke(struct cli *cli, struct cli_words words);
enum cli_exit cmd_audit_verify(struct cli *cli, struct cli_words words);
enum cli_exit cmd_backup(struct cli *cli, struct cli_words words);

#endif
