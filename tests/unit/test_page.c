#include "portal/view/page.h"

#include "assets.h"
#include "tests/unit/tap.h"

#include <string.h>

#define NOW 1795426800

static const struct page_shell shell = {"Alder & Co", "+1 555", "jana@alder.example", "tok\"en"};
static const struct page_shell nobody = {"Alder & Co", NULL, NULL, NULL};

static bool
has(const struct kf_buf *b, const char *text)
{
	return strstr(kf_buf_cstr(b), text) != NULL;
}

static struct page_key
key_of(const struct kf_pass *pass)
{
	return (struct page_key){
	    .net = {.ssid = KF_LIT("Front Office"), .security = FEED_WPA2},
	    .pass = pass,
	    .mail_to = "jana@alder.example",
	    .mail = PAGE_MAIL_SENT,
	    .now = NOW,
	    .not_after = NOW + 30 * 86400,
	};
}

static void
success_tests(void)
{
	static const struct page_device phone = {"<iPhone>", "fe:ad:9a:e6:aa:bd", NOW};
	struct kf_pass pass = {"ajf6-29h5-295d", 14}, odd = {"it's -- one", 11},
		       brief = {"short", 5};
	struct page_success in = {.key = key_of(&pass), .fresh = true, .overlap_s = 3600};
	struct kf_buf b = {0};

	IT("shows network, code, masked passphrase in groups, mail and end of the key");
	OK(page_success(&b, &shell, &in) == KF_OK);
	OK(!b.bad && has(&b, "<h1>You have your key</h1>") && has(&b, ">Front Office</h2>"));
	OK(has(&b, "<svg class=\"qr\""));
	OK(has(&b, "<details class=\"reveal\"><summary"));
	OK(has(
	    &b, "<span>ajf6<i>-</i></span><wbr><span>29h5<i>-</i></span><wbr><span>295d</span>"));
	OK(has(&b, "<dt>E-mailed to</dt><dd><bdi>jana@alder.example</bdi></dd>"));
	OK(has(&b, "title=\"23 December 2026, 09:40 UTC\">Wed 23 December 2026</time>"));
	OK(has(&b, "(30 days)") && has(&b, "works on for 1 hour"));
	IT("waits for a first device");
	OK(has(&b, "Waiting for your first device") && has(&b, "data-live-cap hidden"));
	IT("sends each form with the token, escaped");
	OK(has(
	    &b, "action=\"/key/new\"><input type=\"hidden\" name=\"csrf\" value=\"tok&quot;en\">"));
	OK(has(&b, "action=\"/key/mail\"") && has(&b, "action=\"/logout\""));

	IT("fills the fob when a device is on, its name as text");
	kf_buf_reset(&b);
	in.key.device = &phone;
	in.key.devices = 1;
	in.key.devices_max = 5;
	OK(page_success(&b, &shell, &in) == KF_OK);
	OK(has(&b, "class=\"tag joined\"") && has(&b, "<bdi>&lt;iPhone&gt;</bdi> joined at"));
	OK(has(&b, "<span data-live-count>1</span> of 5"));

	IT("keeps a passphrase without groups in one piece");
	kf_buf_reset(&b);
	in.key = key_of(&odd);
	OK(page_success(&b, &shell, &in) == KF_OK);
	OK(has(&b, "<span>it&#39;s -- one</span>"));

	IT("tells the state of the mail as it is, and leaves it out without an address");
	in.key.mail = PAGE_MAIL_FAILED;
	kf_buf_reset(&b);
	OK(page_success(&b, &shell, &in) == KF_OK && has(&b, "<dt>Could not be e-mailed to</dt>"));
	in.key.mail_to = NULL;
	kf_buf_reset(&b);
	OK(page_success(&b, &shell, &in) == KF_OK && !has(&b, "mailed to") &&
	    !has(&b, "/key/mail"));

	IT("refuses what makes no Wi-Fi code");
	in.key.pass = &brief;
	OK(page_success(&b, &shell, &in) == KF_EINVAL);
	kf_buf_free(&b);
}

static void
my_tests(void)
{
	struct kf_pass pass = {"ajf6-29h5-295d", 14};
	struct page_key keys[2] = {key_of(&pass), key_of(&pass)};
	struct kf_buf b = {0};

	IT("hides code and passphrase of every key until asked, and links the first to its page");
	keys[1].not_after = NOW + 2 * 86400;
	OK(page_my(&b, &shell, &(struct page_my){keys, 2}) == KF_OK && !b.bad);
	OK(has(&b, "id=\"pass-1\"") && has(&b, "id=\"pass-2\""));
	OK(strstr(strstr(kf_buf_cstr(&b), "href=\"/key\"") + 1, "href=\"/key\"") == NULL);
	OK(has(&b, "<details class=\"more uncover\"><summary>"));
	IT("says which one ends soon");
	OK(has(&b, "st-soon\">Ends in 2 days"));
	IT("says what to do without a key");
	kf_buf_reset(&b);
	OK(page_my(&b, &shell, &(struct page_my){0}) == KF_OK && has(&b, "You have no key"));
	IT("refuses more keys than a page takes");
	OK(page_my(&b, &shell, &(struct page_my){keys, PAGE_KEYS_MAX + 1}) == KF_EINVAL);
	kf_buf_free(&b);
}

static void
other_tests(void)
{
	struct kf_buf b = {0};

	IT("leads from the landing page to the workflow's sign-in");
	page_landing(&b, &nobody,
	    &(struct page_landing){
		.ssid = KF_LIT("A&B"), .slug = "st aff", .days = 1, .devices_max = 2});
	OK(has(&b, "href=\"/login?w=st%20aff\"") && has(&b, ">A&amp;B</strong>"));
	OK(has(&b, "yours alone: 1 day, 2 devices.") && has(&b, "your work account"));
	OK(!has(&b, "/logout") && !has(&b, "Help desk") && !has(&b, "<script"));
	IT("leads who is signed in to the key");
	kf_buf_reset(&b);
	page_landing(&b, &shell, &(struct page_landing){.ssid = KF_LIT("A"), .slug = "s"});
	OK(has(&b, "href=\"/key\"") && !has(&b, "/login"));
	IT("says so when there is no workflow");
	kf_buf_reset(&b);
	page_landing(&b, &nobody, &(struct page_landing){0});
	OK(has(&b, "Your administrator") && !has(&b, "/login"));

	IT("says when and why a key ended, and how to get another");
	kf_buf_reset(&b);
	page_ended(&b, &shell, &(struct page_ended){KF_LIT("A\0\xff"), PAGE_END_EXPIRED, NOW, "s"});
	OK(has(&b, "ran out on <time") && has(&b, "/login?w=s") && has(&b, "Mon 23 November 2026"));
	OK(has(&b, "A\xef\xbf\xbd\xef\xbf\xbd</strong>"));
	kf_buf_reset(&b);
	page_ended(&b, &shell, &(struct page_ended){KF_LIT("A"), PAGE_END_REVOKED, NOW, NULL});
	OK(has(&b, "was switched off") && !has(&b, "/login"));
	kf_buf_reset(&b);
	page_ended(&b, &shell, &(struct page_ended){KF_LIT("A"), PAGE_END_REPLACED, NOW, NULL});
	OK(has(&b, "replaced by a newer one") && has(&b, "href=\"/key\""));

	IT("refuses a sign-in with a code and no reason, but for a slow one");
	kf_buf_reset(&b);
	page_refused(&b, &nobody, &(struct page_refused){.code = "KF-2071"});
	OK(has(&b, ">KF-2071</b>") && has(&b, "not one we can accept"));
	kf_buf_reset(&b);
	page_refused(&b, &nobody, &(struct page_refused){"KF-1", "s", true});
	OK(has(&b, "took too long") && has(&b, "/login?w=s"));

	IT("has a page for every other error");
	kf_buf_reset(&b);
	page_error(&b, &nobody, &(struct page_error){"<Full>", "Try again.", NULL});
	OK(has(&b, "<h1>&lt;Full&gt;</h1>") && !has(&b, "For the help desk"));
	kf_buf_reset(&b);
	page_not_found(&b, &nobody);
	OK(has(&b, "There is nothing here"));
	kf_buf_free(&b);
}

static void
asset_tests(void)
{
	struct kf_buf b = {0};
	const struct asset *a = NULL;
	const char *p;

	IT("serves the style sheet under the name that the pages use");
	page_not_found(&b, &nobody);
	p = strstr(kf_buf_cstr(&b), "/assets/app.");
	OK(p != NULL);
	if (p != NULL)
		a = assets_find(kf_span_of(p + 8, strcspn(p + 8, "\"")));
	OK(a != NULL && strcmp(a->type, "text/css; charset=utf-8") == 0 && a->bytes.n > 1000);
	IT("knows no other name");
	OK(assets_find(KF_LIT("app.css")) == NULL);
	OK(assets_find(KF_LIT("")) == NULL);
	OK(assets_find(KF_LIT("../app.css")) == NULL);
	kf_buf_free(&b);
}

int
main(void)
{
	success_tests();
	my_tests();
	other_tests();
	asset_tests();
	return tap_end();
}
