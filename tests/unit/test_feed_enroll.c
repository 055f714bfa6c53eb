#include "common/feed_enroll.h"
#include "tests/unit/tap.h"

#include <string.h>

static struct feed_code
code_of(const char *text)
{
	struct feed_code code;

	OK(feed_code_parse(kf_span_str(text), &code) == KF_OK);
	return code;
}

#define GOOD \
	"https://wifi.example/#00112233445566778899aabbccddeeff.ffeeddccbbaa99887766554433221100"

static void
test_code(void)
{
	struct feed_code code = code_of(" " GOOD "\n"), bad;
	char text[FEED_CODE_TEXT_MAX + 1];

	IT("a code is read as it was printed, the URL without its last slash");
	feed_code_text(&code, text);
	OK(strcmp(text,
	       "https://wifi.example#00112233445566778899aabbccddeeff."
	       "ffeeddccbbaa99887766554433221100") == 0);

	IT("what is no code is refused");
	OK(feed_code_parse(kf_span_str(""), &bad) == KF_EINVAL);
	OK(feed_code_parse(kf_span_str("ftp" GOOD), &bad) == KF_EINVAL);
	OK(feed_code_parse(kf_span_of(GOOD, sizeof(GOOD) - 2), &bad) == KF_EINVAL);
	OK(feed_code_parse(kf_span_str("https://a b/#00112233445566778899aabbccddeeff."
				       "ffeeddccbbaa99887766554433221100"),
	       &bad) == KF_EINVAL);
	OK(feed_code_parse(kf_span_str("https://wifi.example/#00112233445566778899aabbccddeegg."
				       "ffeeddccbbaa99887766554433221100"),
	       &bad) == KF_EINVAL);
}

static void
test_messages(void)
{
	struct feed_code code = code_of(GOOD), other = code;
	struct feed_enrolled done = {
	    .cert = KF_LIT("cert"), .ca = KF_LIT("ca"), .url = "https://a:1"};
	struct feed_enrolled got;
	struct feed_enroll ask;
	struct kf_buf b = {0};

	other.code[0] ^= 1;
	IT("a request proves the code without holding it");
	feed_put_enroll(&b, &code, KF_LIT("request"));
	OK(feed_read_enroll(kf_buf_span(&b), &ask) == KF_OK);
	OK(feed_enroll_check(&ask, code.code) == KF_OK);
	OK(feed_enroll_check(&ask, other.code) == KF_EDENIED);
	OK(memmem(b.p, b.n, code.code, sizeof(code.code)) == NULL);
	OK(feed_read_enroll(kf_span_of(b.p, b.n - 1), &ask) == KF_EINVAL);

	IT("an answer is believed only by the code");
	kf_buf_reset(&b);
	feed_put_enrolled(&b, &done, code.code);
	OK(feed_read_enrolled(kf_buf_span(&b), code.code, &got) == KF_OK);
	OK(strcmp(got.url, "https://a:1") == 0 && kf_span_eq(got.ca, KF_LIT("ca")));
	OK(feed_read_enrolled(kf_buf_span(&b), other.code, &got) == KF_EDENIED);
	b.p[6] ^= 1;
	OK(feed_read_enrolled(kf_buf_span(&b), code.code, &got) == KF_EDENIED);
	OK(feed_read_enrolled(kf_span_of(b.p, 30), code.code, &got) == KF_EINVAL);
	kf_buf_free(&b);
}

int
main(void)
{
	test_code();
	test_messages();
	return tap_end();
}
