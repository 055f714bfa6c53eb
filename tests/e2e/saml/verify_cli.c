/* A door to portal/saml for the tests: one command a line on stdin, one answer a line on stdout.
 *	verify_cli BASE_URL KEY_PEM CERT_PEM [email:]IDP_METADATA...
 *	verify NOW BASE64                -> CODE TAB word [TAB name=value]...
 *	request IDP ID RELAY FORCE NOW   -> url, or "error WORD"
 *	metadata NOW                     -> base64 of the XML
 *	check NOW BASE64                 -> "ok" TAB name=value..., or WORD TAB sentence
 *	load NOW BASE64                  -> the same check, then the IdP is used */
#include "portal/saml/saml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
file_read(const char *path, struct kf_buf *out)
{
	char part[4096];
	size_t n;
	FILE *f = fopen(path, "rb");

	if (f == NULL) {
		perror(path);
		exit(2);
	}
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		kf_buf_add(out, part, n);
	(void)fclose(f);
}

/* The next word of *line; what follows stays there, "" at the end. */
static char *
word(char **line)
{
	char *w = *line;

	*line += strcspn(*line, " ");
	if (**line == ' ')
		*(*line)++ = '\0';
	return w;
}

static void
print_person(const struct saml_assertion *a)
{
	printf("\tidp=%s\tirt=%s\taid=%s\texpires=%lld\tnameid=%s\tformat=%s", a->idp,
	    a->in_response_to, a->assertion_id, (long long)a->expires, a->name_id,
	    a->format == SAML_NAMEID_EMAIL ? "email" : "persistent");
	printf("\tnq=%s\tspnq=%s\tsession=%s\tauthn=%lld\tend=%lld\temail=%s\tname=%s\tgiven=%s",
	    a->name_qualifier, a->sp_name_qualifier, a->session_index, (long long)a->authn_instant,
	    (long long)a->session_end, a->email, a->display_name, a->given_name);
	for (size_t i = 0; i < a->n_groups; i++)
		printf("\tgroup=%s", saml_group(a, i));
}

static void
do_verify(struct saml *saml, char *line)
{
	int64_t now = strtoll(word(&line), NULL, 10);
	struct saml_assertion a;
	enum saml_reason why;
	enum kf_err r = saml_verify(saml, kf_span_str(line), now, &a, &why);

	printf("%s\t%s", saml_reason_code(why), saml_reason_str(why));
	if (r == KF_OK)
		print_person(&a);
	printf("\n");
	saml_assertion_release(&a);
}

static void
do_request(struct saml *saml, char *line)
{
	const char *idp = word(&line), *id = word(&line), *relay = word(&line);
	bool force = strcmp(word(&line), "1") == 0;
	struct saml_ask ask = {id, relay, force, strtoll(word(&line), NULL, 10)};
	struct kf_buf url = {0};
	enum kf_err r = saml_request(saml, idp, &ask, &url);

	if (r == KF_OK)
		printf("%s\n", kf_buf_cstr(&url));
	else
		printf("error %s\n", kf_err_str(r));
	kf_buf_free(&url);
}

static void
do_metadata(struct saml *saml, char *line)
{
	struct kf_buf xml = {0}, b64 = {0};

	if (saml_metadata(saml, strtoll(word(&line), NULL, 10), &xml) == KF_OK)
		kf_buf_base64(&b64, kf_buf_span(&xml));
	printf("%s\n", kf_buf_cstr(&b64));
	kf_buf_free(&xml);
	kf_buf_free(&b64);
}

static void
do_check(struct saml *saml, char *line, bool load)
{
	int64_t now = strtoll(word(&line), NULL, 10);
	struct kf_buf xml = {0}, why = {0};
	struct saml_idp_info info;
	enum kf_err r = kf_unbase64(kf_span_str(line), &xml);

	if (r == KF_OK)
		r = saml_metadata_check(kf_buf_span(&xml), now, &info, &why);
	if (r == KF_OK && load) {
		struct saml_idp_conf idp = {
		    .entity_id = info.entity_id, .metadata = kf_buf_span(&xml)};
		r = saml_idp_load(saml, &idp, now, &why);
	}
	if (r == KF_OK)
		printf("ok\tentity=%s\tsso=%s\tuntil=%lld\tcert=%lld\tkeys=%u\n", info.entity_id,
		    info.sso_url, (long long)info.valid_until, (long long)info.cert_expires,
		    info.keys);
	else
		printf("%s\t%s\n", kf_err_str(r), kf_buf_cstr(&why));
	kf_buf_free(&xml);
	kf_buf_free(&why);
}

/* IdPs of the command line; their metadata is valid at any time. */
static void
idp_add(struct saml *saml, const char *path)
{
	struct kf_buf xml = {0}, why = {0};
	struct saml_idp_info info;
	struct saml_idp_conf idp = {0};

	if (strncmp(path, "email:", 6) == 0) {
		idp.nameid = SAML_NAMEID_EMAIL;
		path += 6;
	}
	file_read(path, &xml);
	idp.entity_id = info.entity_id;
	idp.metadata = kf_buf_span(&xml);
	if (saml_metadata_check(idp.metadata, 0, &info, &why) != KF_OK ||
	    saml_idp_load(saml, &idp, 0, &why) != KF_OK) {
		fprintf(stderr, "%s: %s\n", path, kf_buf_cstr(&why));
		exit(2);
	}
	kf_buf_free(&xml);
	kf_buf_free(&why);
}

static void
command(struct saml *saml, char *line)
{
	const char *w = word(&line);

	if (strcmp(w, "verify") == 0)
		do_verify(saml, line);
	else if (strcmp(w, "request") == 0)
		do_request(saml, line);
	else if (strcmp(w, "metadata") == 0)
		do_metadata(saml, line);
	else if (strcmp(w, "check") == 0 || strcmp(w, "load") == 0)
		do_check(saml, line, w[0] == 'l');
	else
		printf("usage\n");
	(void)fflush(stdout);
}

static void
serve(struct saml *saml)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	while ((n = getline(&line, &cap, stdin)) > 0) {
		if (line[n - 1] == '\n')
			line[n - 1] = '\0';
		command(saml, line);
	}
	free(line);
}

int
main(int argc, char **argv)
{
	struct kf_buf key = {0}, cert = {0}, why = {0};
	struct saml *saml = NULL;
	int rc = 2;

	if (argc < 4)
		return rc;
	file_read(argv[2], &key);
	file_read(argv[3], &cert);
	struct saml_conf conf = {argv[1], kf_buf_span(&key), kf_buf_span(&cert)};
	if (saml_open(&conf, &why, &saml) == KF_OK) {
		for (int i = 4; i < argc; i++)
			idp_add(saml, argv[i]);
		serve(saml);
		rc = 0;
	} else
		fprintf(stderr, "%s\n", kf_buf_cstr(&why));
	saml_free(&saml);
	kf_buf_free(&key);
	kf_buf_free(&cert);
	kf_buf_free(&why);
	return rc;
}
