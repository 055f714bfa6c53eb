/* The text inside a Wi-Fi QR code: WIFI:T:WPA;S:Front Office;P:ajf6-29h5-295d;;
 * The WPA3 specification escapes by percent signs, every phone in the field by backslashes. The
 * phones win; what reads differently in the two dialects is told by wifi_uri_doubts. */
#ifndef VIEW_WIFI_URI_H
#define VIEW_WIFI_URI_H

#include "common/err.h"
#include "common/feed.h"
#include "common/secret.h"
#include "common/span.h"
#include "common/text.h"

struct wifi_net {
	struct kf_span ssid; /* 1..32 bytes, borrowed */
	enum feed_security security;
	bool hidden; /* the network does not say its name in beacons */
};

/* Appends the URI. WPA2 and mixed networks say T:WPA; WPA3 alone says T:SAE;R:1, without which
 * some phones do not join. H:true only when hidden.
 * Errors: KF_EINVAL the SSID is empty or over 32 bytes or has a NUL, the passphrase is not of 8..63
 * characters, or security is none of the three. */
enum kf_err
wifi_uri(const struct wifi_net *net, const struct kf_pass *pass, struct kf_buf *out) KF_MUST_CHECK;

/* Why some phones may misread a QR code with this SSID: a set of bits, 0 when all is well. Say it
 * to the admin who types the SSID. */
enum wifi_doubt {
	WIFI_DOUBT_ESCAPED = 1,	  /* has one of \ ; , " : */
	WIFI_DOUBT_PERCENT = 2,	  /* has %, an escape in the other dialect */
	WIFI_DOUBT_NON_ASCII = 4, /* bytes beyond ASCII: not every scanner takes them for UTF-8 */
	WIFI_DOUBT_CONTROL = 8,	  /* control characters: not in either dialect */
};
unsigned wifi_uri_doubts(struct kf_span ssid);

#endif
