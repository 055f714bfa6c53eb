#include "portal/saml/saml.h"

#include "tests/unit/tap.h"

#include <string.h>

int
main(void)
{
	IT("the page's codes never move");
	OK(strcmp(saml_reason_code(SAML_GOOD), "KF-2000") == 0);
	OK(strcmp(saml_reason_code(SAML_SIGNATURE), "KF-2013") == 0);
	OK(strcmp(saml_reason_code(SAML_REQUEST_LATE), "KF-2071") == 0);
	IT("every reason has a code and a word of its own");
	for (int i = 0; i < SAML_REASON__MAX; i++) {
		const char *code = saml_reason_code((enum saml_reason)i);
		bool alone = strlen(code) == 7 && saml_reason_str((enum saml_reason)i)[0] != '\0';
		for (int k = 0; k < i; k++)
			if (strcmp(code, saml_reason_code((enum saml_reason)k)) == 0 ||
			    strcmp(saml_reason_str((enum saml_reason)i),
				saml_reason_str((enum saml_reason)k)) == 0)
				alone = false;
		OK(alone);
	}
	return tap_end();
}
