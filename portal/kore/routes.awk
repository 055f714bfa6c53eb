# routes.awk common.conf web.conf feed.conf > kore_routes.c
# Turns the route tables into C: for each handler a function of Kore's shape that calls
# web_run(), so that a misspelt handler does not link; and each file's text as a string, in which
# every route names that function.
function fail(what) {
	printf "%s:%d: %s\n", FILENAME, FNR, what > "/dev/stderr"
	failed = 1
	exit 1
}
function quote(s) {
	gsub(/\\/, "\\\\", s)
	gsub(/"/, "\\\"", s)
	return "\"" s "\\n\""
}
function route(    i, bits) {
	if (NF < 4)
		fail("expected: route PATH HANDLER METHODS [FLAGS]")
	for (i = 4; i <= NF; i++) {
		if (!($i in bit))
			fail("unknown method or flag \"" $i "\"")
		bits = bits (bits == "" ? "" : " | ") bit[$i]
	}
	n++
	name[n] = role "_" n "_" $3
	handler[n] = $3
	flags[n] = bits
	text[role] = text[role] "    " quote("route " $2 " route_" name[n]) "\n"
}
BEGIN {
	bit["get"] = "WEB_GET"; bit["post"] = "WEB_POST"; bit["put"] = "WEB_PUT"
	bit["delete"] = "WEB_DELETE"; bit["patch"] = "WEB_PATCH"
	bit["api"] = "WEB_API"; bit["cross-site"] = "WEB_CROSS_SITE"
}
FNR == 1 { role = FILENAME; sub(/.*\//, "", role); sub(/\.conf$/, "", role); roles[++nroles] = role }
/^[ \t]*(#|$)/ { next }
$1 == "route" { route(); next }
$1 == "start" {
	if (NF != 2)
		fail("expected: start NAME")
	starts[role] = starts[role] " " $2
	next
}
{ sub(/^[ \t]+/, ""); gsub(/[ \t]+/, " "); text[role] = text[role] "    " quote($0) "\n" }
END {
	if (failed)
		exit 1
	print "/* Made by portal/kore/routes.awk. */"
	print "#include \"portal/http/web_impl.h\"\n#include \"portal/kore/worker.h\"\n#include \"portal/kore/conf.h\"\n"
	for (i = 1; i <= n; i++)
		if (!seen[handler[i]]++)
			print "int " handler[i] "(struct web_req *req);"
	for (i = 1; i <= n; i++) {
		print "int route_" name[i] "(struct http_request *kore);"
		print "int\nroute_" name[i] "(struct http_request *kore)\n{"
		print "\tstatic const struct web_route r = {\"" handler[i] "\", " handler[i] ", " flags[i] "};\n"
		print "\treturn web_run(kore, worker_self(), &r);\n}"
	}
	for (i = 1; i <= nroles; i++) {
		print "const char conf_" roles[i] "[] =\n" text[roles[i]] "    \"\";"
		if (roles[i] == "common")
			continue
		m = split(starts[roles[i]], s, " ")
		for (j = 1; j <= m; j++)
			print "enum kf_err " s[j] "(struct web_worker *w);"
		printf "const worker_start_fn starts_%s[] = {", roles[i]
		for (j = 1; j <= m; j++)
			printf "%s, ", s[j]
		print "0};"
	}
}
