/* keyfob-agent.conf: lines `NAME VALUE…`, words separated by blanks; a line that starts with # is
 * a comment, nothing else is. Strict: what is not understood stops the start. The table of names
 * stands in agent_conf.c. Relative paths start at the file's folder. */
#ifndef AGENT_AGENT_CONF_H
#define AGENT_AGENT_CONF_H

#include "ap-agent/isolate.h"
#include "ap-agent/radius/server.h"
#include "common/text.h"

#define CONF_PATH_MAX 512
#define CONF_BSS_MAX 64
#define CONF_IFNAME_MAX 15

struct conf_bss {
	uint8_t bssid[6];
	char ifname[CONF_IFNAME_MAX + 1];
};

struct agent_conf {
	char state_dir[CONF_PATH_MAX]; /* who we are; the sealed snapshot */
	char run_dir[CONF_PATH_MAX];   /* agent.pid, ctl */
	char seal_key_file[CONF_PATH_MAX];
	struct feed_addr radius_addr;
	uint16_t radius_port; /* 0: no RADIUS; accounting is on the next one */
	struct radius_client *client;
	size_t clients;
	enum radius_vlan_attr vlan_attr;
	const struct isolate_ops *isolate;
	char netns[64]; /* "": this one */
	char uplink[CONF_IFNAME_MAX + 1];
	struct conf_bss bss[CONF_BSS_MAX];
	size_t bsses;
	int64_t stale_after_s;
	bool refuse_new; /* stale_action refuse-new: without a feed for so long nobody new comes in
			  */
};

/* On failure why gets "FILE:LINE: what was expected". Secrets of radius_client lines are read from
 * their files. Release it after success. KF_EIO cannot be read; KF_EINVAL. */
enum kf_err
agent_conf_read(const char *path, struct agent_conf *out, struct kf_buf *why) KF_MUST_CHECK;
/* The same from bytes. */
enum kf_err agent_conf_parse(const char *path, struct kf_span text, struct agent_conf *out,
    struct kf_buf *why) KF_MUST_CHECK;
void agent_conf_release(struct agent_conf *conf); /* wipes the secrets */

#endif
