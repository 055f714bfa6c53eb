/* sources: common/[a-z]*.c common/match/match.c ap-agent/radius/[acd]*.c; pkg: libcrypto */
/* A datagram on the authentication (first byte even) or accounting port (odd), as if its
 * signature were right, up to the answer. */
#include "ap-agent/radius/acct.h"
#include "ap-agent/radius/dialect_hostapd.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
answer(const struct radius_packet *pkt)
{
	static struct radius_reply reply;
	static const struct feed_key key;
	const struct radius_grant grant = {&key, 20, 60, 0x1234};
	struct radius_packet back;

	radius_reply_start(&reply, RADIUS_ACCESS_ACCEPT, pkt);
	radius_dialect_hostapd.accept(&reply, pkt, KF_LIT("secret"), &grant);
	if (radius_reply_finish(&reply, pkt, KF_LIT("secret")) != KF_OK)
		return;
	if (radius_parse(kf_span_of(reply.b, reply.n), &back) != KF_OK)
		__builtin_trap(); /* what we send, we can read */
	assert(back.ma_at == 22);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct radius_packet pkt;
	struct radius_acct acct;
	struct radius_ask ask;

	if (n < 1 || radius_parse(kf_span_of(data + 1, n - 1), &pkt) != KF_OK)
		return 0;
	(void)radius_ma_ok(&pkt, KF_LIT("secret"));
	(void)radius_acct_ok(&pkt, KF_LIT("secret"));
	if (data[0] % 2 == 1) {
		if (acct_read(&pkt, &acct) == KF_OK)
			assert(strlen(acct.session) <= RADIUS_SESSION_MAX);
		return 0;
	}
	if (radius_dialect_hostapd.read(&pkt, &ask) == KF_OK)
		assert(ask.ssid.n >= 1 && ask.ssid.n <= FEED_SSID_MAX);
	answer(&pkt);
	return 0;
}
