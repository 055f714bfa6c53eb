/* hostapd 2.11 and newer with wpa_psk_radius=3 (OpenWiFi alike): ANonce and message 2 come as
 * 245.26 of vendor 11344 (FreeRADIUS), types 1 and 2; the PMK goes back as 64 hexadecimal
 * digits in Tunnel-Password. */
#ifndef AGENT_RADIUS_DIALECT_HOSTAPD_H
#define AGENT_RADIUS_DIALECT_HOSTAPD_H

#include "ap-agent/radius/dialect.h"

extern const struct radius_dialect radius_dialect_hostapd;

/* "AA-BB-CC-DD-EE-FF:SSID" (also with ':' or nothing between the digits) as Called-Station-Id
 * has it. ssid may be NULL: then only the MAC matters, and the SSID may be missing.
 * KF_EINVAL: no MAC, or no SSID of 1..32 bytes. RFC 3580 3.20 */
enum kf_err
radius_called_station(struct kf_span value, uint8_t bss[6], struct feed_ssid *ssid) KF_MUST_CHECK;

#endif
