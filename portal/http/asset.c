/* GET /assets/NAME: embedded files. The name carries the content's hash, so it never changes. */
#include "assets.h"
#include "portal/http/handlers.h"
#include "portal/http/web.h"

int
asset_get(struct web_req *req)
{
	struct kf_span name = web_capture(req, 1);
	const struct asset *asset = assets_find(name);
	struct kf_buf body = {0};
	int sent;

	if (asset == NULL)
		return web_reply_err(req, KF_ENOENT, NULL);
	kf_buf_add(&body, asset->bytes.p, asset->bytes.n);
	web_header(req, "cache-control", "public, max-age=31536000, immutable");
	sent = web_reply(req, 200, asset->type, &body);
	kf_buf_free(&body);
	return sent;
}
