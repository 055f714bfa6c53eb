/* How fast a key is found: match_scan against a tight OpenSSL loop in the same run. The ratio is
 * what counts; absolute figures depend on the machine. */
#include "common/match/match.h"
#include "tests/vectors/handshakes.h"
#include "tests/vectors/unhex.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS 5

static double
cpu_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static struct handshake
own(const char *m2)
{
	struct handshake_at at;
	struct handshake hs;
	enum eapol_why why;
	uint8_t frame[256];
	size_t n = unhex(m2, frame);

	unhex(OWN_AA, at.ap);
	unhex(OWN_SPA, at.station);
	unhex(OWN_ANONCE, at.anonce);
	if (handshake_read(&hs, &at, kf_span_of(frame, n), &why) != KF_OK)
		exit(1);
	return hs;
}

/* The anchor: HMAC() for the KCK, HMAC() for the MIC, nothing else. AKM 2. */
static double
openssl_loop(const struct handshake *hs, const struct kf_pmk *pmk, size_t n)
{
	uint8_t block[100] = {0}, kck[20], mic[20];
	unsigned hits = 0;
	double start = cpu_s();

	for (size_t i = 0; i < n; i++) {
		HMAC(EVP_sha1(), pmk[i].b, KF_PMK_LEN, block, sizeof(block), kck, NULL);
		HMAC(EVP_sha1(), kck, 16, hs->frame, hs->frame_len, mic, NULL);
		hits += memcmp(mic, hs->mic, 16) == 0;
	}
	if (hits > 0)
		exit(1);
	return cpu_s() - start;
}

/* The worst case: the last key is the right one. */
static double
scan(const struct handshake *hs, const struct match_set *set, size_t n)
{
	double start = cpu_s();
	size_t slot;

	if (match_scan(set, hs, 0, &slot) != KF_OK || slot != n - 1)
		exit(1);
	return cpu_s() - start;
}

static double
best(double a, double b)
{
	return a > 0 && a < b ? a : b;
}

static void
bench(size_t n)
{
	const struct handshake two = own(OWN_AKM2_M2), six = own(OWN_AKM6_M2);
	struct kf_pmk *pmk = calloc(n, sizeof(*pmk));
	struct match_set *set = NULL;
	double loop = 0, akm2 = 0, akm6 = 0;

	if (pmk == NULL || match_set_new(n, &set) != KF_OK)
		exit(1);
	for (size_t i = 0; i < n; i++) {
		memcpy(pmk[i].b, &i, sizeof(i));
		if (i == n - 1)
			unhex(OWN_PMK, pmk[i].b);
		if (match_set_put(set, &pmk[i], (uint32_t)i) != KF_OK)
			exit(1);
	}
	for (int i = 0; i < ROUNDS; i++) {
		loop = best(loop, openssl_loop(&two, pmk, n));
		akm2 = best(akm2, scan(&two, set, n));
		akm6 = best(akm6, scan(&six, set, n));
	}
	printf("match %6zu keys  openssl-loop %8.2f ms  akm2 %8.2f ms (x%.2f)  akm6 %8.2f ms "
	       "(x%.2f)\n",
	    n, loop * 1e3, akm2 * 1e3, loop / akm2, akm6 * 1e3, loop / akm6);
	match_set_free(&set);
	free(pmk);
}

int
main(void)
{
	bench(1000);
	bench(5000);
	bench(20000);
	return 0;
}
