#!/bin/sh
# Which layer may include which, and which library. The same picture stands in ARCHITECTURE.md.
bad=0
may() { # FOLDER  ALLOWED-PROJECT-INCLUDES-REGEX  ALLOWED-LIBRARY-HEADERS-REGEX
	for f in $(git ls-files -co --exclude-standard "$1/*.c" "$1/*.h"); do
		wrong=$(
			grep -nE '^#include "' "$f" | grep -vE "\"($2)"
			grep -nE "^#include <($libs)" "$f" | grep -vE "<($3)"
		)
		[ -z "$wrong" ] || { echo "$f: $wrong"; bad=1; }
	done
}
libs='kore|sqlite3|lasso|libxml|xmlsec|glib|esmtp|libesmtp|auth-client|curl|qrencode|zlib|png|jansson|pcap|libmnl|libnftnl|linux/netfilter|openssl'
may common       'common/' 'openssl'
may portal/store 'common/|portal/store/' 'sqlite3'
may portal/core  'common/|portal/store/|portal/core/' 'openssl'
may portal/saml  'common/|portal/saml/' 'lasso|libxml|xmlsec|glib|openssl|zlib'
may portal/mail  'common/|portal/mail/' 'libesmtp|auth-client|openssl|curl'
may portal/view  'common/|portal/view/|templates\.h|assets\.h' 'qrencode|zlib|openssl'
may portal/http  'common/|portal/(core|view|saml|http)/|assets\.h' 'kore|jansson|openssl'
may portal/kore  'common/|portal/(core|http|kore)/' 'kore|openssl'
may portal/jobs  'common/|portal/(core|view|mail|saml|jobs)/' 'curl'
may portal/cli   'common/|portal/(core|store|saml|cli)/' 'jansson'
may ap-agent     'common/|ap-agent/' 'curl|libmnl|libnftnl|linux/netfilter|pcap|jansson|openssl'
exit $bad
