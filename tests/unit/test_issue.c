#include "portal/core/issue.h"

#include "common/wpa.h"
#include "portal/core/change.h"
#include "portal/core/outbox.h"
#include "portal/core/person.h"
#include "portal/core/psk.h"
#include "tests/unit/installation.h"
#include "tests/unit/tap.h"

#include <signal.h>
#include <sys/wait.h>

#define DAY 86400

static struct installation in;

/* A person who signed in, without the way there. */
static struct session
somebody(const char *email)
{
	struct session ses = {.workflow = "employees"};
	struct person_row row;
	enum person_how how;
	const struct person_proof proof = {"https://idp", email, email, "Some One", false};

	if (db_begin(in.app->db) != KF_OK ||
	    db_end(in.app->db, person_of_identity(in.app, &proof, &row, &how)) != KF_OK)
		exit(2);
	memcpy(ses.person, row.id, sizeof(ses.person));
	memcpy(ses.email, row.email, sizeof(ses.email));
	return ses;
}

static void
test_first(const struct session *alice, struct key_view *key)
{
	struct key_view again;
	struct change_point before, after;
	bool made = false;

	IT("makes one key: of the workflow's network, VLAN, role and time");
	OK(change_head(in.app, &before) == KF_OK);
	OK(issue_key(in.app, alice, key, &made) == KF_OK && made);
	OK(key->status == KEY_ACTIVE && key->vlan == 20 && key->group == 2);
	OK(strcmp(key->role, "employee") == 0 && strcmp(key->workflow, "employees") == 0);
	OK(key->expires == kf_now_s(&in.env) + 30LL * DAY && key->validity_s == 30LL * DAY);
	OK(key->pass.n == 24 && !key->weak && strcmp(key->name, "alice@example.test") == 0);
	IT("takes a revision, a mail and an audit entry in the same step");
	OK(change_head(in.app, &after) == KF_OK && after.rev == before.rev + 1);
	OK(key->rev == after.rev && key->mail == KEY_MAIL_WAITING);
	OK(inst_count(&in, "SELECT count(*) FROM outbox") == 1);
	OK(inst_count(&in, "SELECT count(*) FROM audit WHERE action = 'psk.issue'") == 1);
	IT("shows the same key at the next visit, and makes nothing");
	OK(issue_key(in.app, alice, &again, &made) == KF_OK && !made);
	OK(strcmp(again.id, key->id) == 0 && strcmp(again.pass.s, key->pass.s) == 0);
	OK(change_head(in.app, &before) == KF_OK && before.rev == after.rev);
	IT("keeps no passphrase and no PMK in clear");
	struct kf_pmk pmk;
	char hex[65], sql[256];
	OK(kf_pmk_derive(kf_span_of(key->pass.s, key->pass.n), KF_LIT("Keyfob Test"), &pmk) ==
	    KF_OK);
	kf_hex(kf_span_of(pmk.b, sizeof(pmk.b)), hex);
	(void)snprintf(sql, sizeof(sql),
	    "SELECT count(*) FROM psk WHERE instr(hex(pmk), upper('%s'))"
	    " OR instr(passphrase, '%s')",
	    hex, key->pass.s);
	OK(inst_count(&in, sql) == 0);
	IT("does not show it to anybody else");
	const struct session eve = somebody("eve@example.test");
	OK(issue_find(in.app, &eve, kf_span_str(key->id), &again) == KF_ENOENT);
	OK(issue_rotate(in.app, &eve, kf_span_str(key->id), &again) == KF_ENOENT);
	OK(issue_mail_again(in.app, &eve, kf_span_str(key->id)) == KF_ENOENT);
	OK(issue_find(in.app, alice, kf_span_str(key->id), &again) == KF_OK);
	OK(issue_find(in.app, alice, KF_LIT("' OR 1=1 --"), &again) == KF_ENOENT);
}

static void
test_rotate(const struct session *alice, const struct key_view *first)
{
	struct key_view second, old, again;
	struct kf_buf why = {0};
	bool made;

	IT("rotates within the group; the old key lives on for the overlap");
	inst_pass_s(&in, 1000);
	OK(issue_rotate(in.app, alice, kf_span_str(first->id), &second) == KF_OK);
	OK(strcmp(second.id, first->id) != 0 && second.group == first->group);
	OK(strcmp(second.pass.s, first->pass.s) != 0);
	OK(issue_find(in.app, alice, kf_span_str(first->id), &old) == KF_OK);
	OK(old.status == KEY_ROTATING && old.expires == kf_now_s(&in.env) + DAY);
	OK(old.rev > first->rev && old.pass.n == 24);
	IT("makes nothing when the same form comes twice");
	OK(issue_rotate(in.app, alice, kf_span_str(first->id), &again) == KF_OK);
	OK(strcmp(again.id, second.id) == 0);
	OK(issue_key(in.app, alice, &again, &made) == KF_OK && !made);
	OK(strcmp(again.id, second.id) == 0);
	OK(inst_count(&in, "SELECT count(*) FROM outbox WHERE kind = 2") == 1);
	IT("never lengthens the old key's life");
	inst_pass_s(&in, 30LL * DAY - 1000);
	OK(issue_find(in.app, alice, kf_span_str(first->id), &old) == KF_OK);
	OK(old.status == KEY_EXPIRED && old.pass.n == 0);
	OK(issue_find(in.app, alice, kf_span_str(second.id), &second) == KF_OK);
	OK(second.status == KEY_ACTIVE);
	OK(issue_rotate(in.app, alice, kf_span_str(second.id), &again) == KF_OK);
	OK(issue_find(in.app, alice, kf_span_str(second.id), &old) == KF_OK);
	OK(old.expires == second.expires && second.expires < kf_now_s(&in.env) + DAY);
	IT("does not rotate a key that is over");
	inst_pass_s(&in, 31LL * DAY);
	OK(issue_rotate(in.app, alice, kf_span_str(again.id), &old) == KF_EEXPIRED);
	OK(issue_mail_again(in.app, alice, kf_span_str(again.id)) == KF_EEXPIRED);
	IT("makes a new key in the same group once the old one is over");
	OK(issue_key(in.app, alice, &second, &made) == KF_OK && made);
	OK(strcmp(second.id, again.id) != 0 && second.group == first->group);
	IT("does the same after an admin revoked it");
	OK(psk_revoke(in.app, &inst_by, kf_span_str(second.id), KF_LIT("")) == KF_OK);
	OK(issue_find(in.app, alice, kf_span_str(second.id), &old) == KF_OK);
	OK(old.status == KEY_REVOKED && old.pass.n == 0);
	OK(issue_key(in.app, alice, &again, &made) == KF_OK && made);
	OK(again.group == first->group);
	kf_buf_free(&why);
}

static void
test_limits(void)
{
	const struct session bob = somebody("bob@example.test");
	struct key_view key;
	bool made;
	int n = 0;

	IT("gives another person another group");
	OK(issue_key(in.app, &bob, &key, &made) == KF_OK && made && key.group != 2);
	IT("does not queue a second mail while one waits, nor more than five an hour");
	OK(issue_mail_again(in.app, &bob, kf_span_str(key.id)) == KF_ELIMIT);
	for (int i = 0; i < 10; i++) {
		(void)inst_count(&in, "UPDATE outbox SET state = 'sent'; SELECT 1");
		if (issue_mail_again(in.app, &bob, kf_span_str(key.id)) == KF_OK)
			n++;
	}
	OK(n == 4);
	inst_pass_s(&in, 3601);
	OK(issue_mail_again(in.app, &bob, kf_span_str(key.id)) == KF_OK);
	IT("stops a person who rotates without end");
	for (n = 0; n < 100; n++)
		if (issue_rotate(in.app, &bob, kf_span_str(key.id), &key) != KF_OK)
			break;
	OK(n == 10);
	IT("lists a person's keys, newest first, no more than asked for");
	struct key_view list[3];
	size_t got = 0;
	OK(issue_list(in.app, &bob, list, 3, &got) == KF_OK && got == 3);
	OK(strcmp(list[0].id, key.id) == 0 && list[0].status == KEY_ACTIVE);
	OK(list[1].status == KEY_ROTATING);
}

static void
test_workflow(void)
{
	const struct session dora = somebody("dora@example.test");
	struct workflow_view view;
	struct key_view key;
	bool made;

	IT("shows a published workflow");
	OK(workflow_find(in.app, KF_LIT(""), &view) == KF_OK);
	OK(strcmp(view.slug, "employees") == 0 && view.validity_s == 30LL * DAY);
	OK(workflow_find(in.app, KF_LIT("nope"), &view) == KF_ENOENT);
	IT("makes no key of a workflow that is not published any more");
	(void)inst_count(&in, "UPDATE workflow SET published = 0; SELECT 1");
	OK(workflow_find(in.app, KF_LIT(""), &view) == KF_ENOENT);
	OK(issue_key(in.app, &dora, &key, &made) == KF_ENOENT && !made);
	(void)inst_count(&in, "UPDATE workflow SET published = 1, group_per = 'key'; SELECT 1");
	IT("gives each key its own group where the workflow says so, also through rotation");
	OK(issue_key(in.app, &dora, &key, &made) == KF_OK && made);
	uint32_t group = key.group;
	OK(issue_rotate(in.app, &dora, kf_span_str(key.id), &key) == KF_OK && key.group == group);
	OK(psk_revoke(in.app, &inst_by, kf_span_str(key.id), KF_LIT("")) == KF_OK);
	OK(issue_key(in.app, &dora, &key, &made) == KF_OK && key.group != group);
	(void)inst_count(&in, "UPDATE workflow SET group_per = 'person'; SELECT 1");
}

/* A process of its own, as a worker is. */
static pid_t
worker(const struct session *ses, uint64_t seed)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	struct app *app = NULL;
	struct key_view key;
	bool made;

	in.seed = seed;
	if (app_open(&in.conf, &in.env, &in.master, &app) != KF_OK)
		_exit(3);
	for (int i = 0; i < 20; i++)
		if (issue_key(app, ses, &key, &made) != KF_OK)
			_exit(4);
	_exit(0);
}

static void
test_two_at_once(void)
{
	const struct session carol = somebody("carol@example.test");
	int status, bad = 0;
	pid_t pid[4];

	IT("makes one key when four workers are asked at once");
	for (size_t i = 0; i < 4; i++)
		pid[i] = worker(&carol, 1000 * (i + 1));
	for (size_t i = 0; i < 4; i++)
		if (waitpid(pid[i], &status, 0) != pid[i] || status != 0)
			bad++;
	OK(bad == 0);
	OK(inst_count(&in,
	       "SELECT count(*) FROM psk p JOIN person o ON o.id = p.person_id"
	       " WHERE o.email = 'carol@example.test'") == 1);
	OK(inst_count(&in,
	       "SELECT count(*) FROM outbox m JOIN psk p ON p.id = m.psk_id JOIN person"
	       " o ON o.id = p.person_id WHERE o.email = 'carol@example.test'") == 1);
}

/* Rotates until it is killed; a byte to fd for every key that was committed. */
static _Noreturn void
victim(const struct session *ses, uint64_t seed, int fd)
{
	struct app *app = NULL;
	struct key_view key;
	bool made;

	in.seed = seed;
	if (app_open(&in.conf, &in.env, &in.master, &app) != KF_OK ||
	    issue_key(app, ses, &key, &made) != KF_OK)
		_exit(3);
	for (;;) {
		in.now_ms += 3600 * 1000; /* past the limit of an hour */
		if (issue_rotate(app, ses, kf_span_str(key.id), &key) != KF_OK ||
		    write(fd, "k", 1) != 1)
			_exit(4);
	}
}

/* How many keys the victim told of before it was killed, at least two. */
static int
kill_one(const struct session *ses, int round)
{
	int fd[2], told = 0, status = 0;
	char c;
	pid_t pid;

	if (pipe(fd) != 0 || (pid = fork()) == -1)
		exit(2);
	if (pid == 0)
		victim(ses, 77777U * (unsigned)(round + 1), fd[1]);
	(void)close(fd[1]);
	while (told < 2 && read(fd[0], &c, 1) == 1)
		told++;
	(void)usleep((useconds_t)round * 1500);
	(void)kill(pid, SIGKILL);
	while (read(fd[0], &c, 1) == 1)
		told++;
	(void)close(fd[0]);
	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) ? told : -1000;
}

static void
test_kill(void)
{
	const struct session frank = somebody("frank@example.test");
	struct audit_check check;
	int told = 0;

	IT("leaves no half key when it is killed at any moment, and loses none it told of");
	for (int i = 0; i < 10; i++)
		told += kill_one(&frank, i);
	OK(told >= 20);
	OK(inst_count(&in,
	       "SELECT count(*) FROM psk p JOIN person o ON o.id = p.person_id"
	       " WHERE o.email = 'frank@example.test'") > told);
	OK(inst_count(&in,
	       "SELECT count(*) FROM psk p WHERE source = 'portal' AND NOT EXISTS"
	       " (SELECT 1 FROM outbox m WHERE m.psk_id = p.id)") == 0);
	OK(inst_count(&in,
	       "SELECT count(*) FROM psk p WHERE NOT EXISTS (SELECT 1 FROM change_log c"
	       " WHERE c.entity_id = p.id AND c.rev = p.rev)") == 0);
	OK(inst_count(&in,
	       "SELECT count(*) FROM psk p JOIN person o ON o.id = p.person_id"
	       " WHERE o.email = 'frank@example.test' AND current = 1") == 1);
	OK(inst_count(&in,
	       "SELECT count(DISTINCT p.group_id) FROM psk p JOIN person o ON"
	       " o.id = p.person_id WHERE o.email = 'frank@example.test'") == 1);
	OK(audit_verify(in.app, &check) == KF_OK);
}

int
main(void)
{
	struct key_view key;

	inst_make(&in);
	const struct session alice = somebody("alice@example.test");
	test_first(&alice, &key);
	test_rotate(&alice, &key);
	test_limits();
	test_workflow();
	test_two_at_once();
	test_kill();
	inst_end(&in);
	return tap_end();
}
