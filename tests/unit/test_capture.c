#include "ap-agent/capture.h"
#include "tests/unit/tap.h"
#include "tests/vectors/handshakes.h"
#include "tests/vectors/unhex.h"

#include <stdlib.h>

#define DIR "tests/vectors/"
#define ETHERNET 1
#define DOT11 105
#define RADIOTAP 127

/* How many EAPOL frames the file has; the second is the own message 2 when that is asked. */
static int
frames(const char *path, bool own, enum kf_err *end)
{
	struct capture *cap = NULL;
	struct capture_frame f;
	char why[CAPTURE_WHY_MAX] = "";
	uint8_t m2[256], station[6];
	size_t m2_n = unhex(OWN_AKM2_M2, m2);
	int n = 0;

	unhex(OWN_SPA, station);
	if ((*end = capture_open(path, &cap, why)) != KF_OK) {
		OK(why[0] != '\0' && cap == NULL);
		return -1;
	}
	while ((*end = capture_next(cap, &f, why)) == KF_OK)
		if (++n == 2 && own)
			OK(f.eapol.n >= m2_n && memcmp(f.eapol.p, m2, m2_n) == 0 &&
			    memcmp(f.from, station, 6) == 0);
	OK(*end == KF_ENOENT || why[0] != '\0');
	capture_close(&cap);
	return n;
}

static void
test_link_layers(void)
{
	static const char *const file[] = {"plain.pcap", "qos.pcap", "wds.pcap", "htc.pcap",
	    "radiotap.pcap", "radiotap-fcs.pcap", "radiotap-pad.pcap", "ethernet.pcap",
	    "ethernet-vlan.pcap", "prism.pcap", "avs.pcap", "prism-avs.pcap", "ppi.pcap",
	    "big-endian.pcap", "nanoseconds.pcap", "plain.pcapng"};
	char path[64];
	enum kf_err end;

	for (size_t i = 0; i < sizeof(file) / sizeof(file[0]); i++) {
		IT(file[i]);
		(void)snprintf(path, sizeof(path), DIR "%s", file[i]);
		OK(frames(path, true, &end) == 4 && end == KF_ENOENT);
	}
	IT("passes over encrypted frames and those with a bad check sum");
	OK(frames(DIR "protected.pcap", false, &end) == 0 && end == KF_ENOENT);
	OK(frames(DIR "radiotap-badfcs.pcap", false, &end) == 0 && end == KF_ENOENT);
}

static void
test_bad_files(void)
{
	enum kf_err end;

	IT("refuses a file that is not there, no capture, or of a link type it cannot read");
	OK(frames(DIR "no-such-file.pcap", false, &end) == -1 && end == KF_EIO);
	OK(frames(DIR "README.md", false, &end) == -1 && end == KF_EINVAL);
	OK(frames("/dev/null", false, &end) == -1 && end == KF_EINVAL);
	OK(frames(DIR "sll.pcap", false, &end) == -1 && end == KF_EINVAL);
	IT("gives what stands before the place where a file was cut off, and says so");
	OK(frames(DIR "cut-off.pcap", true, &end) == 3 && end == KF_EINVAL);
}

/* Reads every beginning of the frame: what is cut off has no EAPOL, and nothing is read past. */
static void
cut(int linktype, const char *hex)
{
	struct capture_frame f;
	uint8_t b[128];
	size_t n = unhex(hex, b);
	unsigned found = 0;

	OK(capture_read(linktype, kf_span_of(b, n), &f));
	for (size_t i = 0; i < n; i++) {
		uint8_t *exact = malloc(i + 1);

		memcpy(exact, b, i);
		found += capture_read(linktype, kf_span_of(exact, i), &f);
		free(exact);
	}
	OK(found == 0);
}

static void
test_cut(void)
{
	const char *dot11 = "08010000020000000100020000000a0b0200000001000000aaaa03000000888e";
	struct capture_frame f;
	uint8_t b[128];
	size_t n = unhex(dot11, b);

	IT("finds no EAPOL in a frame that is cut off");
	cut(DOT11, dot11);
	cut(ETHERNET, "0200000001000200000a0a0b888e");
	cut(RADIOTAP,
	    "00000a0002000000100008010000020000000100020000000a0b0200000001000000aaaa03000000888e");
	IT("passes over management frames, frames without data, and fragments");
	b[0] = 0x80;
	OK(!capture_read(DOT11, kf_span_of(b, n), &f));
	b[0] = 0x48;
	OK(!capture_read(DOT11, kf_span_of(b, n), &f));
	b[0] = 0x08, b[1] = 0x05;
	OK(!capture_read(DOT11, kf_span_of(b, n), &f));
	b[1] = 0x01, b[22] = 1;
	OK(!capture_read(DOT11, kf_span_of(b, n), &f));
	b[22] = 0;
	OK(capture_read(DOT11, kf_span_of(b, n), &f));
	IT("passes over other protocols");
	b[n - 1] = 0x00;
	OK(!capture_read(DOT11, kf_span_of(b, n), &f));
	IT("knows no other link type");
	OK(!capture_read(113, kf_span_of(b, n), &f));
}

int
main(void)
{
	test_link_layers();
	test_bad_files();
	test_cut();
	return tap_end();
}
