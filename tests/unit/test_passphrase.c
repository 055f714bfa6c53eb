#include "portal/core/passphrase.h"

#include "tests/unit/tap.h"

#include <string.h>

static enum kf_err
no_random(void *ctx, void *out, size_t n)
{
	(void)ctx;
	(void)out;
	(void)n;
	return KF_EIO;
}

int
main(void)
{
	const struct kf_env broken = {.random = no_random};
	struct kf_pass a = {0}, b = {0};
	unsigned int seen[256] = {0};

	IT("makes groups of four symbols that nobody mistakes for another");
	OK(passphrase_make(&kf_env_real, PASS_GROUPS, &a) == KF_OK);
	OK(a.n == 24 && strlen(a.s) == 24 && a.s[4] == '-' && a.s[19] == '-');
	OK(strspn(a.s, "abcdefghjkmnpqrstuvwxyz23456789-") == 24);
	OK(passphrase_make(&kf_env_real, PASS_GROUPS_MAX, &b) == KF_OK && b.n == 59);
	OK(passphrase_make(&kf_env_real, PASS_GROUPS_MIN, &b) == KF_OK && b.n == 19);
	IT("never makes the same twice, and every symbol comes");
	for (int i = 0; i < 2000; i++) {
		if (passphrase_make(&kf_env_real, PASS_GROUPS, &b) != KF_OK ||
		    strcmp(a.s, b.s) == 0)
			break;
		for (int k = 0; k < b.n; k++)
			seen[(unsigned char)b.s[k]]++;
	}
	/* 40,000 symbols: 1290 of each, give or take 36; ten times that is never chance */
	bool even = true;
	for (const char *p = "abcdefghjkmnpqrstuvwxyz23456789"; *p != '\0'; p++)
		even = even && seen[(unsigned char)*p] > 930 && seen[(unsigned char)*p] < 1650;
	OK(even);
	IT("gives nothing when there is no randomness");
	OK(passphrase_make(&broken, PASS_GROUPS, &b) == KF_EIO && b.n == 0 && b.s[0] == '\0');
	IT("judges by length and classes of characters");
	OK(passphrase_bits(KF_LIT("")) == 0);
	OK(passphrase_bits(KF_LIT("password")) == 37);
	OK(passphrase_bits(KF_LIT("Passw0rd")) == 47);
	OK(passphrase_bits(KF_LIT("1234567890")) == 33);
	OK(passphrase_bits(KF_LIT("aaaabbbbccccdddd")) == 75);
	OK(passphrase_bits(KF_LIT("aB3aB3aB3aB3aB")) == 83);
	OK(passphrase_bits(KF_LIT("correct horse battery")) >= PASS_BITS_MIN);
	OK(passphrase_bits(kf_span_str(a.s)) >= PASS_BITS_MIN);
	return tap_end();
}
