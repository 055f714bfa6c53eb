/* The one error type. Whoever knows the detail logs it, once; everyone above passes the code on. */
#ifndef COMMON_ERR_H
#define COMMON_ERR_H

enum kf_err {
	KF_OK = 0,
	KF_EINVAL,   /* the input is malformed or breaks a rule: say which and how to mend it */
	KF_ENOENT,   /* no such thing (or no key fits) */
	KF_EEXIST,   /* it is there already */
	KF_EDENIED,  /* who asks may not */
	KF_ELIMIT,   /* a named cap is reached: try later or with less */
	KF_EEXPIRED, /* it was valid once */
	KF_EAGAIN,   /* nothing yet: wait, or the resource is busy */
	KF_ESTALE,   /* the peer's picture is not ours: start over from a snapshot */
	KF_EIO,	     /* disk, network or peer failed */
	KF_ENOMEM
};

#define KF_MUST_CHECK __attribute__((warn_unused_result))

/* A static English word for the code, for logs: "invalid", "not-found", ... Never NULL. */
const char *kf_err_str(enum kf_err err);

#endif
