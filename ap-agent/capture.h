/* EAPOL frames out of a capture file (pcap or pcapng). Link types: Ethernet, 802.11 plain or
 * behind a radiotap, Prism, AVS or PPI header. */
#ifndef AGENT_CAPTURE_H
#define AGENT_CAPTURE_H

#include "common/err.h"
#include "common/span.h"

#include <stdio.h>

#define CAPTURE_WHY_MAX 512

struct capture_frame {
	uint8_t from[6], to[6]; /* transmitter and receiver: one is the BSSID */
	struct kf_span eapol;	/* from the 802.1X version byte on; what follows it may trail */
};

struct capture;

/* path: "-" is standard input. why: says what is wrong, for a person.
 * KF_EINVAL: not a capture, or of a link type that we do not read; KF_EIO: cannot be opened. */
enum kf_err
capture_open(const char *path, struct capture **out, char why[CAPTURE_WHY_MAX]) KF_MUST_CHECK;
/* The same from an open file, which is the capture's from now on, also on failure. */
enum kf_err
capture_open_file(FILE *file, struct capture **out, char why[CAPTURE_WHY_MAX]) KF_MUST_CHECK;
void capture_close(struct capture **cap);

/* The next EAPOL frame; others, encrypted and broken ones are passed over. Borrowed until the
 * next call. KF_ENOENT: the end; KF_EINVAL: the file is cut off or damaged from here on. */
enum kf_err capture_next(
    struct capture *cap, struct capture_frame *out, char why[CAPTURE_WHY_MAX]) KF_MUST_CHECK;

/* One frame of a pcap link type (LINKTYPE_...). False: no EAPOL in it. Pure. */
bool capture_read(int linktype, struct kf_span frame, struct capture_frame *out);

#endif
