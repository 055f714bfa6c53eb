#include "common/addr.h"
#include "tests/unit/tap.h"

#include <string.h>

static bool
same(const char *text, const char *want)
{
	char out[KF_ADDR_TEXT_MAX + 1];
	struct feed_addr a;

	if (kf_addr_parse(kf_span_str(text), &a) != KF_OK)
		return want == NULL;
	kf_addr_str(&a, out);
	return want != NULL && strcmp(out, want) == 0;
}

int
main(void)
{
	IT("addresses and prefixes of both families");
	OK(same("10.20.0.0/16", "10.20.0.0/16"));
	OK(same("192.0.2.1", "192.0.2.1"));
	OK(same("192.0.2.1/32", "192.0.2.1"));
	OK(same("FD00::1/64", "fd00::1/64"));
	OK(same("::1", "::1"));
	IT("what is none is refused");
	OK(same("", NULL));
	OK(same("10.20.0.0/33", NULL));
	OK(same("::1/129", NULL));
	OK(same("10.20.0.0/", NULL));
	OK(same("10.20.0.0/-1", NULL));
	OK(same("10.20.0", NULL));
	OK(same("wifi.example", NULL));
	return tap_end();
}
