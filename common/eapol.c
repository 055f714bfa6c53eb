#include "common/eapol.h"

#include <assert.h>
#include <string.h>

#define TYPE_KEY 3	 /* 802.1X packet type EAPOL-Key */
#define DESCRIPTOR_RSN 2 /* IEEE 802.11 */
#define DESCRIPTOR_WPA1 254
#define FIXED_LEN 77 /* of the body, before the MIC */
#define ID_RSNE 48

const char *
eapol_why_str(enum eapol_why why)
{
	static const char *const name[] = {
	    [EAPOL_FINE] = "fine",
	    [EAPOL_MALFORMED] = "malformed",
	    [EAPOL_NOT_M2] = "not-message-2",
	    [EAPOL_WPA1] = "WPA1",
	    [EAPOL_TKIP] = "TKIP",
	    [EAPOL_SAE] = "SAE",
	    [EAPOL_FT] = "FT",
	    [EAPOL_8021X] = "802.1X",
	    [EAPOL_OWE] = "OWE",
	    [EAPOL_AKM_UNKNOWN] = "unknown-AKM",
	};

	_Static_assert(sizeof(name) / sizeof(name[0]) == EAPOL__WHY_MAX, "a word for each reason");
	assert(why < EAPOL__WHY_MAX);
	return name[why];
}

bool
eapol_why_unsupported(enum eapol_why why)
{
	return why >= EAPOL_WPA1;
}

/* The MIC has 16 bytes, but where the AKM defines everything (version 0) it may have another
 * length; the right one is that with which the key data fill the body. */
static bool
rd_mic_and_data(struct kf_rd rd, size_t mic_len, struct eapol_key *out)
{
	size_t data_len;

	out->mic = kf_rd_take(&rd, mic_len);
	data_len = kf_rd_u16(&rd);
	if (rd.bad || data_len != rd.n)
		return false;
	out->data = kf_rd_take(&rd, data_len);
	return true;
}

enum kf_err
eapol_parse(struct kf_span frame, struct eapol_key *out)
{
	struct kf_rd rd = kf_rd_of(frame);
	uint8_t version = kf_rd_u8(&rd), kind = kf_rd_u8(&rd);
	size_t body_len = kf_rd_u16(&rd);
	struct kf_span body = kf_rd_take(&rd, body_len);

	if (rd.bad || version < 1 || version > 3 || kind != TYPE_KEY)
		return KF_EINVAL;
	out->frame = kf_span_of(frame.p, 4 + body_len);
	rd = kf_rd_of(body);
	out->type = kf_rd_u8(&rd);
	out->info = kf_rd_u16(&rd);
	kf_rd_take(&rd, 2); /* key length */
	out->replay = kf_rd_u64(&rd);
	out->nonce = kf_rd_take(&rd, 32);
	kf_rd_take(&rd, FIXED_LEN - 45); /* IV, RSC, reserved */
	if (rd.bad || (out->type != DESCRIPTOR_RSN && out->type != DESCRIPTOR_WPA1))
		return KF_EINVAL;
	if (rd_mic_and_data(rd, 16, out))
		return KF_OK;
	if ((out->info & EAPOL_INFO_VERSION) == 0 &&
	    (rd_mic_and_data(rd, 24, out) || rd_mic_and_data(rd, 0, out)))
		return KF_OK;
	return KF_EINVAL;
}

enum eapol_message
eapol_message(const struct eapol_key *key)
{
	bool ack = (key->info & EAPOL_INFO_ACK) != 0, mic = (key->info & EAPOL_INFO_MIC) != 0;

	if ((key->info & EAPOL_INFO_PAIRWISE) == 0 ||
	    (key->info & (EAPOL_INFO_ERROR | EAPOL_INFO_REQUEST)) != 0)
		return EAPOL_OTHER;
	if (ack)
		return mic ? EAPOL_M3 : EAPOL_M1;
	if (!mic || (key->info & EAPOL_INFO_INSTALL) != 0)
		return EAPOL_OTHER;
	return key->data.n > 0 ? EAPOL_M2 : EAPOL_M4; /* only message 2 tells the RSN element */
}

/* The n of 00-0F-AC:n; 0 for another maker's suite. */
static uint8_t
suite_type(struct kf_span suite)
{
	static const uint8_t oui[3] = {0x00, 0x0f, 0xac};

	return suite.n == 4 && memcmp(suite.p, oui, 3) == 0 ? suite.p[3] : 0;
}

/* The body of an RSN element that names exactly one pairwise and one AKM suite, as a station's
 * does. False: it does not, or its lengths are wrong. */
static bool
rsne_read(struct kf_span body, struct eapol_suites *out)
{
	struct kf_rd rd = kf_rd_of(body);
	bool ok = kf_rd_u16le(&rd) == 1; /* version */

	kf_rd_take(&rd, 4); /* group cipher */
	ok &= kf_rd_u16le(&rd) == 1;
	out->pairwise = suite_type(kf_rd_take(&rd, 4));
	ok &= kf_rd_u16le(&rd) == 1;
	out->akm = suite_type(kf_rd_take(&rd, 4));
	return ok && !rd.bad;
}

/* The suites of the one RSN element among the elements of a message 2's key data. */
static bool
key_data_read(struct kf_span data, struct eapol_suites *out)
{
	struct kf_rd rd = kf_rd_of(data);
	unsigned seen = 0;

	while (rd.n > 0 && !rd.bad) {
		uint8_t id = kf_rd_u8(&rd);
		struct kf_span body = kf_rd_take(&rd, kf_rd_u8(&rd));

		if (id != ID_RSNE || rd.bad)
			continue;
		if (++seen > 1 || !rsne_read(body, out))
			return false;
	}
	return !rd.bad && seen == 1;
}

/* IEEE 802.11-2020 table 9-151 */
static enum eapol_why
akm_judge(uint8_t akm)
{
	switch (akm) {
	case 2:
	case 6:
		return EAPOL_FINE;
	case 1:
	case 5:
	case 11:
	case 12:
		return EAPOL_8021X;
	case 3:
	case 4:
	case 9:
	case 13:
	case 19:
	case 25:
		return EAPOL_FT;
	case 8:
	case 24:
		return EAPOL_SAE;
	case 18:
		return EAPOL_OWE;
	default:
		return EAPOL_AKM_UNKNOWN;
	}
}

enum eapol_why
eapol_judge(const struct eapol_key *key, struct eapol_suites *out)
{
	unsigned version = key->info & EAPOL_INFO_VERSION;
	enum eapol_why why;

	*out = (struct eapol_suites){0};
	if (eapol_message(key) != EAPOL_M2)
		return EAPOL_NOT_M2;
	if (key->type == DESCRIPTOR_WPA1)
		return EAPOL_WPA1;
	if (!key_data_read(key->data, out))
		return EAPOL_MALFORMED;
	if ((why = akm_judge(out->akm)) != EAPOL_FINE)
		return why;
	if (version == 1)
		return EAPOL_TKIP;
	if (version != (out->akm == 2 ? 2 : 3) || key->frame.n > EAPOL_FRAME_MAX)
		return EAPOL_MALFORMED;
	return EAPOL_FINE;
}
