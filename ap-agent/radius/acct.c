#include "ap-agent/radius/acct.h"

#include "ap-agent/radius/dialect_hostapd.h"
#include "common/text.h"

static void
read_session(struct kf_span v, char out[RADIUS_SESSION_MAX + 1])
{
	size_t n = v.n < RADIUS_SESSION_MAX ? v.n : RADIUS_SESSION_MAX;

	for (size_t i = 0; i < n; i++)
		out[i] = v.p[i] > 0x20 && v.p[i] < 0x7f ? (char)v.p[i] : '?';
	out[n] = '\0';
}

static bool
read_key(const struct radius_packet *pkt, uint8_t id[16])
{
	static const enum radius_type type[] = {
	    RADIUS_CLASS, RADIUS_CHARGEABLE_USER_IDENTITY, RADIUS_USER_NAME};
	struct kf_span v;

	for (size_t i = 0; i < sizeof(type) / sizeof(type[0]); i++)
		if (radius_find(pkt, type[i], &v) && kf_parse_uuid(v, id) == KF_OK)
			return true;
	return false;
}

/* 32 bits and, in another attribute, how often they wrapped. */
static uint64_t
read_octets(const struct radius_packet *pkt, enum radius_type low, enum radius_type high)
{
	return (uint64_t)radius_find_u32(pkt, high) << 32 | radius_find_u32(pkt, low);
}

static bool
kind_ok(uint32_t kind)
{
	switch (kind) {
	case RADIUS_ACCT_START:
	case RADIUS_ACCT_STOP:
	case RADIUS_ACCT_INTERIM:
	case RADIUS_ACCT_ON:
	case RADIUS_ACCT_OFF:
		return true;
	default:
		return false;
	}
}

enum kf_err
acct_read(const struct radius_packet *pkt, struct radius_acct *out)
{
	uint32_t kind = radius_find_u32(pkt, RADIUS_ACCT_STATUS_TYPE);
	struct kf_span v;

	*out = (struct radius_acct){.kind = (enum radius_acct_kind)kind};
	if (kind == 0)
		return KF_EINVAL;
	if (!kind_ok(kind))
		return KF_ENOENT;
	if (radius_find(pkt, RADIUS_CALLING_STATION_ID, &v)) {
		if (kf_parse_mac(v, out->mac) != KF_OK)
			return KF_EINVAL;
		out->has_mac = true;
	}
	if (radius_find(pkt, RADIUS_CALLED_STATION_ID, &v)) {
		if (radius_called_station(v, out->bss, NULL) != KF_OK)
			return KF_EINVAL;
		out->has_bss = true;
		if (radius_called_station(v, out->bss, &out->ssid) != KF_OK)
			out->ssid.n = 0; /* some APs send the MAC alone */
	}
	if (radius_find(pkt, RADIUS_ACCT_SESSION_ID, &v))
		read_session(v, out->session);
	out->has_key = read_key(pkt, out->key_id);
	out->in_bytes = read_octets(pkt, RADIUS_ACCT_INPUT_OCTETS, RADIUS_ACCT_INPUT_GIGAWORDS);
	out->out_bytes = read_octets(pkt, RADIUS_ACCT_OUTPUT_OCTETS, RADIUS_ACCT_OUTPUT_GIGAWORDS);
	out->duration_s = radius_find_u32(pkt, RADIUS_ACCT_SESSION_TIME);
	out->terminate_cause = radius_find_u32(pkt, RADIUS_ACCT_TERMINATE_CAUSE);
	out->delay_s = radius_find_u32(pkt, RADIUS_ACCT_DELAY_TIME);
	return KF_OK;
}
