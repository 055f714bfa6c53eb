#include "portal/core/sighting.h"

#include "common/text.h"

enum kf_err
sighting_list(struct app *app, struct kf_span key_id,
    enum kf_err (*each)(void *arg, const struct sighting_row *row), void *arg)
{
	uint8_t raw[16];
	char id[37];

	if (kf_parse_uuid(key_id, raw) != KF_OK)
		return KF_ENOENT;
	kf_uuid_str(raw, id);
	return sighting_each(app->db, app->org, id, each, arg);
}
