#include "portal/core/outbox.h"

#include "portal/core/psk.h"
#include "tests/unit/installation.h"
#include "tests/unit/tap.h"

static struct installation in;

/* A key with a mail that waits. */
static void
promise(const char *name, struct key_view *key)
{
	const struct psk_spec spec = {
	    .name = kf_span_str(name), .email = KF_LIT("bob@example.test"), .notify = true};
	struct kf_buf why = {0};

	if (psk_add(in.app, &inst_by, &spec, key, &why) != KF_OK)
		exit(2);
	kf_buf_free(&why);
}

static void
test_claim(void)
{
	struct outbox_mail a, b;
	struct key_view key;
	int64_t wait_ms = -1;

	IT("has nothing to do at first");
	OK(outbox_claim(in.app, &a, &wait_ms) == KF_EAGAIN && wait_ms > 0);
	IT("gives a mail to one process at a time, with what it needs");
	promise("one", &key);
	OK(outbox_claim(in.app, &a, &wait_ms) == KF_OK);
	OK(a.kind == OUTBOX_KEY_ISSUED && a.mode == MAIL_QR && a.attempts == 1);
	OK(strcmp(a.to, "bob@example.test") == 0 && strcmp(a.key.id, key.id) == 0);
	OK(strcmp(a.key.pass.s, key.pass.s) == 0);
	OK(strlen(a.message_id) == 45 && strcmp(a.message_id + 32, "@example.test") == 0);
	OK(outbox_claim(in.app, &b, &wait_ms) == KF_EAGAIN);
	OK(wait_ms > 0 && wait_ms <= 60000);
	IT("gives it again when its process died, under the same Message-ID");
	inst_pass_s(&in, OUTBOX_LEASE_S);
	OK(outbox_claim(in.app, &b, &wait_ms) == KF_OK && b.id == a.id && b.attempts == 2);
	OK(strcmp(a.message_id, b.message_id) == 0);
	IT("is done once it was sent");
	OK(outbox_sent(in.app, b.id, 250, "2.0.0 Ok: queued") == KF_OK);
	OK(outbox_sent(in.app, b.id, 250, "twice") == KF_ENOENT);
	inst_pass_s(&in, OUTBOX_LEASE_S);
	OK(outbox_claim(in.app, &b, &wait_ms) == KF_EAGAIN);
	OK(psk_find(in.app, kf_span_str(key.id), false, &key) == KF_OK);
	OK(key.mail == KEY_MAIL_SENT && key.mailed > 0);
}

static void
test_retry(void)
{
	static const int64_t least[] = {60, 300, 900, 3600, 14400, 14400};
	struct outbox_mail mail;
	struct key_view key;
	int64_t wait_ms;
	bool grows = true;

	IT("waits longer after each failure, a fifth more at most");
	promise("two", &key);
	for (size_t i = 0; i < 6; i++) {
		grows = grows && outbox_claim(in.app, &mail, &wait_ms) == KF_OK &&
		    outbox_retry(in.app, mail.id, 451, "later", -1) == KF_OK;
		inst_pass_s(&in, least[i] - 1);
		grows = grows && outbox_claim(in.app, &mail, &wait_ms) == KF_EAGAIN;
		inst_pass_s(&in, 1 + least[i] / 5);
	}
	OK(grows);
	OK(psk_find(in.app, kf_span_str(key.id), false, &key) == KF_OK);
	OK(key.mail == KEY_MAIL_WAITING);
	IT("gives up after a day, audits it and shows it");
	inst_pass_s(&in, 86400);
	OK(outbox_claim(in.app, &mail, &wait_ms) == KF_OK);
	OK(outbox_retry(in.app, mail.id, 451, "still later", -1) == KF_OK);
	OK(psk_find(in.app, kf_span_str(key.id), false, &key) == KF_OK);
	OK(key.mail == KEY_MAIL_FAILED);
	OK(inst_count(&in, "SELECT count(*) FROM audit WHERE action = 'mail.dead'") == 1);
	IT("keeps exactly the wait that it was told");
	promise("three", &key);
	OK(outbox_claim(in.app, &mail, &wait_ms) == KF_OK);
	OK(outbox_retry(in.app, mail.id, 0, "cut", 2) == KF_OK);
	OK(outbox_claim(in.app, &mail, &wait_ms) == KF_EAGAIN && wait_ms == 2000);
	inst_pass_s(&in, 2);
	OK(outbox_claim(in.app, &mail, &wait_ms) == KF_OK);
	IT("is dead when the server says never");
	OK(outbox_dead(in.app, mail.id, 550, "no such user") == KF_OK);
	OK(outbox_dead(in.app, mail.id, 550, "no such user") == KF_ENOENT);
	OK(outbox_retry(in.app, mail.id, 0, "", 1) == KF_ENOENT);
	OK(outbox_claim(in.app, &mail, &wait_ms) == KF_EAGAIN);
}

static void
test_over(void)
{
	struct outbox_mail mail;
	struct key_view key, fresh;
	int64_t wait_ms;

	IT("does not send what is over");
	promise("four", &key);
	OK(psk_revoke(in.app, &inst_by, kf_span_str(key.id), KF_LIT("")) == KF_OK);
	OK(outbox_claim(in.app, &mail, &wait_ms) == KF_EAGAIN);
	OK(psk_find(in.app, kf_span_str(key.id), false, &key) == KF_OK);
	OK(key.mail == KEY_MAIL_FAILED);
	IT("tells an owner of the new passphrase");
	promise("five", &key);
	OK(outbox_claim(in.app, &mail, &wait_ms) == KF_OK);
	OK(outbox_sent(in.app, mail.id, 250, "ok") == KF_OK);
	OK(psk_rotate(in.app, &inst_by, kf_span_str(key.id), -1, &fresh) == KF_OK);
	OK(outbox_claim(in.app, &mail, &wait_ms) == KF_OK);
	OK(mail.kind == OUTBOX_KEY_ROTATED && strcmp(mail.key.id, fresh.id) == 0);
	OK(outbox_sent(in.app, mail.id, 250, "ok") == KF_OK);
	IT("keeps the passphrase out of a mail that has only the link");
	promise("six", &key);
	(void)inst_count(&in, "UPDATE outbox SET mail_mode = 'link'; SELECT 1");
	OK(outbox_claim(in.app, &mail, &wait_ms) == KF_OK);
	OK(mail.mode == MAIL_LINK && mail.key.pass.n == 0);
}

int
main(void)
{
	inst_make(&in);
	test_claim();
	test_retry();
	test_over();
	inst_end(&in);
	return tap_end();
}
