/* One line an event on stderr: "2026-11-22T23:00:00.123Z warn feed agent=… refused=…".
 * Values from outside are escaped: no line break or control character reaches the log. */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

enum kf_level { LOGL_DEBUG, LOGL_INFO, LOGL_WARN, LOGL_ERROR };

/* area: the part of the program ("feed", "saml"). fmt makes "key=value key=value". Never give
 * it a passphrase, PMK, token, cookie or code. */
void kf_log(enum kf_level level, const char *area, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* One stderr for a whole process: lines below the level are dropped. Default LOGL_INFO; the
 * environment variable KEYFOB_DEBUG=1 lowers it to LOGL_DEBUG. */

#endif
