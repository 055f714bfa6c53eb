/* sources: common/[a-z]*.c common/match/match.c ap-agent/[cp]a[pi]*.c; pkg: libcrypto libpcap */
/* A capture file, through link layers and pairing to the handshakes in it. */
#include "ap-agent/capture.h"
#include "ap-agent/pairing.h"

#include <assert.h>
#include <stdio.h>

#define FRAMES_MAX 1000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
tell(void *arg, const struct paired *p)
{
	struct handshake hs;
	enum eapol_why why;

	(void)arg;
	if (handshake_read(&hs, &p->at, p->m2, &why) != KF_OK)
		assert(why != EAPOL_FINE);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const int linktype[] = {1, 105, 119, 127, 163, 192};
	char why[CAPTURE_WHY_MAX];
	static struct pairing *pairing; /* old conversations do no harm, and it is large */
	struct capture *cap = NULL;
	struct capture_frame f;
	FILE *file;
	size_t k = 0;

	if (n < 1)
		return 0;
	/* frames of every link type even where the file's head is broken */
	(void)capture_read(linktype[data[0] % 6], kf_span_of(data + 1, n - 1), &f);
	file = fmemopen((void *)(uintptr_t)data, n, "rb");
	if (file == NULL || capture_open_file(file, &cap, why) != KF_OK)
		return 0;
	if (pairing != NULL || pairing_new(tell, NULL, &pairing) == KF_OK)
		while (k++ < FRAMES_MAX && capture_next(cap, &f, why) == KF_OK)
			if (pairing_frame(pairing, f.from, f.to, f.eapol) != KF_OK)
				continue;
	capture_close(&cap);
	return 0;
}
