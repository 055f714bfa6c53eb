/* From a row of the outbox to the bytes of the mail. */
#ifndef JOBS_LETTER_H
#define JOBS_LETTER_H

#include "common/text.h"
#include "portal/core/outbox.h"
#include "portal/jobs/duty.h"

/* Appends the message to out, which then holds a secret (the code): free it by kf_buf_free.
 * Errors: KF_EINVAL with the field in *why (static text); KF_ENOMEM. */
enum kf_err letter_compose(const struct jobs *jobs, const struct outbox_mail *mail,
    struct kf_buf *out, const char **why) KF_MUST_CHECK;

#endif
