#include "ap-agent/pairing.h"
#include "tests/unit/tap.h"
#include "tests/vectors/handshakes.h"
#include "tests/vectors/unhex.h"

static const uint8_t ap[6] = {2, 0, 0, 0, 1, 0}, sta[6] = {2, 0, 0, 0, 0xa1, 0x1c};

struct heard {
	unsigned n;
	uint8_t anonce; /* the first byte of the last one's */
};

static void
tell(void *arg, const struct paired *p)
{
	struct heard *h = arg;

	h->n++;
	h->anonce = p->at.anonce[0];
}

/* A frame of the handshake with this counter and this first nonce byte. */
static void
say(struct pairing *p, int message, uint8_t replay, uint8_t nonce)
{
	static const uint8_t info[5][2] = {{0, 0}, {0x00, 0x8a}, {0x01, 0x0a}, {0x13, 0xca}};
	uint8_t b[256];
	size_t n = unhex(OWN_AKM2_M2, b);

	b[5] = info[message][0];
	b[6] = info[message][1];
	b[16] = replay;
	b[17] = nonce;
	OK(pairing_frame(p, message == 2 ? sta : ap, message == 2 ? ap : sta, kf_span_of(b, n)) ==
	    KF_OK);
}

static struct pairing *
open_new(struct heard *h)
{
	struct pairing *p = NULL;

	*h = (struct heard){0};
	OK(pairing_new(tell, h, &p) == KF_OK);
	return p;
}

static void
test_own_m1(void)
{
	struct heard h;
	struct pairing *p = open_new(&h);

	IT("pairs a message 2 with the message 1 of its own counter");
	say(p, 1, 1, 0x11);
	say(p, 1, 2, 0x22);
	say(p, 2, 1, 0x77);
	OK(h.n == 1 && h.anonce == 0x11);
	IT("tells an identical retransmission once");
	say(p, 2, 1, 0x77);
	OK(h.n == 1);
	IT("tells another message 2 of the same counter");
	say(p, 2, 1, 0x78);
	OK(h.n == 2 && h.anonce == 0x11);
	IT("takes the newest message 1 of a counter");
	say(p, 1, 1, 0x33);
	say(p, 2, 1, 0x79);
	OK(h.n == 3 && h.anonce == 0x33);
	IT("tells nothing of message 3 where message 1 was heard");
	say(p, 3, 2, 0x33);
	OK(h.n == 3);
	pairing_free(&p);
	OK(p == NULL);
}

static void
test_m3(void)
{
	struct heard h;
	struct pairing *p = open_new(&h);

	IT("waits for the next message 3 where no message 1 was heard");
	say(p, 1, 9, 0x99);
	say(p, 2, 1, 0x77);
	say(p, 2, 1, 0x77);
	OK(h.n == 0);
	say(p, 3, 2, 0x44);
	OK(h.n == 1 && h.anonce == 0x44);
	say(p, 3, 3, 0x55);
	OK(h.n == 1);
	IT("forgets the oldest of too many that wait");
	for (uint8_t i = 0; i < PAIRING_WAITING_MAX + 3; i++)
		say(p, 2, 1, (uint8_t)(0x80 + i));
	say(p, 3, 2, 0x66);
	OK(h.n == 1 + PAIRING_WAITING_MAX && h.anonce == 0x66);
	pairing_free(&p);
}

static void
test_bounds(void)
{
	struct heard h;
	struct pairing *p = open_new(&h);
	uint8_t b[256], other[6] = {2, 1};
	size_t n = unhex(OWN_AKM2_M2, b);
	unsigned good = 0;

	IT("stays within its bounds however many stations talk");
	say(p, 1, 1, 0x11);
	for (int i = 0; i < 3 * PAIRING_PAIRS_MAX; i++) {
		other[4] = (uint8_t)(i >> 8);
		other[5] = (uint8_t)i;
		good += pairing_frame(p, other, ap, kf_span_of(b, n)) == KF_OK;
	}
	OK(good == 3 * PAIRING_PAIRS_MAX);
	IT("has forgotten who was silent longest");
	say(p, 2, 1, 0x77);
	OK(h.n == 0);
	IT("refuses what is no EAPOL-Key frame");
	OK(pairing_frame(p, ap, sta, kf_span_of(b, 50)) == KF_EINVAL);
	IT("forgets old messages 1");
	for (uint8_t i = 1; i <= PAIRING_M1_MAX + 1; i++)
		say(p, 1, i, i);
	say(p, 2, 1, 0x78);
	OK(h.n == 0);
	say(p, 2, 2, 0x78);
	OK(h.n == 1 && h.anonce == 2);
	pairing_free(&p);
	pairing_free(&p);
}

int
main(void)
{
	test_own_m1();
	test_m3();
	test_bounds();
	return tap_end();
}
