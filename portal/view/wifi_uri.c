#include "portal/view/wifi_uri.h"

#include <string.h>

#define PASS_MIN 8 /* IEEE 802.11-2020 J.4 */

static bool
special(uint8_t c)
{
	return c != '\0' && strchr("\\;,\":", c) != NULL;
}

static void
field_add(struct kf_buf *out, const char *name, struct kf_span value)
{
	kf_buf_str(out, name);
	for (size_t i = 0; i < value.n; i++) {
		if (special(value.p[i]))
			kf_buf_u8(out, '\\');
		kf_buf_u8(out, value.p[i]);
	}
	kf_buf_u8(out, ';');
}

static const char *
head_of(enum feed_security security)
{
	switch (security) {
	case FEED_WPA2:
	case FEED_WPA2_WPA3:
		return "WIFI:T:WPA;";
	case FEED_WPA3:
		return "WIFI:T:SAE;R:1;";
	}
	return NULL;
}

enum kf_err
wifi_uri(const struct wifi_net *net, const struct kf_pass *pass, struct kf_buf *out)
{
	const char *head = head_of(net->security);

	if (head == NULL || net->ssid.n < 1 || net->ssid.n > FEED_SSID_MAX ||
	    memchr(net->ssid.p, '\0', net->ssid.n) != NULL)
		return KF_EINVAL;
	if (pass->n < PASS_MIN || pass->n > KF_PASS_MAX)
		return KF_EINVAL;
	kf_buf_str(out, head);
	field_add(out, "S:", net->ssid);
	field_add(out, "P:", kf_span_of(pass->s, pass->n));
	kf_buf_str(out, net->hidden ? "H:true;;" : ";");
	return out->bad ? KF_ENOMEM : KF_OK;
}

unsigned
wifi_uri_doubts(struct kf_span ssid)
{
	unsigned doubts = 0;

	for (size_t i = 0; i < ssid.n; i++) {
		uint8_t c = ssid.p[i];

		if (special(c))
			doubts |= WIFI_DOUBT_ESCAPED;
		else if (c == '%')
			doubts |= WIFI_DOUBT_PERCENT;
		else if (c >= 0x80)
			doubts |= WIFI_DOUBT_NON_ASCII;
		else if (c < 0x20 || c == 0x7f)
			doubts |= WIFI_DOUBT_CONTROL;
	}
	return doubts;
}
