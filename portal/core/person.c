#include "portal/core/person.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

void
person_email_key(const char *email, char out[255])
{
	size_t n = 0;

	for (; email[n] != '\0' && n < 254; n++)
		out[n] = (char)tolower((unsigned char)email[n]);
	out[n] = '\0';
}

static enum kf_err
make(struct app *app, const char *email, const char *name, struct person_row *out)
{
	uint8_t id[16];
	enum kf_err r = kf_random_uuid(app->env, id);

	if (r != KF_OK)
		return r;
	*out = (struct person_row){0};
	kf_uuid_str(id, out->id);
	person_email_key(email, out->email_key);
	if ((size_t)snprintf(out->email, sizeof(out->email), "%s", email) >= sizeof(out->email) ||
	    (size_t)snprintf(out->name, sizeof(out->name), "%s", name) >= sizeof(out->name))
		return KF_EINVAL;
	return person_row_insert(app->db, app->org, out, kf_now_s(app->env));
}

/* What the IdP says today: people marry and move. */
static enum kf_err
update(struct app *app, const struct person_proof *proof, struct person_row *row)
{
	const char *name = proof->name[0] != '\0' ? proof->name : row->name;
	struct person_row next = *row;

	if (strcmp(row->email, proof->email) == 0 && strcmp(row->name, name) == 0)
		return KF_OK;
	person_email_key(proof->email, next.email_key);
	if ((size_t)snprintf(next.email, sizeof(next.email), "%s", proof->email) >=
		sizeof(next.email) ||
	    (size_t)snprintf(next.name, sizeof(next.name), "%s", name) >= sizeof(next.name))
		return KF_EINVAL;
	*row = next;
	return person_row_update(app->db, row);
}

/* Whom a new identity may join. KF_ENOENT: nobody. */
static enum kf_err
joinable(struct app *app, const struct person_proof *proof, struct person_row *out)
{
	char key[255];

	person_email_key(proof->email, key);
	return proof->email_proven ? person_row_by_email(app->db, app->org, key, out)
				   : person_row_unclaimed(app->db, app->org, key, out);
}

static enum kf_err
point(struct app *app, const struct person_proof *proof, const struct person_row *person)
{
	struct identity_row row = {
	    .idp = kf_span_str(proof->idp), .name_id = kf_span_str(proof->name_id)};
	uint8_t id[16];
	enum kf_err r = kf_random_uuid(app->env, id);

	if (r != KF_OK)
		return r;
	kf_uuid_str(id, row.id);
	memcpy(row.person_id, person->id, sizeof(row.person_id));
	return identity_row_insert(app->db, app->org, &row, kf_now_s(app->env));
}

enum kf_err
person_of_identity(
    struct app *app, const struct person_proof *proof, struct person_row *out, enum person_how *how)
{
	struct kf_span idp = kf_span_str(proof->idp), name_id = kf_span_str(proof->name_id);
	enum kf_err r = person_row_by_identity(app->db, app->org, idp, name_id, out);

	*how = PERSON_KNOWN;
	if (r == KF_OK) {
		r = identity_row_seen(app->db, app->org, idp, name_id, kf_now_s(app->env));
		return r == KF_OK ? update(app, proof, out) : r;
	}
	if (r != KF_ENOENT)
		return r;
	r = joinable(app, proof, out);
	if (r == KF_OK) {
		*how = PERSON_JOINED;
		r = update(app, proof, out);
	} else if (r == KF_ENOENT) {
		*how = PERSON_MADE;
		r = make(app, proof->email, proof->name, out);
	}
	return r == KF_OK ? point(app, proof, out) : r;
}

enum kf_err
person_of_email(struct app *app, const char *email, struct person_row *out)
{
	char key[255];
	enum kf_err r;

	person_email_key(email, key);
	r = person_row_by_email(app->db, app->org, key, out);
	return r == KF_ENOENT ? make(app, email, "", out) : r;
}
