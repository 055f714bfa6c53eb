#include "common/feed_codec.h"

#include <assert.h>
#include <string.h>

#define REC_GONE 6
#define REC_ON 16
#define REC_OFF 17
#define REC_COUNTERS 63
#define REC_HEAD 5 /* kind and length */
#define VID_MAX 4094

void
feed_item_wipe(struct feed_item *it)
{
	kf_wipe(it, sizeof(*it));
}

void
feed_put_magic(struct kf_buf *b, enum feed_type type)
{
	kf_buf_str(b, "KF");
	kf_buf_u8(b, FEED_VERSION);
	kf_buf_u8(b, (uint8_t)type);
}

unsigned
feed_take_magic(struct kf_rd *rd)
{
	struct kf_span magic = kf_rd_take(rd, 2);
	uint8_t version = kf_rd_u8(rd), type = kf_rd_u8(rd);

	if (rd->bad || memcmp(magic.p, "KF", 2) != 0 || version != FEED_VERSION) {
		rd->bad = true;
		return 0;
	}
	return type;
}

/* A record's length is known when its end is: begin leaves room, end fills it in. */
static size_t
record_begin(struct kf_buf *b, uint8_t kind)
{
	kf_buf_u8(b, kind);
	kf_buf_u32(b, 0);
	return b->n;
}

static void
record_end(struct kf_buf *b, size_t start)
{
	size_t n = b->n - start;

	if (b->bad)
		return;
	for (size_t i = 0; i < 4; i++)
		b->p[start - 4 + i] = (char)(n >> (24 - 8 * i) & 0xff);
}

/* The next record of a message: its kind and a cursor over its body; 0 at the end. */
static uint8_t
record_next(struct kf_rd *rd, struct kf_rd *body)
{
	struct kf_span s;
	uint8_t kind;
	uint32_t n;

	if (rd->bad || rd->n == 0)
		return 0;
	kind = kf_rd_u8(rd);
	n = kf_rd_u32(rd);
	s = kf_rd_take(rd, n);
	if (kind == 0)
		rd->bad = true;
	*body = kf_rd_of(s);
	return rd->bad ? 0 : kind;
}

/* A known record must be used up, and nothing in it may have been wrong. */
static bool
record_done(struct kf_rd *rd, const struct kf_rd *body)
{
	if (body->bad || body->n != 0)
		rd->bad = true;
	return !rd->bad;
}

/* --- values ---------------------------------------------------------------------------------- */
static void
put_text(struct kf_buf *b, const char *s)
{
	size_t n = strlen(s);

	assert(n <= UINT8_MAX);
	kf_buf_u8(b, (uint8_t)n);
	kf_buf_add(b, s, n);
}

static void
take_text(struct kf_rd *rd, char *out, size_t max)
{
	struct kf_span s = kf_rd_take(rd, kf_rd_u8(rd));

	out[0] = '\0';
	if (rd->bad)
		return;
	if (s.n > max || !kf_text_clean(s)) {
		rd->bad = true;
		return;
	}
	if (s.n > 0)
		memcpy(out, s.p, s.n);
	out[s.n] = '\0';
}

static void
put_ssid(struct kf_buf *b, const struct feed_ssid *ssid)
{
	assert(ssid->n >= 1);
	assert(ssid->n <= FEED_SSID_MAX);
	kf_buf_u8(b, ssid->n);
	kf_buf_add(b, ssid->b, ssid->n);
}

static void
take_ssid(struct kf_rd *rd, struct feed_ssid *ssid)
{
	ssid->n = kf_rd_u8(rd);
	if (ssid->n < 1 || ssid->n > FEED_SSID_MAX) {
		ssid->n = 0;
		rd->bad = true;
		return;
	}
	kf_rd_copy(rd, ssid->b, ssid->n);
}

static uint8_t
take_between(struct kf_rd *rd, uint8_t min, uint8_t max)
{
	uint8_t v = kf_rd_u8(rd);

	if (v < min || v > max)
		rd->bad = true;
	return v;
}

static uint16_t
take_vid(struct kf_rd *rd, uint16_t min)
{
	uint16_t v = kf_rd_u16(rd);

	if (v < min || v > VID_MAX)
		rd->bad = true;
	return v;
}

static int64_t
take_time(struct kf_rd *rd)
{
	uint64_t t = kf_rd_u64(rd);

	if (t > INT64_MAX / 1000) { /* so that milliseconds fit as well */
		rd->bad = true;
		return 0;
	}
	return (int64_t)t;
}

static void
put_addrs(struct kf_buf *b, const struct feed_addr *a, uint8_t n)
{
	kf_buf_u8(b, n);
	for (uint8_t i = 0; i < n; i++) {
		kf_buf_u8(b, a[i].family);
		kf_buf_u8(b, a[i].bits);
		kf_buf_add(b, a[i].b, a[i].family == 4 ? 4 : 16);
	}
}

static uint8_t
take_addrs(struct kf_rd *rd, struct feed_addr *a, uint8_t max)
{
	uint8_t n = take_between(rd, 0, max);

	for (uint8_t i = 0; i < n && !rd->bad; i++) {
		a[i].family = kf_rd_u8(rd);
		if (a[i].family != 4 && a[i].family != 6)
			rd->bad = true;
		a[i].bits = take_between(rd, 0, a[i].family == 4 ? 32 : 128);
		kf_rd_copy(rd, a[i].b, a[i].family == 4 ? 4 : 16);
	}
	return rd->bad ? 0 : n;
}

/* --- things ---------------------------------------------------------------------------------- */
static void
put_key(struct kf_buf *b, const struct feed_key *k)
{
	put_ssid(b, &k->ssid);
	kf_buf_u32(b, k->group);
	kf_buf_u16(b, k->vlan);
	kf_buf_u64(b, (uint64_t)k->not_before);
	kf_buf_u64(b, (uint64_t)k->not_after);
	put_text(b, k->role);
	kf_buf_add(b, k->pmk.b, sizeof(k->pmk.b));
	kf_buf_u8(b, k->pass.n);
	kf_buf_add(b, k->pass.s, k->pass.n);
}

static void
take_key(struct kf_rd *rd, struct feed_key *k)
{
	take_ssid(rd, &k->ssid);
	k->group = kf_rd_u32(rd);
	if (k->group < FEED_GROUP_MIN || k->group > FEED_GROUP_MAX)
		rd->bad = true;
	k->vlan = take_vid(rd, 0);
	k->not_before = take_time(rd);
	k->not_after = take_time(rd);
	take_text(rd, k->role, FEED_ROLE_MAX);
	kf_rd_copy(rd, k->pmk.b, sizeof(k->pmk.b));
	k->pass.n = take_between(rd, 0, KF_PASS_MAX);
	if (rd->bad)
		k->pass.n = 0;
	kf_rd_copy(rd, k->pass.s, k->pass.n);
	k->pass.s[k->pass.n] = '\0';
	if (memchr(k->pass.s, '\0', k->pass.n) != NULL)
		rd->bad = true;
}

static void
put_wlan(struct kf_buf *b, const struct feed_wlan *w)
{
	put_ssid(b, &w->ssid);
	kf_buf_u8(b, (uint8_t)w->security);
	kf_buf_u8(b, (uint8_t)w->key_form);
	kf_buf_u8(b, w->personal);
}

static void
take_wlan(struct kf_rd *rd, struct feed_wlan *w)
{
	take_ssid(rd, &w->ssid);
	w->security = (enum feed_security)take_between(rd, FEED_WPA2, FEED_WPA3);
	w->key_form = (enum feed_key_form)take_between(rd, FEED_FORM_PMK, FEED_FORM_PASSPHRASE);
	w->personal = take_between(rd, 0, 1) == 1;
}

static void
put_vlan(struct kf_buf *b, const struct feed_vlan *v)
{
	kf_buf_u16(b, v->vid);
	put_addrs(b, v->prefix, v->prefixes);
	put_addrs(b, v->gateway, v->gateways);
	kf_buf_u8(b, v->wired_any);
	kf_buf_u8(b, v->wireds);
	kf_buf_add(b, v->wired, (size_t)v->wireds * 6);
}

static void
take_vlan(struct kf_rd *rd, struct feed_vlan *v)
{
	v->vid = take_vid(rd, 1);
	v->prefixes = take_addrs(rd, v->prefix, FEED_PREFIXES_MAX);
	v->gateways = take_addrs(rd, v->gateway, FEED_GATEWAYS_MAX);
	v->wired_any = take_between(rd, 0, 1) == 1;
	v->wireds = take_between(rd, 0, FEED_WIRED_MAX);
	if (rd->bad)
		v->wireds = 0;
	kf_rd_copy(rd, v->wired, (size_t)v->wireds * 6);
}

void
feed_put_head(struct kf_buf *b, const struct feed_head *head)
{
	feed_put_magic(b, head->type);
	kf_buf_u64(b, head->rev);
	kf_buf_add(b, head->chain.b, sizeof(head->chain.b));
	kf_buf_add(b, head->set.b, sizeof(head->set.b));
}

void
feed_put_item(struct kf_buf *b, const struct feed_item *it)
{
	size_t start = record_begin(b, it->gone ? REC_GONE : (uint8_t)it->kind);

	if (it->gone)
		kf_buf_u8(b, (uint8_t)it->kind);
	kf_buf_add(b, it->id, sizeof(it->id));
	kf_buf_u64(b, it->rev);
	if (!it->gone) {
		switch (it->kind) {
		case FEED_SITE:
			put_text(b, it->u.site.name);
			break;
		case FEED_WLAN:
			put_wlan(b, &it->u.wlan);
			break;
		case FEED_VLAN:
			put_vlan(b, &it->u.vlan);
			break;
		case FEED_ROLE:
			put_text(b, it->u.role.name);
			break;
		case FEED_KEY:
			put_key(b, &it->u.key);
			break;
		}
	}
	record_end(b, start);
}

enum kf_err
feed_read_head(struct kf_span msg, struct feed_head *head, struct kf_rd *rd)
{
	unsigned type;

	memset(head, 0, sizeof(*head));
	*rd = kf_rd_of(msg);
	type = feed_take_magic(rd);
	head->rev = kf_rd_u64(rd);
	kf_rd_copy(rd, head->chain.b, sizeof(head->chain.b));
	kf_rd_copy(rd, head->set.b, sizeof(head->set.b));
	if (rd->bad || (type != FEED_DELTA && type != FEED_SNAPSHOT))
		return KF_EINVAL;
	head->type = (enum feed_type)type;
	return KF_OK;
}

static void
take_item(struct kf_rd *rd, struct feed_item *it)
{
	kf_rd_copy(rd, it->id, sizeof(it->id));
	it->rev = kf_rd_u64(rd);
	if (it->gone)
		return;
	switch (it->kind) {
	case FEED_SITE:
		memcpy(it->u.site.id, it->id, sizeof(it->id));
		take_text(rd, it->u.site.name, FEED_NAME_MAX);
		break;
	case FEED_WLAN:
		memcpy(it->u.wlan.id, it->id, sizeof(it->id));
		take_wlan(rd, &it->u.wlan);
		break;
	case FEED_VLAN:
		memcpy(it->u.vlan.id, it->id, sizeof(it->id));
		take_vlan(rd, &it->u.vlan);
		break;
	case FEED_ROLE:
		memcpy(it->u.role.id, it->id, sizeof(it->id));
		take_text(rd, it->u.role.name, FEED_ROLE_MAX);
		break;
	case FEED_KEY:
		memcpy(it->u.key.id, it->id, sizeof(it->id));
		take_key(rd, &it->u.key);
		break;
	}
}

bool
feed_next_item(struct kf_rd *rd, struct feed_item *it)
{
	struct kf_rd body;
	const uint8_t *start;
	uint8_t kind;

	do {
		start = rd->p;
		kind = record_next(rd, &body);
	} while (kind > REC_GONE);
	memset(it, 0, sizeof(*it));
	if (kind == 0)
		return false;
	it->raw = kf_span_of(start, (size_t)(rd->p - start));
	it->gone = kind == REC_GONE;
	it->kind = (enum feed_kind)(it->gone ? take_between(&body, FEED_SITE, FEED_KEY) : kind);
	take_item(&body, it);
	return record_done(rd, &body);
}

void
feed_set_line(enum feed_kind kind, const uint8_t id[16], uint64_t rev, uint8_t out[FEED_SET_LINE])
{
	out[0] = (uint8_t)kind;
	memcpy(out + 1, id, 16);
	for (size_t i = 0; i < 8; i++)
		out[17 + i] = (uint8_t)(rev >> (56 - 8 * i));
}

/* --- live stations --------------------------------------------------------------------------- */
void
feed_put_sessions_head(struct kf_buf *b, const struct feed_sessions_head *head)
{
	feed_put_magic(b, head->type);
	kf_buf_u64(b, head->epoch);
	kf_buf_u64(b, head->n);
	kf_buf_u8(b, head->want_full);
}

void
feed_put_session(struct kf_buf *b, const struct feed_session *s, bool on)
{
	size_t start = record_begin(b, on ? REC_ON : REC_OFF);

	kf_buf_add(b, s->agent, sizeof(s->agent));
	kf_buf_add(b, s->bss, sizeof(s->bss));
	kf_buf_add(b, s->mac, sizeof(s->mac));
	if (on) {
		kf_buf_u32(b, s->group);
		kf_buf_u16(b, s->vlan);
		kf_buf_u64(b, (uint64_t)s->since);
	}
	record_end(b, start);
}

enum kf_err
feed_read_sessions_head(struct kf_span msg, struct feed_sessions_head *head, struct kf_rd *rd)
{
	unsigned type;

	memset(head, 0, sizeof(*head));
	*rd = kf_rd_of(msg);
	type = feed_take_magic(rd);
	head->epoch = kf_rd_u64(rd);
	head->n = kf_rd_u64(rd);
	head->want_full = take_between(rd, 0, 1) == 1;
	if (rd->bad || (type != FEED_SESSIONS && type != FEED_CHANGES))
		return KF_EINVAL;
	head->type = (enum feed_type)type;
	return KF_OK;
}

bool
feed_next_session(struct kf_rd *rd, struct feed_session *s, bool *on)
{
	struct kf_rd body;
	uint8_t kind;

	do
		kind = record_next(rd, &body);
	while (kind != 0 && kind != REC_ON && kind != REC_OFF);
	memset(s, 0, sizeof(*s));
	if (kind == 0)
		return false;
	*on = kind == REC_ON;
	kf_rd_copy(&body, s->agent, sizeof(s->agent));
	kf_rd_copy(&body, s->bss, sizeof(s->bss));
	kf_rd_copy(&body, s->mac, sizeof(s->mac));
	if (*on) {
		s->group = kf_rd_u32(&body);
		if (s->group < FEED_GROUP_MIN || s->group > FEED_GROUP_MAX)
			body.bad = true;
		s->vlan = take_vid(&body, 0);
		s->since = take_time(&body);
	}
	return record_done(rd, &body);
}

/* --- events ---------------------------------------------------------------------------------- */
void
feed_put_events_head(struct kf_buf *b, const struct feed_events_head *head)
{
	feed_put_magic(b, FEED_EVENTS);
	kf_buf_u64(b, head->seq);
	kf_buf_u8(b, head->full);
}

void
feed_put_event(struct kf_buf *b, const struct feed_event *ev)
{
	size_t start = record_begin(b, (uint8_t)ev->kind);

	kf_buf_u64(b, (uint64_t)ev->at);
	kf_buf_add(b, ev->key, sizeof(ev->key));
	kf_buf_add(b, ev->bss, sizeof(ev->bss));
	kf_buf_add(b, ev->mac, sizeof(ev->mac));
	kf_buf_u32(b, ev->group);
	kf_buf_u16(b, ev->vlan);
	kf_buf_u8(b, ev->akm);
	kf_buf_u32(b, ev->candidates);
	kf_buf_u32(b, ev->microseconds);
	put_text(b, ev->note);
	record_end(b, start);
}

void
feed_put_counters(struct kf_buf *b, const struct feed_counters *c)
{
	size_t start = record_begin(b, REC_COUNTERS);

	kf_buf_u64(b, c->accepts);
	kf_buf_u64(b, c->rejects);
	kf_buf_u64(b, c->dropped);
	kf_buf_u64(b, c->acct);
	kf_buf_u64(b, c->keys);
	record_end(b, start);
}

enum kf_err
feed_read_events_head(struct kf_span msg, struct feed_events_head *head, struct kf_rd *rd)
{
	unsigned type;

	memset(head, 0, sizeof(*head));
	*rd = kf_rd_of(msg);
	type = feed_take_magic(rd);
	head->seq = kf_rd_u64(rd);
	if (head->seq > INT64_MAX)
		rd->bad = true;
	head->full = take_between(rd, 0, 1) == 1;
	return rd->bad || type != FEED_EVENTS ? KF_EINVAL : KF_OK;
}

static void
take_counters(struct kf_rd *rd, struct feed_counters *c)
{
	c->accepts = kf_rd_u64(rd);
	c->rejects = kf_rd_u64(rd);
	c->dropped = kf_rd_u64(rd);
	c->acct = kf_rd_u64(rd);
	c->keys = kf_rd_u64(rd);
}

static void
take_event(struct kf_rd *rd, struct feed_event *ev)
{
	ev->at = take_time(rd);
	kf_rd_copy(rd, ev->key, sizeof(ev->key));
	kf_rd_copy(rd, ev->bss, sizeof(ev->bss));
	kf_rd_copy(rd, ev->mac, sizeof(ev->mac));
	ev->group = kf_rd_u32(rd);
	if (ev->group > FEED_GROUP_MAX)
		rd->bad = true;
	ev->vlan = take_vid(rd, 0);
	ev->akm = kf_rd_u8(rd);
	ev->candidates = kf_rd_u32(rd);
	ev->microseconds = kf_rd_u32(rd);
	take_text(rd, ev->note, FEED_NOTE_MAX);
}

bool
feed_next_event(struct kf_rd *rd, struct feed_event *ev, struct feed_counters *c)
{
	struct kf_rd body;
	uint8_t kind;

	memset(ev, 0, sizeof(*ev));
	while ((kind = record_next(rd, &body)) != 0) {
		if (kind == REC_COUNTERS) {
			take_counters(&body, c);
			if (!record_done(rd, &body))
				return false;
		} else if (kind >= FEED_EV_MATCH && kind <= FEED_EV_STUCK) {
			ev->kind = (enum feed_event_kind)kind;
			take_event(&body, ev);
			return record_done(rd, &body);
		}
	}
	return false;
}

void
feed_put_ack(struct kf_buf *b, const struct feed_ack *ack)
{
	feed_put_magic(b, FEED_ACK);
	kf_buf_u64(b, ack->seq);
	kf_buf_u8(b, ack->want_full);
}

enum kf_err
feed_read_ack(struct kf_span msg, struct feed_ack *ack)
{
	struct kf_rd rd = kf_rd_of(msg);
	unsigned type = feed_take_magic(&rd);

	ack->seq = kf_rd_u64(&rd);
	ack->want_full = take_between(&rd, 0, 1) == 1;
	return rd.bad || type != FEED_ACK || ack->seq > INT64_MAX ? KF_EINVAL : KF_OK;
}
