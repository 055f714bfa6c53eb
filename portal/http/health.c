#include "portal/http/health.h"

#include "portal/http/web.h"

int
health_get(struct web_req *req)
{
	struct kf_buf b = {0};

	kf_buf_str(&b, "ok\n");
	(void)web_reply(req, 200, "text/plain; charset=utf-8", &b);
	kf_buf_free(&b);
	return WEB_REPLIED;
}
