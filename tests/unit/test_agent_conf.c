#include "ap-agent/agent_conf.h"
#include "tests/unit/tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MUST "state_dir a\nrun_dir b\nseal_key_file c\n"

/* The refusal's text, or "" when it was taken. */
static const char *
why_of(const char *path, const char *text)
{
	static char out[256];
	struct agent_conf conf;
	struct kf_buf why = {0};

	if (agent_conf_parse(path, kf_span_str(text), &conf, &why) == KF_OK)
		agent_conf_release(&conf);
	(void)snprintf(out, sizeof(out), "%s", kf_buf_cstr(&why));
	kf_buf_free(&why);
	return out;
}

static bool
refused(const char *text, const char *says)
{
	return strstr(why_of("x/k.conf", text), says) != NULL;
}

static void
test_taken(const char *dir)
{
	char path[64], secret[64];
	struct agent_conf c;
	struct kf_buf why = {0};
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/k.conf", dir);
	(void)snprintf(secret, sizeof(secret), "%s/secret", dir);
	f = fopen(secret, "w");
	OK(f != NULL && fputs("hush hush\n", f) >= 0 && fclose(f) == 0);

	IT("every name is taken");
	OK(agent_conf_parse(path,
	       kf_span_str("# a comment\n" MUST "radius_listen ::1 1812\n"
			   "radius_client 10.0.0.0/8 hall secret\n"
			   "radius_client 192.0.2.7 old secret unsigned\n"
			   "\nvlan_attr slot\nisolate nft\nnetns demo\nuplink eth0\n"
			   "bss 02:00:00:00:00:01 wlan0\nbss 02:00:00:00:00:02 wlan1\n"
			   "stale_after 12h\nstale_action refuse-new"),
	       &c, &why) == KF_OK);
	OK(strncmp(c.state_dir, dir, strlen(dir)) == 0 && strcmp(c.netns, "demo") == 0);
	OK(c.radius_port == 1812 && c.radius_addr.family == 6 && c.clients == 2);
	OK(c.client[0].secret_len == 9 && memcmp(c.client[0].secret, "hush hush", 9) == 0);
	OK(c.client[0].net.bits == 8 && c.client[0].require_message_authenticator);
	OK(!c.client[1].require_message_authenticator && c.client[1].net.bits == 32);
	OK(c.vlan_attr == RADIUS_VLAN_ATTR_SLOT && c.isolate == &isolate_nft && c.bsses == 2);
	OK(c.stale_after_s == 43200 && c.refuse_new);
	agent_conf_release(&c);

	IT("what is left out has a default");
	OK(agent_conf_parse(path, kf_span_str(MUST), &c, &why) == KF_OK);
	OK(c.isolate == &isolate_dummy && c.stale_after_s == 7 * 86400 && c.radius_port == 0);
	agent_conf_release(&c);
	(void)unlink(secret);
	kf_buf_free(&why);
}

int
main(void)
{
	char dir[] = "/tmp/keyfob-conf-XXXXXX";

	OK(mkdtemp(dir) != NULL);
	test_taken(dir);
	(void)rmdir(dir);

	IT("what is not understood stops the start, with the line");
	OK(refused(MUST "colour blue\n", "x/k.conf:4: unknown name"));
	OK(refused("state_dir a\nstate_dir b\n", ":2: this name stands here for the second time"));
	OK(refused("state_dir\n", ":1: expected a value"));
	OK(refused("state_dir a\n", "run_dir is missing"));
	OK(refused("radius_listen 127.0.0.1 65535\n", ":1: expected an address and a port"));
	OK(refused("radius_listen 127.0.0.1\n", ":1: expected an address and a port"));
	OK(refused("radius_client 1.2.3.4 x /nowhere/at/all\n", "cannot read the secret"));
	OK(refused("radius_client 1.2.3.400 x y\n", ":1: expected an address like"));
	OK(refused("radius_client 1.2.3.4 x y always\n", "[unsigned]"));
	OK(refused("vlan_attr both\n", "expected vlan or slot"));
	OK(refused("isolate iptables\n", "expected nft or dummy"));
	OK(refused("netns ../x\n", "network namespace"));
	OK(refused("bss 02:00 wlan0\n", "expected BSSID INTERFACE"));
	OK(refused("bss 02:00:00:00:00:01 an-interface-with-a-long-name\n", "BSSID INTERFACE"));
	OK(refused("stale_after soon\n", "expected a time"));
	OK(refused("stale_action explode\n", "expected keep or refuse-new"));
	OK(refused("state_dir a b c d e f\n", "too many words"));

	IT("and so does what does not go together");
	OK(refused(MUST "radius_listen 127.0.0.1 1812\n", "at least one radius_client"));
	OK(refused(MUST "isolate nft\n", "needs uplink"));
	OK(refused("state_dir a\nrun_dir b\nseal_key_file a/c\n", "outside of state_dir"));
	return tap_end();
}
