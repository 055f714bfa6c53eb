#include "ap-agent/enroll.h"

#include "ap-agent/identity.h"
#include "common/log.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TIMEOUT_S 30L
#define ANSWER_MAX 65536

static size_t
body_take(char *p, size_t size, size_t n, void *arg)
{
	struct kf_buf *b = arg;

	kf_buf_add(b, p, size * n);
	return b->bad ? 0 : size * n;
}

/* One POST to the web role. Nothing secret is in it and the answer proves itself by the code. */
static enum kf_err
post(const char *base, struct kf_span body, struct kf_buf *answer, struct kf_buf *why)
{
	char url[FEED_URL_MAX + 32], says[CURL_ERROR_SIZE] = "";
	CURL *e = curl_easy_init();
	struct curl_slist *h = curl_slist_append(NULL, "Content-Type: application/x-keyfob-feed");
	CURLcode rc = CURLE_FAILED_INIT;
	long status = 0;
	int n = snprintf(url, sizeof(url), "%s/agent/v1/enroll", base);

	if (e != NULL && h != NULL && n > 0 && (size_t)n < sizeof(url) &&
	    curl_easy_setopt(e, CURLOPT_URL, url) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_HTTPHEADER, h) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_POSTFIELDS, body.p) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE, (long)body.n) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_TIMEOUT, TIMEOUT_S) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_ERRORBUFFER, says) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, body_take) == CURLE_OK &&
	    curl_easy_setopt(e, CURLOPT_WRITEDATA, answer) == CURLE_OK) {
		rc = curl_easy_perform(e);
		(void)curl_easy_getinfo(e, CURLINFO_RESPONSE_CODE, &status);
	}
	curl_slist_free_all(h);
	curl_easy_cleanup(e);
	if (rc != CURLE_OK) {
		kf_buf_fmt(why, "%s: %s", url, says[0] != '\0' ? says : curl_easy_strerror(rc));
		return KF_EIO;
	}
	if (status == 403) {
		kf_buf_str(why,
		    "the portal refused: the code is wrong, used or older than an "
		    "hour; make a new one with keyfob agent code");
		return KF_EDENIED;
	}
	if (status != 200) {
		kf_buf_fmt(why, "%s: the portal answered %ld", url, status);
		return KF_EIO;
	}
	return KF_OK;
}

static enum kf_err
folder_make(const struct agent_conf *conf, struct kf_buf *why)
{
	if (mkdir(conf->state_dir, 0700) == 0 || errno == EEXIST)
		return KF_OK;
	kf_buf_fmt(why, "%s: %s", conf->state_dir, strerror(errno));
	return KF_EIO;
}

static enum kf_err
exchange(const struct agent_conf *conf, const struct feed_code *code, struct kf_buf *why)
{
	struct kf_buf key = {0}, csr = {0}, ask = {0}, answer = {.max = ANSWER_MAX};
	struct feed_enrolled e;
	char name[64] = "";
	enum kf_err r;

	(void)gethostname(name, sizeof(name) - 1);
	if ((r = identity_request(name[0] != '\0' ? name : "agent", &key, &csr)) != KF_OK) {
		kf_buf_str(why, "no key could be made");
		goto out;
	}
	feed_put_enroll(&ask, code, kf_buf_span(&csr));
	if ((r = post(code->url, kf_buf_span(&ask), &answer, why)) != KF_OK)
		goto out;
	r = feed_read_enrolled(kf_buf_span(&answer), code->code, &e);
	if (r != KF_OK)
		kf_buf_fmt(why, "%s does not know the code: whoever answered is not the portal",
		    code->url);
	else if ((r = identity_write(conf, &e, kf_buf_span(&key))) != KF_OK)
		kf_buf_fmt(why, "%s could not be written", conf->state_dir);
out:
	kf_buf_free(&key);
	kf_buf_free(&csr);
	kf_buf_free(&ask);
	kf_buf_free(&answer);
	return r;
}

enum kf_err
enroll_agent(const struct agent_conf *conf, const struct kf_env *env, struct kf_span text,
    bool force, struct kf_buf *why)
{
	struct kf_sealkey seal;
	struct feed_code code;
	struct identity id;
	enum kf_err r;

	if ((r = feed_code_parse(text, &code)) != KF_OK) {
		kf_buf_str(why,
		    "expected URL#ID.CODE on standard input, as keyfob agent code "
		    "--site SITE prints it");
		goto out;
	}
	if (!force && identity_read(conf, &id) == KF_OK) {
		kf_buf_fmt(why, "enrolled already as %s: use --force for a new identity", id.text);
		r = KF_EEXIST;
		goto out;
	}
	if ((r = folder_make(conf, why)) != KF_OK)
		goto out;
	if ((r = identity_seal_key(conf, env, true, &seal)) != KF_OK) {
		kf_buf_fmt(
		    why, "seal_key_file %s cannot be made or is not 32 bytes", conf->seal_key_file);
		goto out;
	}
	r = exchange(conf, &code, why);
out:
	kf_wipe(&seal, sizeof(seal));
	kf_wipe(&code, sizeof(code));
	return r;
}
