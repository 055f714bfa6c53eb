/* What the portal feeds to an agent: the things themselves. The codec stands below. */
#ifndef COMMON_FEED_H
#define COMMON_FEED_H

#include "common/err.h"
#include "common/secret.h"
#include "common/span.h"

#define FEED_SSID_MAX 32
#define FEED_ROLE_MAX 32
#define FEED_NAME_MAX 63
#define FEED_PREFIXES_MAX 16
#define FEED_GATEWAYS_MAX 16
#define FEED_WIRED_MAX 64

enum feed_security { FEED_WPA2 = 1, FEED_WPA2_WPA3 = 2, FEED_WPA3 = 3 };
enum feed_key_form { FEED_FORM_PMK = 1, FEED_FORM_PASSPHRASE = 2 };

struct feed_ssid {
	uint8_t b[FEED_SSID_MAX];
	uint8_t n; /* 1..32 */
};

struct feed_key {
	uint8_t id[16];
	struct feed_ssid ssid;
	uint32_t group;	    /* 2..16777200 */
	uint16_t vlan;	    /* 1..4094; 0 = the WLAN's own */
	int64_t not_before; /* seconds since 1970; 0 = at once */
	int64_t not_after;  /* 0 = never */
	char role[FEED_ROLE_MAX + 1];
	struct kf_pmk pmk;
	struct kf_pass pass; /* n = 0 unless the WLAN's key_form is passphrase */
};

struct feed_wlan {
	uint8_t id[16];
	struct feed_ssid ssid;
	enum feed_security security;
	enum feed_key_form key_form;
	bool personal;
};

struct feed_addr {
	uint8_t family; /* 4 or 6 */
	uint8_t b[16];	/* network order; IPv4 in the first 4 */
	uint8_t bits;	/* prefix length; 32 or 128 for a host */
};

struct feed_vlan {
	uint8_t id[16];
	uint16_t vid;
	struct feed_addr prefix[FEED_PREFIXES_MAX];
	uint8_t prefixes;
	struct feed_addr gateway[FEED_GATEWAYS_MAX];
	uint8_t gateways;
	bool wired_any; /* any wired MAC may talk to stations; else only these */
	uint8_t wired[FEED_WIRED_MAX][6];
	uint8_t wireds;
};

struct feed_role {
	uint8_t id[16];
	char name[FEED_ROLE_MAX + 1];
};

struct feed_site {
	uint8_t id[16];
	char name[FEED_NAME_MAX + 1];
};

/* A live station of the site, as GET /agent/v1/sessions tells it. */
struct feed_session {
	uint8_t agent[16], bss[6], mac[6];
	uint32_t group;
	uint16_t vlan;
	int64_t since; /* seconds since 1970 */
};

#endif
