#!/bin/sh
# Which layer may include which, and which library. The same picture stands in ARCHITECTURE.md.
bad=0
may() { # LAYER-FOLDERS-REGEX  ALLOWED-PROJECT-INCLUDES-REGEX  ALLOWED-LIBRARY-HEADERS-REGEX
	for f in $(git ls-files -co --exclude-standard "$1/*.c" "$1/*.h"); do
		case $f in $1/*/*) [ "$1" = common ] || [ "$1" = ap-agent ] || continue ;; esac
		grep -nE '^#include "' "$f" | grep -vE "\"($2)" | sed "s|^|$f:|" && bad=1
		grep -nE '^#include <(kore|sqlite3|lasso|libxml|xmlsec|glib|esmtp|libesmtp|curl|qrencode|zlib|png|jansson|pcap|libmnl|libnftnl|openssl|auth-client|linux/netfilter)' "$f" |
			grep -vE "<($3)" | sed "s|^|$f: library: |" && bad=1
	done
}
may common       'common/' 'openssl'
may portal/store 'common/|portal/store/' 'sqlite3'
may portal/core  'common/|portal/store/|portal/core/' 'openssl'
may portal/saml  'common/|portal/saml/' 'lasso|libxml|xmlsec|glib|openssl'
may portal/mail  'common/|portal/mail/' 'libesmtp|auth-client|openssl|curl'
may portal/view  'common/|portal/view/|templates\.h|assets\.h' 'qrencode|zlib|openssl'
may portal/http  'common/|portal/(core|view|saml|http)/|assets\.h' 'kore|jansson|openssl'
may portal/kore  'common/|portal/(core|http|kore)/' 'kore|openssl'
may portal/jobs  'common/|portal/(core|view|mail|saml|jobs)/' 'curl'
may portal/cli   'common/|portal/(core|store|saml|cli)/' 'jansson'
may ap-agent     'common/|ap-agent/' 'curl|libmnl|libnftnl|linux/netfilter|pcap|jansson|openssl'
exit $bad
