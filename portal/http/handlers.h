/* What the routes of portal/kore/web.conf name: one handler a route. Each replies and returns what
 * web_reply… gave it. */
#ifndef PORTAL_HTTP_HANDLERS_H
#define PORTAL_HTTP_HANDLERS_H

struct web_req;

/* sign_in.c */
int login_get(struct web_req *req);	    /* ?w=SLUG&return=PATH: off to the IdP */
int saml_acs(struct web_req *req);	    /* the IdP's POST, without cookies */
int saml_finish(struct web_req *req);	    /* ?h=RELAY: the browser that began */
int saml_metadata_get(struct web_req *req); /* ours, for the IdP */
int session_logout(struct web_req *req);

/* key.c */
int home_get(struct web_req *req);
int key_get(struct web_req *req);
int key_rotate(struct web_req *req);
int key_mail_again(struct web_req *req);
int key_link(struct web_req *req); /* /k/ID */
int key_live(struct web_req *req); /* which devices are on, as JSON */
int my_keys(struct web_req *req);

/* psks.c */
int psks_api(struct web_req *req);
int psk_api(struct web_req *req);

/* asset.c */
int asset_get(struct web_req *req);

#endif
