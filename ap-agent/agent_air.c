/* What happens on the air: RADIUS asked or told something, a port moved, a key ended. */
#include "ap-agent/agent.h"
#include "common/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int64_t
now(const struct agent *a)
{
	return kf_now_s(a->env);
}

static void
tell(struct agent *a, enum feed_event_kind kind, const struct own *own)
{
	struct feed_event ev = {.kind = kind, .at = now(a), .group = own->group, .vlan = own->vlan};

	if (kind == FEED_EV_JOIN)
		ev.at = own->since;
	memcpy(ev.key, own->key, sizeof(ev.key));
	memcpy(ev.mac, own->mac, sizeof(ev.mac));
	memcpy(ev.bss, own->bss, sizeof(ev.bss));
	report_add(a->report, &ev);
}

void
agent_stations_report(void *arg, struct report *r)
{
	struct agent *a = arg;

	(void)r; /* tell() adds to it */
	for (size_t i = 0; i < roster_count(a->roster); i++)
		tell(a, FEED_EV_JOIN, roster_at(a->roster, i));
}

static struct station
station_of(const struct own *own)
{
	struct station s;

	memcpy(s.mac, own->mac, sizeof(s.mac));
	memcpy(s.bss, own->bss, sizeof(s.bss));
	return s;
}

/* The port that hostapd gives the station: interface.SLOT or interface.VLAN. "" when the BSS is
 * not on this host: then RADIUS is all we do for it. */
static struct place
place_of(const struct agent *a, const struct own *own)
{
	struct place p = {.vlan = own->vlan, .group = own->group, .slot = own->slot};
	unsigned n = own->slot != 0 ? own->slot : own->vlan;

	for (size_t i = 0; i < a->conf->bsses; i++) {
		const struct conf_bss *b = &a->conf->bss[i];
		int len;

		if (memcmp(b->bssid, own->bss, 6) != 0)
			continue;
		len = snprintf(p.port, sizeof(p.port), "%s.%u", b->ifname, n);
		if (len < 0 || (size_t)len >= sizeof(p.port))
			p.port[0] = '\0';
	}
	return p;
}

/* own may lie in the roster: it is of no use afterwards. */
static void
station_end(struct agent *a, const struct own *own, bool report, const char *why)
{
	struct own gone = *own;
	struct station s = station_of(&gone);

	if (a->conf->isolate->leave(a->iso, &s) != KF_OK)
		kf_log(LOGL_ERROR, "isolate", "a station was not taken out");
	if (gone.slot != 0)
		slot_drop(a->slots, gone.slot, gone.bss);
	roster_drop(a->roster, &gone);
	roster_note(a->roster, gone.mac, now(a), "left: %s", why);
	if (report)
		tell(a, FEED_EV_LEAVE, &gone);
}

static enum kf_err
station_start(struct agent *a, const struct own *own)
{
	struct own *before = roster_find(a->roster, own->mac, own->bss);
	struct own put = *own;
	struct station s = station_of(own);
	struct place p = place_of(a, own);
	char key[37];
	enum kf_err r;

	if (before != NULL && memcmp(before->key, own->key, 16) == 0 &&
	    before->group == own->group && before->vlan == own->vlan && before->slot == own->slot)
		return KF_OK; /* an Interim-Update of a station that we know */
	if (before != NULL && before->slot != 0)
		slot_drop(a->slots, before->slot, before->bss);
	r = a->conf->isolate->join(a->iso, &s, &p);
	if (r == KF_EDENIED) {
		roster_note(a->roster, own->mac, now(a),
		    "refused: its MAC is a gateway's, a wired host's or the AP's own");
		roster_drop(a->roster, own);
		return KF_OK; /* heard; a second Accounting-Request would not help */
	}
	if (r != KF_OK)
		return r;
	if ((r = roster_put(a->roster, &put)) != KF_OK) {
		/* One too many to keep in mind: then it has no place either. */
		kf_log(LOGL_ERROR, "agent", "more than %d stations", ROSTER_OWN_MAX);
		return a->conf->isolate->leave(a->iso, &s) == KF_OK ? r : KF_EIO;
	}
	if (put.slot != 0)
		slot_hold(a->slots, put.slot, put.bss);
	kf_uuid_str(own->key, key);
	roster_note(a->roster, own->mac, now(a), "on the air: key %s, group %u, VLAN %u%s%s", key,
	    own->group, own->vlan, p.port[0] != '\0' ? ", port " : "", p.port);
	tell(a, FEED_EV_JOIN, &put);
	return KF_OK;
}

void
agent_stations_check(struct agent *a)
{
	for (size_t i = roster_count(a->roster); i > 0; i--) {
		struct own *own = roster_at(a->roster, i - 1);
		const struct feed_key *key = keyring_find(a->ring, own->key);

		if (key == NULL)
			station_end(a, own, true, "its key was revoked or is over");
		else if (!keyring_key_valid(key, now(a)))
			station_end(a, own, true, "its key has expired");
		else if (key->group != own->group)
			station_end(a, own, true, "its key is in another private network now");
	}
}

/* --- RADIUS --------------------------------------------------------------------------------------
 */
static void
on_match(void *arg, const struct radius_match *m)
{
	struct agent *a = arg;
	struct feed_event ev = {.kind = FEED_EV_MATCH,
	    .at = now(a),
	    .group = m->key->group,
	    .vlan = m->key->vlan,
	    .akm = (uint8_t)m->akm,
	    .candidates = m->candidates,
	    .microseconds = m->microseconds};
	char key[37];

	memcpy(ev.key, m->key->id, sizeof(ev.key));
	memcpy(ev.mac, m->mac, sizeof(ev.mac));
	memcpy(ev.bss, m->bss, sizeof(ev.bss));
	report_add(a->report, &ev);
	kf_uuid_str(m->key->id, key);
	roster_note(a->roster, m->mac, now(a), "let in: key %s, group %u, VLAN %u, %u keys tried",
	    key, m->key->group, m->key->vlan, m->candidates);
}

static void
on_miss(void *arg, const struct radius_miss *m)
{
	struct agent *a = arg;
	struct feed_event ev = {.kind = FEED_EV_MISS,
	    .at = now(a),
	    .akm = (uint8_t)m->akm,
	    .candidates = m->candidates,
	    .microseconds = m->microseconds};

	memcpy(ev.mac, m->mac, sizeof(ev.mac));
	memcpy(ev.bss, m->bss, sizeof(ev.bss));
	report_add(a->report, &ev);
	roster_note(a->roster, m->mac, now(a), "refused by %s: %s (%u keys tried)", m->client,
	    m->why == EAPOL_FINE ? "no valid key fits" : eapol_why_str(m->why), m->candidates);
}

static uint16_t
slot(void *arg, uint32_t group, uint16_t vlan, const uint8_t bss[6])
{
	struct agent *a = arg;

	return slot_get(a->slots, group, vlan, bss);
}

/* A BSS has started or stopped: nobody is on it. */
static void
bss_end(struct agent *a, const uint8_t bss[6])
{
	for (size_t i = roster_count(a->roster); i > 0; i--)
		if (memcmp(roster_at(a->roster, i - 1)->bss, bss, 6) == 0)
			station_end(a, roster_at(a->roster, i - 1), true, "its AP restarted");
}

static enum kf_err
acct_start(struct agent *a, const struct radius_acct *acct)
{
	const struct feed_key *key = acct->has_key ? keyring_find(a->ring, acct->key_id) : NULL;
	const uint8_t *last;
	struct own own = {.since = now(a)};

	if (key == NULL && acct->ssid.n > 0 &&
	    (last = station_cache_get(a->stations, acct->mac, &acct->ssid)) != NULL)
		key = keyring_find(a->ring, last);
	if (key == NULL || !keyring_key_valid(key, now(a))) {
		roster_note(a->roster, acct->mac, now(a), "no place: its key is unknown or over");
		return KF_OK;
	}
	memcpy(own.mac, acct->mac, sizeof(own.mac));
	memcpy(own.bss, acct->bss, sizeof(own.bss));
	memcpy(own.key, key->id, sizeof(own.key));
	own.group = key->group;
	own.vlan = key->vlan;
	if (a->conf->vlan_attr == RADIUS_VLAN_ATTR_SLOT)
		own.slot = slot_get(a->slots, own.group, own.vlan, own.bss);
	return station_start(a, &own);
}

static enum kf_err
on_acct(void *arg, const struct radius_acct *acct)
{
	struct agent *a = arg;
	struct own *own;

	switch (acct->kind) {
	case RADIUS_ACCT_ON:
	case RADIUS_ACCT_OFF:
		if (acct->has_bss)
			bss_end(a, acct->bss);
		return KF_OK;
	case RADIUS_ACCT_START:
	case RADIUS_ACCT_INTERIM:
		return acct->has_mac && acct->has_bss ? acct_start(a, acct) : KF_OK;
	case RADIUS_ACCT_STOP:
		if (acct->has_mac && acct->has_bss &&
		    (own = roster_find(a->roster, acct->mac, acct->bss)) != NULL)
			station_end(a, own, true, "it went off the air");
		return KF_OK;
	}
	return KF_OK;
}

struct radius_events
agent_radius_events(struct agent *a)
{
	return (struct radius_events){on_match, on_miss, on_acct, slot, a};
}

/* --- isolation -----------------------------------------------------------------------------------
 */
void
agent_isolate_event(void *arg, const struct isolate_event *ev)
{
	static const enum feed_event_kind kind[] = {[ISOLATE_MAC_FORGED] = FEED_EV_FORGED,
	    [ISOLATE_MAC_CONFLICT] = FEED_EV_CONFLICT,
	    [ISOLATE_PORT_STUCK] = FEED_EV_STUCK};
	struct agent *a = arg;
	struct feed_event out = {.kind = kind[ev->kind], .at = now(a)};
	char mac[18];

	memcpy(out.mac, ev->mac, sizeof(out.mac));
	(void)snprintf(out.note, sizeof(out.note), "%s", ev->port);
	kf_mac_str(ev->mac, mac);
	kf_log(LOGL_WARN, "isolate", "mac=%s port=%s says=\"%s\"", mac, ev->port, ev->why);
	if (a->report != NULL)
		report_add(a->report, &out);
	if (a->roster != NULL)
		roster_note(a->roster, ev->mac, now(a), "%s", ev->why);
}

struct adopt {
	struct agent *a;
	struct own own[ROSTER_OWN_MAX];
	size_t n;
};

static void
adopt_add(void *arg, const struct station *sta, const struct place *at)
{
	struct adopt *ad = arg;
	struct own *own;

	if (ad->n == ROSTER_OWN_MAX)
		return;
	own = &ad->own[ad->n++];
	*own = (struct own){
	    .group = at->group, .vlan = at->vlan, .slot = at->slot, .since = now(ad->a)};
	memcpy(own->mac, sta->mac, sizeof(own->mac));
	memcpy(own->bss, sta->bss, sizeof(own->bss));
}

/* A valid key of the station's group and VLAN: which of its group's keys it came with is lost
 * until its AP tells again, and makes no difference to where it belongs. */
static const struct feed_key *
adopt_key(const struct agent *a, const struct own *own)
{
	for (size_t i = 0; i < keyring_count(a->ring); i++) {
		const struct feed_key *key = keyring_at(a->ring, i);

		if (key->group == own->group && key->vlan == own->vlan &&
		    keyring_key_valid(key, now(a)))
			return key;
	}
	return NULL;
}

void
agent_adopt(struct agent *a)
{
	struct adopt *ad = calloc(1, sizeof(*ad));
	const struct feed_key *key;

	if (ad == NULL)
		return;
	ad->a = a;
	a->conf->isolate->each(a->iso, adopt_add, ad);
	for (size_t i = 0; i < ad->n; i++) {
		struct own *own = &ad->own[i];
		struct station s = station_of(own);

		if ((key = adopt_key(a, own)) != NULL) {
			memcpy(own->key, key->id, sizeof(own->key));
			if (station_start(a, own) == KF_OK)
				continue;
		}
		if (a->conf->isolate->leave(a->iso, &s) != KF_OK)
			kf_log(LOGL_ERROR, "isolate", "a station was not taken out");
	}
	free(ad);
}

/* The same MAC elsewhere: in our station's group it has moved on; in another one somebody must be
 * lying, and we are asked whether ours is still here. As far as its AP has told, it is. */
static void
elsewhere(struct agent *a, const struct feed_session *s)
{
	for (size_t i = roster_count(a->roster); i > 0; i--) {
		struct own *own = roster_at(a->roster, i - 1);

		if (memcmp(own->mac, s->mac, 6) != 0)
			continue;
		if (own->group == s->group) {
			if (s->since >= own->since)
				station_end(a, own, false, "it is on another AP now");
		} else if (!own->asked) {
			own->asked = true;
			tell(a, FEED_EV_STILL, own);
			roster_note(a->roster, own->mac, now(a),
			    "its MAC is on another AP in another private network too");
		}
	}
}

void
agent_site_changed(struct agent *a)
{
	size_t n;
	const struct feed_session *s = roster_site(a->roster, &n);

	for (size_t i = 0; i < n; i++)
		if (memcmp(s[i].agent, a->id.id, sizeof(s[i].agent)) != 0)
			elsewhere(a, &s[i]);
	if (a->conf->isolate->sessions(a->iso, s, n) != KF_OK)
		kf_log(LOGL_ERROR, "isolate", "the site's stations were not taken");
}
