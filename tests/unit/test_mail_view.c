#include "portal/view/mail_view.h"

#include "tests/unit/tap.h"

#include <string.h>

#define NOW 1795426800

static bool
has(const struct kf_buf *b, const char *text)
{
	return strstr(kf_buf_cstr(b), text) != NULL;
}

int
main(void)
{
	struct kf_pass pass = {"ajf6-29h5-295d", 14};
	struct mail_view_key in = {
	    .mode = MAIL_VIEW_QR,
	    .org_name = "Alder & Co",
	    .name = "Jana\r\nBcc: evil@x.test",
	    .net = {.ssid = KF_LIT("Front\nOffice"), .security = FEED_WPA2},
	    .pass = &pass,
	    .url = "https://wifi.test/k/1",
	    .my_url = "https://wifi.test/my",
	    .qr_cid = "qr.1@wifi.test",
	    .issued = NOW,
	    .not_after = NOW + 30 * 86400,
	};
	struct mail_view mail = {0};

	IT("has a subject of one line, without controls");
	OK(mail_view_key(&in, &mail) == KF_OK);
	OK(strcmp(kf_buf_cstr(&mail.subject), "Your Wi-Fi key for Front Office") == 0);
	IT("tells URL and end of the key in both bodies");
	OK(has(&mail.text, "\nhttps://wifi.test/k/1\n") &&
	    has(&mail.html, "href=\"https://wifi.test/k/1\""));
	OK(has(&mail.text, "Wed 23 December 2026") &&
	    has(&mail.html, ">Wed 23 December 2026</time>"));
	IT("lets no value forge a line or a tag");
	OK(has(&mail.text, "Hello Jana  Bcc: evil@x.test,\n"));
	OK(has(&mail.html, "Alder &amp; Co"));
	IT("has the code by its Content-ID, and not the passphrase, in mode qr");
	OK(has(&mail.html, "src=\"cid:qr.1@wifi.test\""));
	OK(mail.qr_png.n > 8 && memcmp(mail.qr_png.p, "\x89PNG", 4) == 0);
	OK(!has(&mail.text, pass.s) && !has(&mail.html, pass.s));
	mail_view_release(&mail);

	IT("has the passphrase too in mode qr+text");
	in.mode = MAIL_VIEW_QR_TEXT;
	OK(mail_view_key(&in, &mail) == KF_OK);
	OK(has(&mail.text, "Passphrase:  ajf6-29h5-295d\n") &&
	    has(&mail.html, ">ajf6-29h5-295d</p>"));
	mail_view_release(&mail);

	IT("has neither in mode link, and needs neither");
	in.mode = MAIL_VIEW_LINK;
	in.pass = NULL;
	in.qr_cid = NULL;
	OK(mail_view_key(&in, &mail) == KF_OK);
	OK(mail.qr_png.n == 0 && !has(&mail.html, "<img") && !has(&mail.text, "QR"));
	mail_view_release(&mail);

	IT("refuses a URL that is none, a code without Content-ID and one that cannot be made");
	in.url = "javascript:alert(1)";
	OK(mail_view_key(&in, &mail) == KF_EINVAL);
	in.url = "https://wifi.test/k/1";
	in.mode = MAIL_VIEW_QR;
	in.pass = &pass;
	OK(mail_view_key(&in, &mail) == KF_EINVAL);
	in.qr_cid = "qr.1@wifi.test";
	in.net.ssid = KF_LIT("");
	OK(mail_view_key(&in, &mail) == KF_EINVAL);
	mail_view_release(&mail);
	return tap_end();
}
