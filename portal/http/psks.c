/* The REST API's keys: /api/v1/orgs/self/psks and /api/v1/orgs/self/psks/ID. Names are Mist's. */
#include "portal/core/psk.h"

#include "portal/http/handlers.h"
#include "portal/http/web.h"

#include <jansson.h>
#include <string.h>

#define PSK_BODY_MAX (64UL << 10)
#define PSK_LIMIT 100

/* "Authorization: Token …": who asks, for the audit. name takes 64 bytes. */
static enum kf_err
api_actor(struct web_req *req, char name[64])
{
	static const char scheme[] = "Token ";
	struct kf_span auth = web_header_in(req, "authorization");

	if (auth.n < sizeof(scheme) || memcmp(auth.p, scheme, sizeof(scheme) - 1) != 0)
		return KF_EDENIED;
	return token_check(web_app(req),
	    kf_span_of(auth.p + sizeof(scheme) - 1, auth.n - (sizeof(scheme) - 1)), name);
}

static int
api_unknown(struct web_req *req)
{
	web_header(req, "www-authenticate", "Token realm=\"keyfob\"");
	return web_reply_problem(req, 401,
	    "Send \"Authorization: Token …\" with a token of this "
	    "installation (keyfob token add NAME).");
}

static const char *
status_word(enum key_status status)
{
	static const char *const word[] = {
	    [KEY_ACTIVE] = "active",
	    [KEY_ROTATING] = "rotating",
	    [KEY_EXPIRED] = "expired",
	    [KEY_REVOKED] = "revoked",
	    [KEY_PENDING] = "pending",
	};

	return word[status];
}

/* Owned by the caller; NULL without memory. */
static json_t *
psk_json(const struct key_view *key)
{
	json_t *o = json_pack("{s:s s:s s:s% s:s s:s s:i s:s s:s s:I s:i s:I s:b}", "id", key->id,
	    "name", key->name, "ssid", key->ssid.b, (size_t)key->ssid.n, "usage", "multi", "status",
	    status_word(key->status), "vlan_id", (int)key->vlan, "role", key->role, "email",
	    key->email, "private_group_id", (json_int_t)key->group, "max_usage",
	    (int)key->max_usage, "created_time", (json_int_t)key->created, "weak", key->weak);

	if (o == NULL)
		return NULL;
	json_object_set_new(
	    o, "expire_time", key->expires > 0 ? json_integer(key->expires) : json_null());
	if (key->pass.n > 0)
		json_object_set_new(o, "passphrase", json_stringn(key->pass.s, key->pass.n));
	return o;
}

/* Sends and frees o. */
static int
reply_json(struct web_req *req, int status, json_t *o)
{
	struct kf_buf text = {0};
	char *dump = o != NULL ? json_dumps(o, JSON_COMPACT) : NULL;
	int sent;

	json_decref(o);
	if (dump == NULL)
		return web_reply_err(req, KF_ENOMEM, NULL);
	kf_buf_str(&text, dump);
	kf_buf_str(&text, "\n");
	sent = web_reply_json(req, status, &text);
	kf_wipe(dump, strlen(dump));
	free(dump);
	kf_buf_free(&text);
	return sent;
}

/* --- what a body says ------------------------------------------------------------------------- */
static enum kf_err
member_text(json_t *value, struct kf_span *out)
{
	if (!json_is_string(value))
		return KF_EINVAL;
	*out = kf_span_of(json_string_value(value), json_string_length(value));
	return KF_OK;
}

static enum kf_err
member_number(json_t *value, int64_t min, int64_t max, int64_t *out)
{
	if (!json_is_integer(value) || json_integer_value(value) < min ||
	    json_integer_value(value) > max)
		return KF_EINVAL;
	*out = json_integer_value(value);
	return KF_OK;
}

static enum kf_err
spec_member(const char *name, json_t *value, struct psk_spec *spec, const char **want)
{
	struct {
		const char *name, *want;
		struct kf_span *text;
	} texts[] = {
	    {"name", "a text of 1 to 63 bytes", &spec->name},
	    {"ssid", "the SSID of a WLAN of this organisation", &spec->ssid},
	    {"passphrase", "8 to 63 printable ASCII characters", &spec->passphrase},
	    {"role", "the name of a role", &spec->role},
	    {"email", "an e-mail address", &spec->email},
	};
	int64_t n = 0;
	enum kf_err r;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(name, texts[i].name) == 0) {
			*want = texts[i].want;
			return json_is_null(value) ? KF_OK : member_text(value, texts[i].text);
		}
	if (strcmp(name, "vlan_id") == 0) {
		*want = "a number from 1 to 4094";
		r = json_is_null(value) ? KF_OK : member_number(value, 1, 4094, &n);
		spec->vlan_id = (uint16_t)n;
		return r;
	}
	if (strcmp(name, "expire_time") == 0) {
		*want = "seconds since 1970, in the future, or null for never";
		return json_is_null(value) ? KF_OK
					   : member_number(value, 0, INT64_MAX, &spec->expire_time);
	}
	if (strcmp(name, "max_usage") == 0) {
		*want = "a number from 0 (any number of devices) to 1000";
		r = member_number(value, 0, 1000, &n);
		spec->max_usage = (uint32_t)n;
		return r;
	}
	if (strcmp(name, "weak") == 0) {
		*want = "true or false";
		spec->weak = json_is_true(value);
		return json_is_boolean(value) ? KF_OK : KF_EINVAL;
	}
	if (strcmp(name, "notify_on_create_or_edit") == 0) {
		*want = "true or false";
		spec->notify = json_is_true(value);
		return json_is_boolean(value) ? KF_OK : KF_EINVAL;
	}
	if (strcmp(name, "usage") == 0) {
		*want = "\"multi\", the only usage so far";
		return json_is_string(value) && strcmp(json_string_value(value), "multi") == 0
		    ? KF_OK
		    : KF_EINVAL;
	}
	*want = "left out: there is no such field";
	return KF_EINVAL;
}

/* The spec's spans borrow from *body, which the caller frees after use. */
static enum kf_err
spec_read(struct web_req *req, json_t **body, struct psk_spec *spec, struct kf_buf *why)
{
	struct kf_span text = web_body(req);
	json_error_t error;
	const char *name, *want = "";
	json_t *value;

	if (!web_body_is(req, "application/json") || text.n > PSK_BODY_MAX) {
		kf_buf_str(why, "Send a JSON object with Content-Type: application/json.");
		return KF_EINVAL;
	}
	*body = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, &error);
	if (!json_is_object(*body)) {
		kf_buf_fmt(why, "The body is not a JSON object: line %d, column %d: %s.",
		    error.line, error.column, error.text);
		return KF_EINVAL;
	}
	json_object_foreach(*body, name, value)
	{
		if (spec_member(name, value, spec, &want) == KF_OK)
			continue;
		kf_buf_fmt(why, "%.40s must be %s.", name, want);
		return KF_EINVAL;
	}
	return KF_OK;
}

/* --- the calls -----------------------------------------------------------------------------------
 */
static enum kf_err
list_one(void *arg, const struct key_view *key)
{
	json_t *list = arg;

	return json_array_append_new(list, psk_json(key)) == 0 ? KF_OK : KF_ENOMEM;
}

static enum kf_err
query_number(struct web_req *req, const char *name, uint64_t max, uint32_t *out)
{
	struct kf_span text;
	uint64_t n;
	enum kf_err r = web_query(req, name, &text);

	if (r == KF_ENOENT)
		return KF_OK;
	if (r != KF_OK || kf_parse_u64(text, 1, max, &n) != KF_OK)
		return KF_EINVAL;
	*out = (uint32_t)n;
	return KF_OK;
}

static enum kf_err
query_text(struct web_req *req, const char *name, struct kf_span *out)
{
	enum kf_err r = web_query(req, name, out);

	return r == KF_ENOENT ? KF_OK : r;
}

static int
psks_list(struct web_req *req)
{
	struct psk_filter filter = {.limit = PSK_LIMIT, .page = 1};
	json_t *list;
	uint64_t total = 0;
	char count[24];
	enum kf_err r;

	if (query_number(req, "limit", 1000, &filter.limit) != KF_OK ||
	    query_number(req, "page", 1000000, &filter.page) != KF_OK ||
	    query_text(req, "name", &filter.name) != KF_OK ||
	    query_text(req, "ssid", &filter.ssid) != KF_OK ||
	    query_text(req, "role", &filter.role) != KF_OK ||
	    query_text(req, "email", &filter.email) != KF_OK)
		return web_reply_err(req, KF_EINVAL,
		    "limit is a number from 1 to 1000, page one from 1; each parameter once.");
	if ((list = json_array()) == NULL)
		return web_reply_err(req, KF_ENOMEM, NULL);
	if ((r = psk_list(web_app(req), &filter, list_one, list, &total)) != KF_OK) {
		json_decref(list);
		return web_reply_err(req, r, NULL);
	}
	(void)snprintf(count, sizeof(count), "%llu", (unsigned long long)total);
	web_header(req, "x-page-total", count);
	return reply_json(req, 200, list);
}

static int
psks_add(struct web_req *req, const struct actor *by)
{
	struct psk_spec spec = {0};
	struct key_view key = {0};
	struct kf_buf why = {0};
	json_t *body = NULL;
	enum kf_err r;
	int sent;

	if ((r = spec_read(req, &body, &spec, &why)) == KF_OK)
		r = psk_add(web_app(req), by, &spec, &key, &why);
	if (r == KF_OK)
		sent = reply_json(req, 201, psk_json(&key));
	else
		sent = web_reply_err(req, r, why.n > 0 ? kf_buf_cstr(&why) : NULL);
	json_decref(body);
	kf_wipe(&key, sizeof(key));
	kf_buf_free(&why);
	return sent;
}

int
psks_api(struct web_req *req)
{
	char name[64];

	if (api_actor(req, name) != KF_OK)
		return api_unknown(req);
	if (web_method(req) == WEB_POST)
		return psks_add(req, &(struct actor){"token", name});
	return psks_list(req);
}

int
psk_api(struct web_req *req)
{
	struct key_view key = {0};
	struct kf_buf none = {0};
	char name[64];
	enum kf_err r;
	int sent;

	if (api_actor(req, name) != KF_OK)
		return api_unknown(req);
	if (web_method(req) == WEB_DELETE) {
		r = psk_revoke(web_app(req), &(struct actor){"token", name}, web_capture(req, 1),
		    KF_LIT("deleted by API"));
		return r == KF_OK ? web_reply(req, 204, NULL, &none)
				  : web_reply_err(req, r, "There is no key with this id.");
	}
	if ((r = psk_find(web_app(req), web_capture(req, 1), true, &key)) == KF_OK)
		r = psk_revealed(web_app(req), &(struct actor){"token", name}, key.id);
	sent = r == KF_OK ? reply_json(req, 200, psk_json(&key))
			  : web_reply_err(req, r, "There is no key with this id.");
	kf_wipe(&key, sizeof(key));
	return sent;
}
