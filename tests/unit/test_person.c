#include "portal/core/person.h"

#include "tests/unit/installation.h"
#include "tests/unit/tap.h"

static struct installation in;

static enum person_how
who(struct person_proof proof, struct person_row *out)
{
	enum person_how how = PERSON_KNOWN;

	if (db_begin(in.app->db) != KF_OK ||
	    db_end(in.app->db, person_of_identity(in.app, &proof, out, &how)) != KF_OK)
		exit(2);
	return how;
}

static void
by_email(const char *email, struct person_row *out)
{
	if (db_begin(in.app->db) != KF_OK ||
	    db_end(in.app->db, person_of_email(in.app, email, out)) != KF_OK)
		exit(2);
}

int
main(void)
{
	struct person_row a, b, c, keep;

	inst_make(&in);
	IT("makes a person at the first sign-in and knows it again");
	OK(who((struct person_proof){"idp1", "x", "Ann@example.test", "Ann", false}, &a) ==
	    PERSON_MADE);
	OK(who((struct person_proof){"idp1", "x", "Ann@example.test", "", false}, &b) ==
	    PERSON_KNOWN);
	OK(strcmp(a.id, b.id) == 0 && strcmp(b.name, "Ann") == 0);
	IT("keeps the same NameID of two IdPs apart");
	OK(who((struct person_proof){"idp2", "x", "zoe@example.test", "Zoe", false}, &b) ==
	    PERSON_MADE);
	OK(strcmp(a.id, b.id) != 0);
	IT("gives an unproven address of somebody else's a person of its own");
	in.now_ms += 1000;
	OK(who((struct person_proof){"idp2", "y", "ann@example.test", "Eve", false}, &b) ==
	    PERSON_MADE);
	OK(strcmp(a.id, b.id) != 0);
	IT("joins by an address that was proven by code, in whatever case it is written");
	OK(who((struct person_proof){"email", "ann@example.test", "ANN@example.test", "", true},
	       &c) == PERSON_JOINED);
	OK(strcmp(a.id, c.id) == 0);
	IT("joins a person without identity, once");
	by_email("bob@example.test", &keep);
	by_email("BOB@example.test", &b);
	OK(strcmp(keep.id, b.id) == 0 && b.name[0] == '\0');
	OK(who((struct person_proof){"idp1", "b", "bob@example.test", "Bob", false}, &b) ==
	    PERSON_JOINED);
	OK(strcmp(keep.id, b.id) == 0 && strcmp(b.name, "Bob") == 0);
	in.now_ms += 1000;
	OK(who((struct person_proof){"idp2", "b", "bob@example.test", "Bob", false}, &c) ==
	    PERSON_MADE);
	IT("gives a key by e-mail to the oldest person with it");
	by_email("bob@example.test", &c);
	OK(strcmp(keep.id, c.id) == 0);
	inst_end(&in);
	return tap_end();
}
