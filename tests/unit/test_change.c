#include "portal/core/change.h"

#include "tests/unit/installation.h"
#include "tests/unit/tap.h"

static struct installation in;

static uint64_t
put(enum change_kind kind, const char *id)
{
	uint64_t rev = 0;

	if (db_begin(in.app->db) != KF_OK ||
	    db_end(in.app->db, change_put(in.app, kind, id, &rev)) != KF_OK)
		return 0;
	return rev;
}

struct seen {
	char text[256];
};

static enum kf_err
seen_one(void *arg, enum change_kind kind, const char *id, uint64_t rev)
{
	struct seen *s = arg;
	size_t n = strlen(s->text);

	(void)snprintf(s->text + n, sizeof(s->text) - n, "%d:%s@%d ", kind, id, (int)rev);
	return KF_OK;
}

static enum kf_err
stop(void *arg, enum change_kind kind, const char *id, uint64_t rev)
{
	(void)arg;
	(void)kind;
	(void)id;
	(void)rev;
	return KF_EDENIED;
}

int
main(void)
{
	struct change_point first, head, forged;
	struct seen seen = {""};
	uint64_t rev;

	inst_make(&in);
	IT("counts what init made: a site, a WLAN, a VLAN, a role, a workflow");
	OK(change_head(in.app, &first) == KF_OK && first.rev == 5);
	IT("takes the next revision and a new chain");
	OK(put(CHANGE_PSK, "a") == 6 && put(CHANGE_PSK, "b") == 7 && put(CHANGE_ROLE, "a") == 8);
	OK(put(CHANGE_PSK, "a") == 9);
	OK(change_head(in.app, &head) == KF_OK && head.rev == 9);
	OK(memcmp(&first.chain, &head.chain, sizeof(first.chain)) != 0);
	IT("knows every point of its history, and no other");
	OK(change_known(in.app, &first) == KF_OK && change_known(in.app, &head) == KF_OK);
	OK(change_known(in.app, &(struct change_point){0}) == KF_OK);
	forged = head;
	forged.chain.b[31] ^= 1;
	OK(change_known(in.app, &forged) == KF_ENOENT);
	forged = (struct change_point){8, head.chain};
	OK(change_known(in.app, &forged) == KF_ENOENT);
	forged = (struct change_point){10, head.chain};
	OK(change_known(in.app, &forged) == KF_ENOENT);
	IT("lists what changed since, each once, by its last change");
	OK(change_since(in.app, first.rev, seen_one, &seen) == KF_OK);
	OK(strcmp(seen.text, "5:b@7 4:a@8 5:a@9 ") == 0);
	seen.text[0] = '\0';
	OK(change_since(in.app, head.rev, seen_one, &seen) == KF_OK && seen.text[0] == '\0');
	OK(change_since(in.app, 0, stop, NULL) == KF_EDENIED);
	IT("gives a revision back when the transaction is given up");
	OK(db_begin(in.app->db) == KF_OK);
	OK(change_put(in.app, CHANGE_PSK, "c", &rev) == KF_OK && rev == 10);
	OK(db_end(in.app->db, KF_EIO) == KF_EIO);
	OK(change_head(in.app, &forged) == KF_OK && forged.rev == 9);
	IT("has another chain for the same change at another time");
	in.now_ms++;
	OK(put(CHANGE_PSK, "c") == 10);
	inst_end(&in);
	return tap_end();
}
