#include "common/addr.h"

#include "common/text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum kf_err
kf_addr_parse(struct kf_span text, struct feed_addr *out)
{
	char s[KF_ADDR_TEXT_MAX + 1];
	const char *slash;
	uint64_t bits, most;

	memset(out, 0, sizeof(*out));
	if (text.n == 0 || text.n >= sizeof(s) || memchr(text.p, '\0', text.n) != NULL)
		return KF_EINVAL;
	slash = memchr(text.p, '/', text.n);
	size_t n = slash != NULL ? (size_t)((const uint8_t *)slash - text.p) : text.n;
	memcpy(s, text.p, n);
	s[n] = '\0';
	if (inet_pton(AF_INET, s, out->b) == 1)
		out->family = 4;
	else if (inet_pton(AF_INET6, s, out->b) == 1)
		out->family = 6;
	else
		return KF_EINVAL;
	most = out->family == 4 ? 32 : 128;
	bits = most;
	if (slash != NULL &&
	    kf_parse_u64(kf_span_of(text.p + n + 1, text.n - n - 1), 0, most, &bits) != KF_OK)
		return KF_EINVAL;
	out->bits = (uint8_t)bits;
	return KF_OK;
}

void
kf_addr_str(const struct feed_addr *a, char out[KF_ADDR_TEXT_MAX + 1])
{
	char s[INET6_ADDRSTRLEN] = "";
	unsigned most = a->family == 4 ? 32 : 128, bits = a->bits;
	int n;

	(void)inet_ntop(a->family == 4 ? AF_INET : AF_INET6, a->b, s, sizeof(s));
	n = bits == most ? snprintf(out, KF_ADDR_TEXT_MAX + 1, "%s", s)
			 : snprintf(out, KF_ADDR_TEXT_MAX + 1, "%s/%u", s, bits);
	if (n < 0 || n > KF_ADDR_TEXT_MAX)
		out[0] = '\0';
}
