/* What `keyfob-agent status` and `why MAC` print: one fact a line. */
#include "ap-agent/agent.h"
#include "common/addr.h"

#include <inttypes.h>
#include <string.h>

static void
put_time(struct kf_buf *out, int64_t t)
{
	char s[21];

	kf_time_utc(t, s);
	kf_buf_str(out, t > 0 ? s : "never");
}

static void
put_call(struct agent *a, const char *name, enum feed_call call, struct kf_buf *out)
{
	const struct feed_call_state *s = feed_client_state(a->client, call);
	const char *how = s->ok_at == 0 && s->failures == 0 ? "connecting"
	    : s->failures > 0				    ? "down"
							    : "live";

	kf_buf_fmt(out, "%-10s %s, last heard ", name, how);
	put_time(out, s->ok_at);
	if (s->failures > 0)
		kf_buf_fmt(out, ", %u tries, last: %s", s->failures, s->error);
	kf_buf_str(out, "\n");
}

static void
put_radius(struct agent *a, struct kf_buf *out)
{
	const struct radius_counters *c;
	char addr[KF_ADDR_TEXT_MAX + 1];

	if (a->radius == NULL) {
		kf_buf_str(out, "radius     off (no radius_listen)\n");
		return;
	}
	kf_addr_str(&a->conf->radius_addr, addr);
	c = radius_server_counters(a->radius);
	kf_buf_fmt(out,
	    "radius     %s port %u, %" PRIu64 " requests, %" PRIu64 " accepted, %" PRIu64
	    " rejected, %" PRIu64 " duplicates, %" PRIu64 " accounting\n",
	    addr, a->conf->radius_port, c->requests, c->accepts, c->rejects, c->duplicates,
	    c->acct);
	kf_buf_fmt(out,
	    "dropped    %" PRIu64 " unknown client, %" PRIu64 " malformed, %" PRIu64
	    " without authenticator, %" PRIu64 " wrong authenticator, %" PRIu64
	    " unexpected, %" PRIu64 " over the limit, %" PRIu64 " failed\n",
	    c->unknown_client, c->malformed, c->no_authenticator, c->bad_authenticator,
	    c->unexpected, c->limited, c->failed);
}

void
agent_status(struct agent *a, struct kf_buf *out)
{
	size_t elsewhere;

	(void)roster_site(a->roster, &elsewhere);
	kf_buf_fmt(out, "agent      %s, since ", a->id.text);
	put_time(out, a->started);
	kf_buf_fmt(out, "\nportal     %s, certificate until ", a->id.url);
	put_time(out, a->id.cert_end);
	kf_buf_str(out, "\n");
	put_call(a, "feed", CALL_FEED, out);
	kf_buf_fmt(out, "revision   %" PRIu64 ", %zu keys, %zu WLANs, %zu VLANs%s\n", a->head.rev,
	    keyring_count(a->ring), set_count(a->set, FEED_WLAN), set_count(a->set, FEED_VLAN),
	    a->stale && a->conf->refuse_new ? ", STALE: nobody new is let in"
		: a->stale		    ? ", STALE"
					    : "");
	put_call(a, "stations", CALL_SESSIONS, out);
	if (feed_client_state(a->client, CALL_SESSIONS)->failures > 0)
		kf_buf_str(out, "           peers on other APs wait for the portal\n");
	put_call(a, "events", CALL_EVENTS, out);
	kf_buf_fmt(out, "on air     %zu here, %zu at the site, %" PRIu64 " events lost\n",
	    roster_count(a->roster), elsewhere, report_lost(a->report));
	put_radius(a, out);
	kf_buf_fmt(out, "isolation  %s%s%s\n", a->conf->isolate->name,
	    a->conf->netns[0] != '\0' ? " in netns " : "", a->conf->netns);
}

void
agent_why(struct agent *a, struct kf_span text, struct kf_buf *out)
{
	const char *why;
	uint8_t mac[6];
	char s[18];
	int64_t at = 0;

	if (kf_parse_mac(text, mac) != KF_OK) {
		kf_buf_str(out, "! expected a MAC address like aa:bb:cc:dd:ee:ff\n");
		return;
	}
	kf_mac_str(mac, s);
	why = roster_why(a->roster, mac, &at);
	if (why == NULL) {
		kf_buf_fmt(out, "%s was not heard since this agent started\n", s);
		return;
	}
	kf_buf_fmt(out, "%s ", s);
	put_time(out, at);
	kf_buf_fmt(out, " %s\n", why);
}
