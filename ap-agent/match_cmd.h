/* keyfob-agent match --ssid SSID --keys FILE CAPTURE... : whose key is in a capture? */
#ifndef AGENT_MATCH_CMD_H
#define AGENT_MATCH_CMD_H

/* argv[0] is "match". Prints one JSON line per message 2 on stdout, complaints on stderr.
 * Returns the exit status: 0 something matched, 1 nothing did, 2 bad usage or input. */
int match_cmd_run(int argc, char **argv);

#endif
