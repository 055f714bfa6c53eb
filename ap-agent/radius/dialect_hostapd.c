#include "ap-agent/radius/dialect_hostapd.h"

#include "common/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define VENDOR_FREERADIUS 11344
#define TYPE_ANONCE 1
#define TYPE_EAPOL 2
#define TUNNEL_VLAN 13	 /* Tunnel-Type, RFC 3580 3.31 */
#define MEDIUM_IEEE802 6 /* Tunnel-Medium-Type */

enum kf_err
radius_called_station(struct kf_span value, uint8_t bss[6], struct feed_ssid *ssid)
{
	struct kf_rd rd = kf_rd_of(value);
	size_t mac_len = value.n == 12 || (value.n > 12 && value.p[12] == ':') ? 12 : 17;
	enum kf_err r = kf_parse_mac(kf_rd_take(&rd, mac_len), bss);

	if (rd.bad || r != KF_OK)
		return KF_EINVAL;
	if (ssid == NULL)
		return KF_OK;
	ssid->n = 0;
	if (kf_rd_u8(&rd) != ':' || rd.n < 1 || rd.n > FEED_SSID_MAX)
		return KF_EINVAL;
	ssid->n = (uint8_t)rd.n;
	kf_rd_copy(&rd, ssid->b, rd.n);
	return KF_OK;
}

static void
ask_print(struct radius_ask *ask, struct kf_span anonce, struct kf_span eapol)
{
	const struct kf_span part[] = {kf_span_of(ask->bss, 6), kf_span_of(ask->mac, 6), anonce,
	    kf_span_of(&ask->ssid.n, 1), kf_span_of(ask->ssid.b, ask->ssid.n), eapol};

	kf_sha256_parts(part, sizeof(part) / sizeof(part[0]), &ask->print);
}

static enum kf_err
hostapd_read(const struct radius_packet *pkt, struct radius_ask *ask)
{
	struct radius_joined anonce, eapol;
	struct kf_span called, calling;
	struct handshake_at at;
	enum kf_err a, e;

	a = radius_find_evs5(pkt, VENDOR_FREERADIUS, TYPE_ANONCE, &anonce);
	e = radius_find_evs5(pkt, VENDOR_FREERADIUS, TYPE_EAPOL, &eapol);
	if (a == KF_ENOENT && e == KF_ENOENT)
		return KF_ENOENT;
	if (a != KF_OK || e != KF_OK || anonce.n != sizeof(at.anonce) ||
	    !radius_find(pkt, RADIUS_CALLED_STATION_ID, &called) ||
	    !radius_find(pkt, RADIUS_CALLING_STATION_ID, &calling) ||
	    radius_called_station(called, ask->bss, &ask->ssid) != KF_OK ||
	    kf_parse_mac(calling, ask->mac) != KF_OK)
		return KF_EINVAL;
	memcpy(at.ap, ask->bss, 6);
	memcpy(at.station, ask->mac, 6);
	memcpy(at.anonce, anonce.b, sizeof(at.anonce));
	if (handshake_read(&ask->hs, &at, kf_span_of(eapol.b, eapol.n), &ask->why) != KF_OK)
		assert(ask->why != EAPOL_FINE);
	ask_print(ask, kf_span_of(anonce.b, anonce.n), kf_span_of(eapol.b, eapol.n));
	return KF_OK;
}

static void
add_tunnel(struct radius_reply *reply, uint16_t id)
{
	char text[6];
	int n = snprintf(text, sizeof(text), "%u", (unsigned)id);

	assert(n > 0);
	radius_reply_u32(reply, RADIUS_TUNNEL_TYPE, TUNNEL_VLAN);
	radius_reply_u32(reply, RADIUS_TUNNEL_MEDIUM_TYPE, MEDIUM_IEEE802);
	radius_reply_add(reply, RADIUS_TUNNEL_PRIVATE_GROUP_ID, kf_span_of(text, (size_t)n));
}

static void
hostapd_accept(struct radius_reply *reply, const struct radius_packet *req, struct kf_span secret,
    const struct radius_grant *grant)
{
	char id[37], pmk[2 * KF_PMK_LEN + 1];

	kf_uuid_str(grant->key->id, id);
	radius_reply_add(reply, RADIUS_USER_NAME, kf_span_str(id));
	radius_reply_add(reply, RADIUS_CHARGEABLE_USER_IDENTITY, kf_span_str(id));
	radius_reply_add(reply, RADIUS_CLASS, kf_span_str(id));
	if (grant->tunnel != 0)
		add_tunnel(reply, grant->tunnel);
	if (grant->session_s != 0)
		radius_reply_u32(reply, RADIUS_SESSION_TIMEOUT, grant->session_s);
	kf_hex(kf_span_of(grant->key->pmk.b, KF_PMK_LEN), pmk);
	radius_reply_password(reply, req, secret, grant->salt, kf_span_str(pmk));
	kf_wipe(pmk, sizeof(pmk));
}

const struct radius_dialect radius_dialect_hostapd = {"hostapd", hostapd_read, hostapd_accept};
