/* EAPOL-Key frames of the 4-way handshake, read strictly. IEEE 802.11-2020, 12.7.2 */
#ifndef COMMON_EAPOL_H
#define COMMON_EAPOL_H

#include "common/err.h"
#include "common/span.h"

#define EAPOL_FRAME_MIN 99  /* header 4, descriptor 95, no key data */
#define EAPOL_FRAME_MAX 512 /* RSNE, RSNXE, FTE and vendor KDEs fit well */
#define EAPOL_MIC_AT 81	    /* where the MIC stands in a frame of ours */

/* Key information bits */
#define EAPOL_INFO_VERSION 0x0007
#define EAPOL_INFO_PAIRWISE 0x0008
#define EAPOL_INFO_INSTALL 0x0040
#define EAPOL_INFO_ACK 0x0080
#define EAPOL_INFO_MIC 0x0100
#define EAPOL_INFO_SECURE 0x0200
#define EAPOL_INFO_ERROR 0x0400
#define EAPOL_INFO_REQUEST 0x0800

enum eapol_message {
	EAPOL_OTHER = 0, /* group key handshake, error report, ... */
	EAPOL_M1,
	EAPOL_M2,
	EAPOL_M3,
	EAPOL_M4
};

/* Why no key can be looked for in a frame. */
enum eapol_why {
	EAPOL_FINE = 0,
	EAPOL_MALFORMED,   /* lengths, versions or elements contradict each other */
	EAPOL_NOT_M2,	   /* well-formed, but not message 2 of a pairwise handshake */
	EAPOL_WPA1,	   /* vendor descriptor (254) */
	EAPOL_TKIP,	   /* descriptor version 1: HMAC-MD5 and RC4 */
	EAPOL_SAE,	   /* AKM 8, 24: the PMK is fresh each time, nothing to look for */
	EAPOL_FT,	   /* AKM 3, 4, 9, 19, 25 */
	EAPOL_8021X,	   /* AKM 1, 5, 11, 12 */
	EAPOL_OWE,	   /* AKM 18 */
	EAPOL_AKM_UNKNOWN, /* any other suite */
	EAPOL__WHY_MAX
};

/* "malformed", "not-message-2", "WPA1", "TKIP", "SAE", "FT", "802.1X", "OWE", "unknown-AKM". */
const char *eapol_why_str(enum eapol_why why);
/* True for a well-formed message 2 of a kind that we do not serve: WPA1, TKIP, SAE ... */
bool eapol_why_unsupported(enum eapol_why why);

struct eapol_key {
	struct kf_span frame; /* borrowed; the 802.1X header and body, link padding cut off */
	uint8_t type;	      /* 2 = RSN, 254 = WPA1 */
	uint16_t info;
	uint64_t replay;
	struct kf_span nonce; /* 32 bytes */
	struct kf_span mic;   /* 16 bytes; 0 or 24 where the AKM defines it so */
	struct kf_span data;
};

/* Reads one EAPOL-Key frame, from the 802.1X version byte on. Bytes after the body that the
 * header announces (Ethernet padding) are ignored; the key data must fill the body exactly.
 * KF_EINVAL: not an EAPOL-Key frame, or malformed. Nothing is copied. */
enum kf_err eapol_parse(struct kf_span frame, struct eapol_key *out) KF_MUST_CHECK;

/* Which message of the pairwise handshake it is, told from the key information. */
enum eapol_message eapol_message(const struct eapol_key *key);

/* What the station chose, from the RSN element of its message 2: suites 00-0F-AC:n. */
struct eapol_suites {
	uint8_t akm, pairwise;
};

/* May a key be looked for in this frame? EAPOL_FINE: it is a message 2, out->akm is 2 or 6
 * and goes with the descriptor version. IEEE 802.11-2020, 9.4.2.24 and table 12-10 */
enum eapol_why eapol_judge(const struct eapol_key *key, struct eapol_suites *out);

#endif
