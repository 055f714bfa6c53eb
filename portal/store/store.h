/* keyfob.db: the list of all statements, and opening it with the schema this program knows. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "portal/store/db.h"

#define STORE_ID 37 /* a UUID as text and its NUL */

/* Opens an existing database and prepares everything. *version: what the file has. KF_ENOENT no
 * such file; KF_ESTALE its schema is older or newer than the program. */
enum kf_err store_open(const char *path, int *version, struct db **out) KF_MUST_CHECK;
/* The same after making the file (create) and applying what is missing. */
enum kf_err store_open_migrated(const char *path, bool create, struct db **out) KF_MUST_CHECK;

#endif
