/* migrations/NNNN_words.sql, made part of the program at build time by embed.sh. */
#ifndef STORE_MIGRATIONS_H
#define STORE_MIGRATIONS_H

#include "portal/store/db.h"

extern const struct db_migration migrations[];
extern const size_t migrations_n;

#endif
