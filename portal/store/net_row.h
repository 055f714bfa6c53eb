/* The places of the network: sites, WLANs, VLANs, roles. */
#ifndef STORE_NET_ROW_H
#define STORE_NET_ROW_H

#include "common/feed.h"
#include "portal/store/store.h"

extern const struct db_set net_set;

struct site_row {
	char id[STORE_ID];
	char name[FEED_NAME_MAX + 1];
};

struct wlan_row {
	char id[STORE_ID];
	struct feed_ssid ssid;
	enum feed_security security;
	enum feed_key_form key_form;
	bool personal;
};

/* prefixes, gateways: addresses separated by one space, as a person wrote them; wired: "any" or
 * MACs likewise. */
struct vlan_row {
	char id[STORE_ID], site_id[STORE_ID];
	uint16_t vid;
	char name[FEED_NAME_MAX + 1];
	char prefixes[1024], gateways[1024], wired[2048];
};

struct role_row {
	char id[STORE_ID];
	char name[FEED_ROLE_MAX + 1];
};

/* Inserts: KF_EEXIST the name, SSID or VLAN id of this site is taken. The caller takes the
 * revision (portal/core/change.h). */
enum kf_err net_site_insert(
    struct db *db, const char *org, const struct site_row *row, int64_t now) KF_MUST_CHECK;
enum kf_err net_wlan_insert(
    struct db *db, const char *org, const struct wlan_row *row, int64_t now) KF_MUST_CHECK;
enum kf_err net_wlan_at_site(
    struct db *db, const char *org, const char *wlan_id, const char *site_id) KF_MUST_CHECK;
enum kf_err
net_vlan_insert(struct db *db, const char *org, const struct vlan_row *row) KF_MUST_CHECK;
enum kf_err
net_role_insert(struct db *db, const char *org, const struct role_row *row) KF_MUST_CHECK;

/* Single rows: KF_ENOENT. */
enum kf_err net_site_by_name(
    struct db *db, const char *org, struct kf_span name, struct site_row *out) KF_MUST_CHECK;
enum kf_err net_wlan_by_ssid(
    struct db *db, const char *org, struct kf_span ssid, struct wlan_row *out) KF_MUST_CHECK;
/* The only WLAN there is. KF_ENOENT: none, or more than one. */
enum kf_err net_wlan_only(struct db *db, const char *org, struct wlan_row *out) KF_MUST_CHECK;
/* KF_OK when some site has this VLAN. */
enum kf_err net_vlan_exists(struct db *db, const char *org, uint16_t vid) KF_MUST_CHECK;
enum kf_err net_role_by_name(
    struct db *db, const char *org, struct kf_span name, struct role_row *out) KF_MUST_CHECK;

#endif
