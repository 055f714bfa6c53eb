#include "portal/http/not_found.h"

#include "portal/http/web.h"

int
not_found(struct web_req *req)
{
	return web_reply_err(req, KF_ENOENT, NULL);
}
