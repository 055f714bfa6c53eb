#include "common/eapol.h"
#include "tests/unit/tap.h"
#include "tests/vectors/golden.h"
#include "tests/vectors/handshakes.h"
#include "tests/vectors/unhex.h"

#include <stdlib.h>

#define INFO_AT 5
#define DATA_LEN_AT 97
#define RSNE_AT 99
#define PAIRWISE_AT (RSNE_AT + 13)
#define AKM_COUNT_AT (RSNE_AT + 14)
#define AKM_AT (RSNE_AT + 19)

struct frame {
	uint8_t b[700];
	size_t n;
};

static struct frame
own(void)
{
	struct frame f = {.n = 0};

	f.n = unhex(OWN_AKM2_M2, f.b);
	return f;
}

static enum kf_err
parse(const struct frame *f, struct eapol_key *key)
{
	return eapol_parse(kf_span_of(f->b, f->n), key);
}

/* Appends to the key data, both lengths right. */
static void
add_data(struct frame *f, const char *hex)
{
	size_t n = unhex(hex, f->b + f->n), body;

	f->n += n;
	body = f->n - 4;
	f->b[2] = (uint8_t)(body >> 8);
	f->b[3] = (uint8_t)body;
	f->b[DATA_LEN_AT] = (uint8_t)((f->n - 99) >> 8);
	f->b[DATA_LEN_AT + 1] = (uint8_t)(f->n - 99);
}

static enum eapol_why
judge(const struct frame *f)
{
	struct eapol_suites suites;
	struct eapol_key key;

	return parse(f, &key) == KF_OK ? eapol_judge(&key, &suites) : EAPOL_MALFORMED;
}

static void
test_reads(void)
{
	struct frame f = {.n = unhex(GOLDEN_M2, f.b)};
	struct eapol_suites suites;
	struct eapol_key key;

	IT("reads the golden message 2");
	OK(parse(&f, &key) == KF_OK);
	OK(key.type == 2 && key.info == 0x010a && key.replay == 1);
	OK(key.frame.n == 121 && key.nonce.n == 32 && key.mic.n == 16 && key.data.n == 22);
	OK(key.mic.p == f.b + EAPOL_MIC_AT);
	OK(eapol_message(&key) == EAPOL_M2);
	OK(eapol_judge(&key, &suites) == EAPOL_FINE);
	OK(suites.akm == 2 && suites.pairwise == 4);
	IT("cuts off what Ethernet padded");
	f.n += 40;
	OK(parse(&f, &key) == KF_OK);
	OK(key.frame.n == 121);
}

static void
test_malformed(void)
{
	struct eapol_key key;
	struct frame f;
	unsigned good = 0;

	IT("refuses every frame that is cut off");
	for (size_t n = 0; n < own().n; n++) {
		uint8_t *exact = malloc(n + 1); /* so that a sanitizer sees a read past the end */
		memcpy(exact, own().b, n);
		good += eapol_parse(kf_span_of(exact, n), &key) == KF_OK;
		free(exact);
	}
	OK(good == 0);
	IT("refuses another 802.1X version, packet type or descriptor");
	f = own(), f.b[0] = 0;
	OK(parse(&f, &key) == KF_EINVAL);
	f = own(), f.b[0] = 4;
	OK(parse(&f, &key) == KF_EINVAL);
	f = own(), f.b[1] = 0;
	OK(parse(&f, &key) == KF_EINVAL);
	f = own(), f.b[4] = 1;
	OK(parse(&f, &key) == KF_EINVAL);
	IT("refuses key data that do not fill the body exactly");
	f = own(), f.b[DATA_LEN_AT + 1]--;
	OK(parse(&f, &key) == KF_EINVAL);
	f = own(), f.b[DATA_LEN_AT + 1]++;
	OK(parse(&f, &key) == KF_EINVAL);
	f = own(), f.b[3]--;
	OK(parse(&f, &key) == KF_EINVAL);
}

static void
test_messages(void)
{
	struct frame f = own();
	struct eapol_key key;

	if (!OK(parse(&f, &key) == KF_OK))
		return;
	IT("tells the messages apart by key information and key data");
	key.info = 0x008a;
	OK(eapol_message(&key) == EAPOL_M1);
	key.info = 0x13ca;
	OK(eapol_message(&key) == EAPOL_M3);
	key.info = 0x030a;
	OK(eapol_message(&key) == EAPOL_M2); /* a rekey's message 2 has the secure bit */
	key.data.n = 0;
	OK(eapol_message(&key) == EAPOL_M4);
	IT("takes a group key message, an error report or a request for none of them");
	key.data.n = 22;
	key.info = 0x0302;
	OK(eapol_message(&key) == EAPOL_OTHER);
	key.info = 0x050a;
	OK(eapol_message(&key) == EAPOL_OTHER);
	key.info = 0x090a;
	OK(eapol_message(&key) == EAPOL_OTHER);
	key.info = 0x000a;
	OK(eapol_message(&key) == EAPOL_OTHER);
}

static void
test_unsupported(void)
{
	static const struct {
		uint8_t akm;
		enum eapol_why why;
	} akm[] = {{1, EAPOL_8021X}, {3, EAPOL_FT}, {4, EAPOL_FT}, {5, EAPOL_8021X}, {8, EAPOL_SAE},
	    {9, EAPOL_FT}, {18, EAPOL_OWE}, {20, EAPOL_AKM_UNKNOWN}, {24, EAPOL_SAE}};
	struct frame f;

	IT("names the suite that it does not serve");
	for (size_t i = 0; i < sizeof(akm) / sizeof(akm[0]); i++) {
		f = own(), f.b[AKM_AT] = akm[i].akm;
		OK(judge(&f) == akm[i].why);
		OK(eapol_why_unsupported(akm[i].why));
	}
	IT("names WPA1 and TKIP");
	f = own(), f.b[4] = 254;
	OK(judge(&f) == EAPOL_WPA1);
	f = own(), f.b[INFO_AT + 1] = 0x09;
	OK(judge(&f) == EAPOL_TKIP);
	IT("knows another maker's suite for unknown");
	f = own(), f.b[AKM_AT - 3] = 0x50;
	OK(judge(&f) == EAPOL_AKM_UNKNOWN);
	IT("reads a MIC of 24 bytes, or none, where the AKM defines it so");
	f = own(), f.b[INFO_AT + 1] = 0x08, f.b[AKM_AT] = 24;
	memmove(f.b + 105, f.b + 97, 24);
	f.n += 8, f.b[3] = (uint8_t)(f.b[3] + 8);
	OK(judge(&f) == EAPOL_SAE);
	f = own(), f.b[INFO_AT + 1] = 0x08, f.b[AKM_AT] = 14;
	memmove(f.b + 81, f.b + 97, 24);
	f.n -= 16, f.b[3] = (uint8_t)(f.b[3] - 16);
	OK(judge(&f) == EAPOL_AKM_UNKNOWN);
	IT("does not call malformed or other messages unsupported");
	OK(!eapol_why_unsupported(EAPOL_MALFORMED));
	OK(!eapol_why_unsupported(EAPOL_NOT_M2));
}

static void
test_rsne(void)
{
	struct eapol_suites suites;
	struct eapol_key key;
	struct frame f;

	IT("takes other elements before and behind the RSN element");
	f = own(), add_data(&f, "f40120dd06000fac0a0102");
	OK(judge(&f) == EAPOL_FINE);
	IT("refuses a second RSN element, or none");
	f = own(), add_data(&f, "30140100000fac040100000fac040100000fac060000");
	OK(judge(&f) == EAPOL_MALFORMED);
	f = own(), f.b[RSNE_AT] = 0xdd;
	OK(judge(&f) == EAPOL_MALFORMED);
	IT("refuses an element over the end of the key data");
	f = own(), add_data(&f, "dd0500");
	OK(judge(&f) == EAPOL_MALFORMED);
	f = own(), add_data(&f, "dd");
	OK(judge(&f) == EAPOL_MALFORMED);
	IT("refuses another version, two AKM suites, or a short RSN element");
	f = own(), f.b[RSNE_AT + 2] = 2;
	OK(judge(&f) == EAPOL_MALFORMED);
	f = own(), f.b[AKM_COUNT_AT] = 2;
	OK(judge(&f) == EAPOL_MALFORMED);
	f = own(), f.b[RSNE_AT + 1] = 12, f.b[RSNE_AT + 14] = 0xdd, f.b[RSNE_AT + 15] = 6;
	OK(judge(&f) == EAPOL_MALFORMED);
	IT("refuses a descriptor version that does not go with the AKM");
	f = own(), f.b[AKM_AT] = 6;
	OK(judge(&f) == EAPOL_MALFORMED);
	f = own(), f.b[INFO_AT + 1] = 0x0b;
	OK(judge(&f) == EAPOL_MALFORMED);
	IT("refuses a frame longer than 512 bytes");
	f = own(), add_data(&f, "dd00");
	while (f.n <= EAPOL_FRAME_MAX)
		add_data(&f, "dd00");
	OK(judge(&f) == EAPOL_MALFORMED);
	IT("tells the pairwise cipher");
	f = own(), f.b[PAIRWISE_AT] = 9;
	OK(parse(&f, &key) == KF_OK && eapol_judge(&key, &suites) == EAPOL_FINE);
	OK(suites.pairwise == 9);
}

int
main(void)
{
	test_reads();
	test_malformed();
	test_messages();
	test_unsupported();
	test_rsne();
	return tap_end();
}
