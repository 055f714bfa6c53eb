#include "common/err.h"

const char *
kf_err_str(enum kf_err err)
{
	switch (err) {
	case KF_OK:
		return "ok";
	case KF_EINVAL:
		return "invalid";
	case KF_ENOENT:
		return "not-found";
	case KF_EEXIST:
		return "exists";
	case KF_EDENIED:
		return "denied";
	case KF_ELIMIT:
		return "limit";
	case KF_EEXPIRED:
		return "expired";
	case KF_EAGAIN:
		return "again";
	case KF_ESTALE:
		return "stale";
	case KF_EIO:
		return "io";
	case KF_ENOMEM:
		return "no-memory";
	}
	return "unknown";
}
