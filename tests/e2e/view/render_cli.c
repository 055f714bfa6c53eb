/* render_cli DIR: every page with sample data into NAME.html, the mails into mail_NAME.html, .txt,
 * .subject and .png, and what the codes must say into NAME.uri and NAME.pass; random
 * codes for a property test. For view.test.mjs. */
#include "assets.h"
#include "portal/view/mail_view.h"
#include "portal/view/page.h"
#include "portal/view/qr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW 1795426800 /* Mon 23 November 2026, 09:40 UTC */

static const struct page_shell shell = {
    .org_name = "Alder Instruments",
    .help_desk = "+1 408 555 0142",
    .email = "jana.batch@alder.example",
    .csrf = "3f9c1a",
};
static const struct page_shell nobody = {
    .org_name = "Alder Instruments", .help_desk = "+1 408 555 0142"};
static const struct page_shell nasty = {
    .org_name =
	"</title><script>alert(1)</script>Müller & Söhne \"GmbH\" & Co. Kommanditgesellschaft",
    .help_desk = "<img src=x onerror=alert(1)> ' \" & call 1",
    .email = "a-very-long-mailbox-name-that-never-ends@a-very-long-department.example.test",
    .csrf = "\"><script>alert(2)</script>",
};

static struct kf_pass
pass_of(const char *s)
{
	struct kf_pass pass = {.n = (uint8_t)strlen(s)};

	memcpy(pass.s, s, pass.n);
	return pass;
}

static void
save(const char *dir, const char *name, struct kf_buf *b)
{
	struct kf_buf path = {0};
	FILE *f;

	kf_buf_fmt(&path, "%s/%s", dir, name);
	f = fopen(kf_buf_cstr(&path), "wb");
	if (b->bad || f == NULL || fwrite(b->p, 1, b->n, f) != b->n || fclose(f) != 0) {
		fprintf(stderr, "cannot write %s\n", kf_buf_cstr(&path));
		exit(1);
	}
	kf_buf_free(&path);
	kf_buf_free(b);
}

static void
must(enum kf_err r, const char *what)
{
	if (r == KF_OK)
		return;
	fprintf(stderr, "%s: %s\n", what, kf_err_str(r));
	exit(1);
}

static const struct page_device phones[] = {
    {"Jana’s iPhone", "fe:ad:9a:e6:aa:bd", NOW - 60},
    {"", "8c:c6:81:4f:02:9e", NOW - 7200},
    {"<b>bold</b> \xe2\x80\xaegnp.exe and a name that goes on for much longer than a phone is wide",
	"0e:d2:bb:fa:0c:f3", NOW - 90000},
};

static struct page_key
key_plain(const struct kf_pass *pass)
{
	return (struct page_key){
	    .id = "0f8fad5b-d9cb-469f-a165-70867728950e",
	    .net = {.ssid = KF_LIT("Front Office"), .security = FEED_WPA2},
	    .pass = pass,
	    .mail_to = "jana.batch@alder.example",
	    .mail = PAGE_MAIL_SENT,
	    .now = NOW,
	    .not_after = NOW + 30 * 86400,
	    .devices_max = 5,
	};
}

static struct page_key
key_nasty(const struct kf_pass *pass)
{
	return (struct page_key){
	    .id = "0f8fad5b-d9cb-469f-a165-70867728950f",
	    .net = {.ssid = KF_LIT("<script>\\;,\":' Büro WLAN 32 byt"),
		.security = FEED_WPA3,
		.hidden = true},
	    .pass = pass,
	    .mail_to = nasty.email,
	    .mail = PAGE_MAIL_FAILED,
	    .now = NOW,
	    .not_after = NOW + 3 * 86400,
	    .old_not_after = NOW + 86400,
	    .device = phones,
	    .devices = 3,
	};
}

static void
write_keys(const char *dir, const struct kf_pass *plain, const struct kf_pass *evil)
{
	struct kf_buf b = {0};
	struct page_key joined = key_plain(plain), rotated = key_plain(plain), keys[3];
	struct page_success in = {.key = key_plain(plain), .fresh = true, .overlap_s = 7 * 86400};

	must(page_success(&b, &shell, &in), "success");
	save(dir, "success.html", &b);
	joined.device = phones;
	joined.devices = 1;
	must(page_success(&b, &shell, &(struct page_success){.key = joined, .mailed = true}),
	    "joined");
	save(dir, "success_joined.html", &b);
	rotated.old_not_after = NOW + 7 * 86400;
	rotated.mail = PAGE_MAIL_QUEUED;
	must(page_success(&b, &shell, &(struct page_success){.key = rotated, .rotated = true}),
	    "rotated");
	save(dir, "success_rotated.html", &b);
	must(page_success(&b, &nasty, &(struct page_success){.key = key_nasty(evil)}), "nasty");
	save(dir, "success_nasty.html", &b);
	keys[0] = joined;
	keys[0].devices = 2;
	keys[1] = key_nasty(evil);
	keys[2] = key_plain(plain);
	keys[2].not_after = 0;
	keys[2].net.ssid = KF_LIT("Things");
	keys[2].devices_max = 1;
	must(page_my(&b, &shell, &(struct page_my){keys, 3}), "my");
	save(dir, "my.html", &b);
	must(page_my(&b, &shell, &(struct page_my){0}), "my, empty");
	save(dir, "my_empty.html", &b);
}

static void
write_others(const char *dir)
{
	struct kf_buf b = {0};
	struct page_landing in = {.ssid = KF_LIT("Front Office"),
	    .slug = "staff",
	    .idp = "Alder sign-in",
	    .days = 30,
	    .devices_max = 5};

	page_landing(&b, &nobody, &in);
	save(dir, "landing.html", &b);
	page_landing(&b, &shell, &in);
	save(dir, "landing_known.html", &b);
	in.signed_out = true;
	in.idp = NULL;
	in.slug = "a b/\"><script>";
	page_landing(&b, &nobody, &in);
	save(dir, "landing_out.html", &b);
	page_landing(&b, &nobody, &(struct page_landing){0});
	save(dir, "landing_none.html", &b);
	page_ended(&b, &shell,
	    &(struct page_ended){KF_LIT("Front Office"), PAGE_END_EXPIRED, NOW - 86400, "staff"});
	save(dir, "ended_expired.html", &b);
	page_ended(
	    &b, &shell, &(struct page_ended){KF_LIT("Front Office"), PAGE_END_REVOKED, NOW, NULL});
	save(dir, "ended_revoked.html", &b);
	page_ended(&b, &nasty,
	    &(struct page_ended){KF_LIT("\"><script>\0\n\xff"), PAGE_END_REPLACED, NOW, NULL});
	save(dir, "ended_nasty.html", &b);
	page_refused(&b, &nobody,
	    &(struct page_refused){.code = "KF-2071", .slug = "staff", .too_slow = true});
	save(dir, "refused.html", &b);
	page_refused(&b, &nasty, &(struct page_refused){.code = "<script>"});
	save(dir, "refused_nasty.html", &b);
	page_not_found(&b, &nobody);
	save(dir, "not_found.html", &b);
	page_error(&b, &shell,
	    &(struct page_error){"We’re full right now",
		"Wait a minute, then try again. Nothing was changed.", "KF-5003"});
	save(dir, "error.html", &b);
}

static void
write_mail(const char *dir, const char *name, const struct mail_view_key *in)
{
	struct mail_view mail = {0};
	struct kf_buf file = {0};

	must(mail_view_key(in, &mail), name);
	kf_buf_fmt(&file, "mail_%s.html", name);
	save(dir, kf_buf_cstr(&file), &mail.html);
	kf_buf_reset(&file);
	kf_buf_fmt(&file, "mail_%s.txt", name);
	save(dir, kf_buf_cstr(&file), &mail.text);
	kf_buf_reset(&file);
	kf_buf_fmt(&file, "mail_%s.png", name);
	if (mail.qr_png.n > 0)
		save(dir, kf_buf_cstr(&file), &mail.qr_png);
	kf_buf_reset(&file);
	kf_buf_fmt(&file, "mail_%s.subject", name);
	save(dir, kf_buf_cstr(&file), &mail.subject);
	kf_buf_free(&file);
	mail_view_release(&mail);
}

static void
write_mails(const char *dir, const struct kf_pass *plain, const struct kf_pass *evil)
{
	struct mail_view_key in = {
	    .mode = MAIL_VIEW_QR,
	    .org_name = shell.org_name,
	    .help_desk = shell.help_desk,
	    .name = "Jana Batch",
	    .net = key_plain(plain).net,
	    .pass = plain,
	    .url = "https://wifi.alder.example/k/0b9f1c52-7a0e-4d2b-9a53-2d3c6a4f1e10",
	    .my_url = "https://wifi.alder.example/my",
	    .qr_cid = "qr.0b9f1c52@wifi.alder.example",
	    .issued = NOW,
	    .not_after = NOW + 30 * 86400,
	    .devices_max = 5,
	};

	write_mail(dir, "qr", &in);
	in.mode = MAIL_VIEW_QR_TEXT;
	in.net = key_nasty(evil).net;
	in.pass = evil;
	in.name = "<script>alert(1)</script>\r\nBcc: x@y.test";
	in.help_desk = NULL;
	write_mail(dir, "nasty", &in);
	in.mode = MAIL_VIEW_LINK;
	in.net = key_plain(plain).net;
	in.pass = NULL;
	in.qr_cid = NULL;
	in.name = NULL;
	in.not_after = 0;
	write_mail(dir, "link", &in);
}

/* What each code must say, by the writer that the unit tests prove. */
static void
write_expect(const char *dir, const char *name, const struct page_key *key)
{
	struct kf_buf b = {0}, file = {0};

	kf_buf_fmt(&file, "%s.uri", name);
	must(wifi_uri(&key->net, key->pass, &b), name);
	save(dir, kf_buf_cstr(&file), &b);
	kf_buf_reset(&file);
	kf_buf_fmt(&file, "%s.pass", name);
	kf_buf_str(&b, key->pass->s);
	save(dir, kf_buf_cstr(&file), &b);
	kf_buf_free(&file);
}

/* xorshift64*: the same codes on every run. */
static uint64_t
roll(uint64_t *state, uint64_t sides)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (*state * 2685821657736338717u >> 33) % sides;
}

/* n random networks as PNG, and one line each of what is in them: SSID in hex, a space, the
 * passphrase in hex. SSIDs are of any UTF-8 that a person may type, passphrases printable ASCII. */
static void
write_random(const char *dir, unsigned n)
{
	static const char *const odd[] = {
	    "\\", ";", ",", "\"", ":", "%", "%20", "ü", "日", "😀", " "};
	uint64_t state = 20261123;
	struct kf_buf list = {0}, uri = {0}, png = {0}, file = {0};

	for (unsigned i = 0; i < n; i++) {
		char ssid[FEED_SSID_MAX + 8] = "";
		size_t len = 1 + roll(&state, FEED_SSID_MAX), at = 0;
		struct kf_pass pass = {.n = (uint8_t)(8 + roll(&state, 56))};
		struct wifi_net net = {.security = (enum feed_security)(1 + roll(&state, 3))};
		struct qr qr = {0};

		while (at < len) {
			const char *o = odd[roll(&state, sizeof(odd) / sizeof(odd[0]))];
			char c[2] = {(char)(0x20 + roll(&state, 0x5f)), '\0'};
			const char *add = roll(&state, 3) == 0 && strlen(o) <= len - at ? o : c;

			memcpy(ssid + at, add, strlen(add) + 1);
			at += strlen(add);
		}
		for (size_t k = 0; k < pass.n; k++)
			pass.s[k] = (char)(0x20 + roll(&state, 0x5f));
		net.ssid = kf_span_of(ssid, at);
		net.hidden = roll(&state, 2) == 1;
		kf_buf_reset(&uri);
		must(wifi_uri(&net, &pass, &uri), "uri");
		must(qr_encode(kf_buf_span(&uri), &qr), "qr");
		must(qr_png(&qr, 4, &png), "png");
		qr_release(&qr);
		kf_buf_reset(&file);
		kf_buf_fmt(&file, "random_%u.png", i);
		save(dir, kf_buf_cstr(&file), &png);
		kf_buf_hex(&list, net.ssid);
		kf_buf_str(&list, " ");
		kf_buf_hex(&list, kf_span_of(pass.s, pass.n));
		kf_buf_str(&list, "\n");
	}
	save(dir, "random.txt", &list);
	kf_buf_free(&uri);
	kf_buf_free(&file);
}

int
main(int argc, char **argv)
{
	struct kf_pass plain = pass_of("ajf6-29h5-295d-k7mq-x4wp");
	struct kf_pass evil =
	    pass_of("<i>\"it's\"; a \\ pass: phrase,  with all that hurts & 63 bytes =)");

	struct page_key keys[] = {key_plain(&plain), key_nasty(&evil)};

	if (argc != 2 || assets_find(KF_LIT("nothing")) != NULL) {
		fprintf(stderr, "usage: render_cli DIR\n");
		return 2;
	}
	write_keys(argv[1], &plain, &evil);
	write_others(argv[1]);
	write_mails(argv[1], &plain, &evil);
	write_expect(argv[1], "plain", &keys[0]);
	write_expect(argv[1], "nasty", &keys[1]);
	write_random(argv[1], 48);
	return 0;
}
