#!/bin/sh
# start.sh [--foreground] DIR PORT SP_METADATA_FILE: the demo's IdP on 127.0.0.1:PORT, by Debian's
# simplesamlphp under PHP's own server. Everything it keeps lies in DIR. When DIR/idp-metadata.xml
# is there, it answers. DIR/idp.pid is the one process to end. (No PHP_CLI_SERVER_WORKERS: PHP's
# workers outlive their parent and keep the port.)
set -eu
foreground=
[ "${1:-}" = --foreground ] && { foreground=1; shift; }
[ $# -eq 3 ] || { echo "usage: start.sh [--foreground] DIR PORT SP_METADATA_FILE" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
umask 077
mkdir -p "$1"
dir=$(cd "$1" && pwd) port=$2
case $3 in /*) sp=$3 ;; *) sp=$PWD/$3 ;; esac
metadata=$dir/idp-metadata.xml

[ -d /usr/share/simplesamlphp/www ] || { echo "start.sh: the package simplesamlphp is missing" >&2; exit 1; }
for d in cert log data tmp www; do mkdir -p "$dir/$d"; done
ln -sfn /usr/share/simplesamlphp/www "$dir/www/simplesaml"
[ -s "$dir/salt" ] || openssl rand -hex 32 >"$dir/salt"
[ -s "$dir/entity-id" ] || echo "http://127.0.0.1:$port/idp" >"$dir/entity-id"
[ -s "$dir/cert/idp.pem" ] || openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=keyfob-demo-idp \
	-keyout "$dir/cert/idp.key" -out "$dir/cert/idp.pem" 2>/dev/null
rm -f "$metadata" "$dir/idp.pid"

# up to 20 s for the first answer
ready() {
	n=0
	while [ $n -lt 200 ]; do
		if curl -sf -m 5 -o "$metadata.new" "http://127.0.0.1:$port/simplesaml/saml2/idp/metadata.php"; then
			mv "$metadata.new" "$metadata"
			return 0
		fi
		sleep 0.1
		n=$((n + 1))
		kill -0 "$1" 2>/dev/null || return 1
	done
	return 1
}

export IDP_DIR="$dir" IDP_PORT="$port" IDP_SP_METADATA="$sp"
export SIMPLESAMLPHP_CONFIG_DIR="$here/config"
if [ -n "$foreground" ]; then
	echo $$ >"$dir/idp.pid"
	ready $$ &
	exec php -d display_errors=0 -d "session.save_path=$dir/tmp" -S "127.0.0.1:$port" -t "$dir/www" \
		>>"$dir/log/php.log" 2>&1
fi
php -d display_errors=0 -d "session.save_path=$dir/tmp" -S "127.0.0.1:$port" -t "$dir/www" \
	>>"$dir/log/php.log" 2>&1 </dev/null &
echo $! >"$dir/idp.pid"
ready $! && exit 0
echo "start.sh: the IdP does not answer; see $dir/log/php.log" >&2
tail -5 "$dir/log/php.log" >&2
kill $! 2>/dev/null
exit 1
