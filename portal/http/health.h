/* GET /healthz: for service managers and load balancers. */
#ifndef PORTAL_HTTP_HEALTH_H
#define PORTAL_HTTP_HEALTH_H

struct web_req;

/* 200 "ok": this worker serves. It opened its database before it began to. */
int health_get(struct web_req *req);

#endif
