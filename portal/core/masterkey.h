/* The master key's file: never in the database, never in a backup. */
#ifndef CORE_MASTERKEY_H
#define CORE_MASTERKEY_H

#include "common/err.h"
#include "common/secret.h"
#include "common/text.h"

/* Read master_key_file: 64 hexadecimal digits and perhaps a line break, or 32 bytes as they are
 * (a systemd credential). On failure why says what to do. Errors: KF_EIO cannot be read;
 * KF_EDENIED others than owner and group may read it; KF_EINVAL neither of the two forms. */
enum kf_err
masterkey_read(const char *path, struct kf_sealkey *out, struct kf_buf *why) KF_MUST_CHECK;

#endif
