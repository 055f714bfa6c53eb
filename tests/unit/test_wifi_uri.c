#include "portal/view/wifi_uri.h"

#include "tests/unit/tap.h"

#include <string.h>

static struct kf_pass
pass_of(const char *s)
{
	struct kf_pass pass = {.n = (uint8_t)strlen(s)};

	memcpy(pass.s, s, pass.n);
	return pass;
}

static bool
says(struct wifi_net net, const char *pass, const char *want)
{
	struct kf_pass p = pass_of(pass);
	struct kf_buf b = {0};
	bool same = wifi_uri(&net, &p, &b) == KF_OK && strcmp(kf_buf_cstr(&b), want) == 0;

	kf_buf_free(&b);
	return same;
}

static enum kf_err
refused(struct wifi_net net, const char *pass)
{
	struct kf_pass p = pass_of(pass);
	struct kf_buf b = {0};
	enum kf_err r = wifi_uri(&net, &p, &b);

	if (r != KF_OK && b.n > 0)
		r = KF_OK; /* a refusal writes nothing */
	kf_buf_free(&b);
	return r;
}

int
main(void)
{
	static const char pass[] = "ajf6-29h5-295d-k7mq-x4wp";
	struct wifi_net net = {.ssid = KF_LIT("Front Office"), .security = FEED_WPA2};
	struct wifi_net hidden = net, wpa3 = net, odd = net, bad = net;

	IT("writes WPA for WPA2 and for mixed networks");
	OK(says(net, pass, "WIFI:T:WPA;S:Front Office;P:ajf6-29h5-295d-k7mq-x4wp;;"));
	net.security = FEED_WPA2_WPA3;
	OK(says(net, pass, "WIFI:T:WPA;S:Front Office;P:ajf6-29h5-295d-k7mq-x4wp;;"));

	IT("writes SAE and the transition bit for WPA3 alone");
	wpa3.security = FEED_WPA3;
	OK(says(wpa3, "12345678", "WIFI:T:SAE;R:1;S:Front Office;P:12345678;;"));

	IT("says that a network is hidden, and only then");
	hidden.hidden = true;
	OK(says(hidden, "12345678", "WIFI:T:WPA;S:Front Office;P:12345678;H:true;;"));

	IT("escapes the five special characters by a backslash, and nothing else");
	odd.ssid = KF_LIT("a\\b;c,d\"e:f%20 'g'");
	OK(says(odd, "p;a,s\"s:w\\d",
	    "WIFI:T:WPA;S:a\\\\b\\;c\\,d\\\"e\\:f%20 'g';"
	    "P:p\\;a\\,s\\\"s\\:w\\\\d;;"));

	IT("keeps bytes beyond ASCII as they are");
	odd.ssid = KF_LIT("Büro\xff");
	OK(says(odd, "12345678", "WIFI:T:WPA;S:Büro\xff;P:12345678;;"));

	IT("refuses an SSID that is empty, too long or holds a NUL");
	bad.ssid = KF_LIT("");
	OK(refused(bad, pass) == KF_EINVAL);
	bad.ssid = KF_LIT("123456789012345678901234567890123");
	OK(refused(bad, pass) == KF_EINVAL);
	bad.ssid = KF_LIT("a\0b");
	OK(refused(bad, pass) == KF_EINVAL);

	IT("refuses a passphrase of 7 characters and an unknown security");
	OK(refused(hidden, "1234567") == KF_EINVAL);
	bad = hidden;
	bad.security = (enum feed_security)9;
	OK(refused(bad, pass) == KF_EINVAL);

	IT("takes the longest of both");
	bad = net;
	bad.ssid = KF_LIT("12345678901234567890123456789012");
	OK(refused(bad, "123456789012345678901234567890123456789012345678901234567890123") ==
	    KF_OK);

	IT("tells what phones may misread");
	OK(wifi_uri_doubts(KF_LIT("Front Office-5_GHz")) == 0);
	OK(wifi_uri_doubts(KF_LIT("a;b")) == WIFI_DOUBT_ESCAPED);
	OK(wifi_uri_doubts(KF_LIT("100%")) == WIFI_DOUBT_PERCENT);
	OK(wifi_uri_doubts(KF_LIT("Büro:\n")) ==
	    (WIFI_DOUBT_NON_ASCII | WIFI_DOUBT_ESCAPED | WIFI_DOUBT_CONTROL));
	return tap_end();
}
