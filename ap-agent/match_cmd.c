#include "ap-agent/match_cmd.h"

#include "ap-agent/capture.h"
#include "ap-agent/match_keys.h"
#include "ap-agent/pairing.h"
#include "common/text.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_NONE 1
#define EXIT_BAD 2

struct match_cmd {
	struct feed_ssid ssid;
	struct match_keys *keys;
	size_t matched;
	bool bad; /* something could not be read or written: said on stderr */
};

static void
usage(FILE *to)
{
	fputs(
	    "usage: keyfob-agent match --ssid SSID --keys FILE CAPTURE...\n"
	    "Whose key is in a capture? Prints one JSON line for each message 2 of a 4-way\n"
	    "handshake. FILE has NAME<TAB>passphrase-or-64-hex a line; CAPTURE is pcap or pcapng,\n"
	    "taken in monitor mode or on Ethernet. Exit 0: something matched; 1: nothing did;\n"
	    "2: bad usage or input.\n",
	    to);
}

static json_t *
line_of(const struct paired *p)
{
	char ap[18], station[18];

	kf_mac_str(p->at.ap, ap);
	kf_mac_str(p->at.station, station);
	return json_pack("{ssss}", "ap", ap, "station", station);
}

/* Adds what was found out. False: there is nothing to print. */
static bool
line_fill(struct match_cmd *cmd, const struct paired *p, json_t *line)
{
	struct handshake hs;
	enum eapol_why why;
	const char *name;

	if (handshake_read(&hs, &p->at, p->m2, &why) != KF_OK) {
		if (!eapol_why_unsupported(why))
			return false;
		return json_object_set_new(line, "unsupported", json_string(eapol_why_str(why))) ==
		    0;
	}
	if (match_keys_find(cmd->keys, &hs, &name) != KF_OK) {
		fputs("keyfob-agent: match: the crypto library failed\n", stderr);
		cmd->bad = true;
		return false;
	}
	cmd->matched += name != NULL;
	return json_object_set_new(line, "akm", json_integer(hs.akm)) == 0 &&
	    json_object_set_new(line, "key", name == NULL ? json_null() : json_string(name)) == 0;
}

static void
on_paired(void *arg, const struct paired *p)
{
	struct match_cmd *cmd = arg;
	json_t *line = line_of(p);

	if (line != NULL && line_fill(cmd, p, line) &&
	    (json_dumpf(line, stdout, JSON_COMPACT) != 0 || putchar('\n') == EOF))
		cmd->bad = true;
	json_decref(line);
}

static void
run_capture(struct match_cmd *cmd, const char *path)
{
	char why[CAPTURE_WHY_MAX] = "";
	struct pairing *pairing = NULL;
	struct capture *cap = NULL;
	struct capture_frame frame;
	size_t broken = 0;
	enum kf_err r;

	if ((r = capture_open(path, &cap, why)) != KF_OK ||
	    (r = pairing_new(on_paired, cmd, &pairing)) != KF_OK)
		goto out;
	while ((r = capture_next(cap, &frame, why)) == KF_OK)
		if (pairing_frame(pairing, frame.from, frame.to, frame.eapol) != KF_OK)
			broken++; /* or EAPOL that is no key: EAP, start, logoff */
	if (r == KF_ENOENT)
		r = KF_OK;
	if (broken > 0)
		fprintf(
		    stderr, "%s: %zu EAPOL frames are no handshake, passed over\n", path, broken);
out:
	if (r != KF_OK) {
		fprintf(stderr, "%s: %s\n", path, why[0] != '\0' ? why : kf_err_str(r));
		cmd->bad = true;
	}
	pairing_free(&pairing);
	capture_close(&cap);
}

static enum kf_err
read_keys(struct match_cmd *cmd, const char *path)
{
	FILE *file = fopen(path, "rbe");
	char why[MATCH_WHY_MAX] = "";
	enum kf_err r;

	if (file == NULL) {
		fprintf(stderr, "%s: cannot open: %s\n", path, strerror(errno));
		return KF_EIO;
	}
	if ((r = match_keys_read(file, &cmd->ssid, &cmd->keys, why)) != KF_OK)
		fprintf(stderr, "%s:%s\n", path, why);
	fclose(file);
	return r;
}

static bool
set_ssid(struct match_cmd *cmd, const char *text)
{
	size_t n = strlen(text);

	if (n < 1 || n > FEED_SSID_MAX) {
		fprintf(
		    stderr, "keyfob-agent: match: --ssid must have 1 to 32 bytes, not %zu\n", n);
		return false;
	}
	cmd->ssid.n = (uint8_t)n;
	memcpy(cmd->ssid.b, text, n);
	return true;
}

/* The exit status when there is nothing to run; -1: go on. */
static int
read_args(struct match_cmd *cmd, int argc, char **argv, const char **keys)
{
	static const struct option opt[] = {{"ssid", required_argument, NULL, 's'},
	    {"keys", required_argument, NULL, 'k'}, {"help", no_argument, NULL, 'h'}, {0}};
	int c;

	optind = 1;
	while ((c = getopt_long(argc, argv, "", opt, NULL)) != -1) {
		if (c == 'h') {
			usage(stdout);
			return EXIT_SUCCESS;
		}
		if (c == 's' && !set_ssid(cmd, optarg))
			return EXIT_BAD;
		if (c == 'k')
			*keys = optarg;
		if (c == '?') {
			usage(stderr);
			return EXIT_BAD;
		}
	}
	if (cmd->ssid.n > 0 && *keys != NULL && optind < argc)
		return -1;
	usage(stderr);
	return EXIT_BAD;
}

int
match_cmd_run(int argc, char **argv)
{
	struct match_cmd cmd = {0};
	const char *keys = NULL;
	int status = read_args(&cmd, argc, argv, &keys);

	if (status >= 0)
		return status;
	if (read_keys(&cmd, keys) != KF_OK)
		return EXIT_BAD;
	for (int i = optind; i < argc; i++)
		run_capture(&cmd, argv[i]);
	match_keys_free(&cmd.keys);
	if (fflush(stdout) != 0) {
		fprintf(stderr, "keyfob-agent: match: cannot write: %s\n", strerror(errno));
		cmd.bad = true;
	}
	return cmd.bad ? EXIT_BAD : cmd.matched > 0 ? EXIT_SUCCESS : EXIT_NONE;
}
