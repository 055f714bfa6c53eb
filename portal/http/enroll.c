#include "portal/core/agentca.h"
#include "portal/http/feed.h"
#include "portal/http/web.h"

int
agent_enroll(struct web_req *req)
{
	struct kf_buf b = {0};
	enum kf_err r = agentca_enroll(web_app(req), web_body(req), &b);
	int rc;

	if (r == KF_OK)
		rc = web_reply(req, 200, "application/x-keyfob-feed", &b);
	else
		rc = web_reply_err(req, r,
		    r == KF_EDENIED ? "the code is wrong, used or older than an hour: make a new "
				      "one with keyfob agent code"
				    : NULL);
	kf_buf_free(&b);
	return rc;
}
