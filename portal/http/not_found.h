/* Every address without a route. */
#ifndef PORTAL_HTTP_NOT_FOUND_H
#define PORTAL_HTTP_NOT_FOUND_H

struct web_req;

int not_found(struct web_req *req);

#endif
