#include "portal/core/config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/tap.h"

#define BASE \
	"base_url https://wifi.example.org\nlisten 127.0.0.1 8080\ntls_cert c.pem\ntls_key " \
	"/etc/k.pem\nfeed_url https://192.0.2.1:8443\nfeed_listen 0.0.0.0 8443\nstate_dir " \
	"state\nrun_dir /run/keyfob\nmaster_key_file master.key\nmail_from Wifi@Example.ORG\n"
#define GOOD BASE "smtp_url smtp://mail.example.org\n"

static struct config conf;
static char why[400];

static enum kf_err
parse(const char *text)
{
	struct kf_buf b = {0};
	enum kf_err r = config_parse("/etc/keyfob/keyfob.conf", kf_span_str(text), &conf, &b);

	(void)snprintf(why, sizeof(why), "%s", kf_buf_cstr(&b));
	kf_buf_free(&b);
	return r;
}

/* GOOD with one more line is refused, and why tells all of said. */
static int
refused(const char *line, const char *said)
{
	char text[2048];

	(void)snprintf(text, sizeof(text), "%s%s\n", GOOD, line);
	return parse(text) == KF_EINVAL && strstr(why, said) != NULL;
}

/* GOOD with the line that starts with `name ` replaced. */
static enum kf_err
with(const char *name, const char *line)
{
	char text[2048] = "";
	const char *at, *end;

	for (at = GOOD; *at != '\0'; at = end + 1) {
		end = strchr(at, '\n');
		if (strncmp(at, name, strlen(name)) == 0 && at[strlen(name)] == ' ')
			continue;
		(void)strncat(text, at, (size_t)(end - at) + 1);
	}
	(void)strncat(text, line, sizeof(text) - strlen(text) - 1);
	return parse(text);
}

static void
values(void)
{
	IT("reads a good file, with defaults");
	OK(parse(GOOD) == KF_OK);
	OK(strcmp(conf.base_url, "https://wifi.example.org") == 0 && conf.https);
	OK(strcmp(conf.listen.host, "127.0.0.1") == 0 && strcmp(conf.listen.port, "8080") == 0);
	OK(conf.workers == 2 && conf.session_hours == 12 && !conf.seccomp_trace);
	OK(conf.smtp_tls == SMTP_STARTTLS && conf.smtp_port == 587);
	OK(strcmp(conf.mail_from, "Wifi@example.org") == 0);
	IT("relative paths start at the file's folder");
	OK(strcmp(conf.state_dir, "/etc/keyfob/state") == 0);
	OK(strcmp(conf.tls_key, "/etc/k.pem") == 0);
	IT("comments, blank lines, tabs and CR LF are no trouble");
	OK(parse("# all\r\n\r\n\t# more\n" GOOD "workers\t 7\t\r\n") == KF_OK && conf.workers == 7);
	IT("a '#' inside a value belongs to it");
	OK(parse(GOOD "help_desk Room #7") == KF_OK && strcmp(conf.help_desk, "Room #7") == 0);
	IT("text may be UTF-8");
	OK(parse(GOOD "org_name B\xc3\xa4ren AG\n") == KF_OK);
	IT("an IPv6 listener and mail server");
	OK(with("listen", "listen ::1 80\n") == KF_OK && strcmp(conf.listen.host, "::1") == 0);
	OK(with("smtp_url", "smtp_url smtps://[2001:db8::1]\n") == KF_OK);
	OK(strcmp(conf.smtp_host, "2001:db8::1") == 0 && conf.smtp_port == 465);
	OK(conf.smtp_tls == SMTP_TLS);
	IT("smtps stays TLS, whatever smtp_tls says, in either order");
	OK(parse(BASE "smtp_tls starttls\nsmtp_url smtps://m.example.org\n") == KF_OK);
	OK(conf.smtp_tls == SMTP_TLS);
	OK(parse(BASE "smtp_url smtps://m.example.org\nsmtp_tls none\n") == KF_OK);
	OK(conf.smtp_tls == SMTP_TLS);
}

static void
lines(void)
{
	IT("an unknown name is refused with its line");
	OK(refused("base_ulr x", "/etc/keyfob/keyfob.conf:12: \"base_ulr\": no such name"));
	IT("a name that stands twice is refused and says where");
	OK(refused("workers 3\nworkers 4", ":13: workers: stands on line 12 already"));
	IT("a bad value is refused and says what was expected");
	OK(refused("workers 0", ":12: workers: expected a number from 1 to 64"));
	OK(refused("workers 65", "workers: expected") &&
	    refused("workers 2x", "workers: expected"));
	OK(refused("workers", "workers: expected"));
	OK(refused("session_hours 169", "session_hours: expected a number from 1 to 168"));
	OK(refused("seccomp off", "seccomp: expected on or trace"));
	OK(refused("smtp_tls ssl", "smtp_tls: expected none or starttls"));
	OK(refused("mail_reply_to a b@c", "mail_reply_to: expected one e-mail address"));
	OK(refused("trusted_proxy proxy.example.org", "trusted_proxy: expected the address"));
	OK(refused("org_name a\x01z", "org_name: expected UTF-8 text"));
	OK(refused("org_name \xff", "org_name: expected UTF-8 text"));
	IT("a missing name is named");
	OK(with("run_dir", "") == KF_EINVAL &&
	    strstr(why, "keyfob.conf: run_dir: is missing") != NULL);
	OK(with("mail_from", "") == KF_EINVAL && with("feed_listen", "") == KF_EINVAL);
	IT("a value longer than its field is refused, not cut");
	char line[800] = "org_name ";
	memset(line + 9, 'a', 300);
	OK(refused(line, "org_name: expected"));
	memset(line, 'a', 700);
	memcpy(line, "tls_cert /", 10);
	OK(with("tls_cert", line) == KF_EINVAL);
}

static void
addresses(void)
{
	static const char *const bad_urls[] = {"http://wifi.example.org", "https://",
	    "https://a.example/path", "https://a.example?x", "https://u@a.example",
	    "ftp://a.example", "https://a.example:0", "https://a.example:65536",
	    "https://a.example:", "https://[::1", "http://localhost.example.org",
	    "http://127.0.0.1.example.org", "wifi.example.org"};
	char line[200];

	IT("base_url is an origin: https, or http for this host only");
	for (size_t i = 0; i < sizeof(bad_urls) / sizeof(bad_urls[0]); i++) {
		(void)snprintf(line, sizeof(line), "base_url %s\n", bad_urls[i]);
		OK(with("base_url", line) == KF_EINVAL &&
		    strstr(why, "base_url: expected") != NULL);
	}
	IT("base_url loses its last '/' and its capitals");
	OK(with("base_url", "base_url https://WiFi.Example.org:444/\n") == KF_OK);
	OK(strcmp(conf.base_url, "https://wifi.example.org:444") == 0);
	IT("http on the loopback needs no certificate and takes none");
	OK(with("base_url", "base_url http://localhost:8080\n") == KF_EINVAL);
	OK(parse(
	       "base_url http://localhost:8080\nlisten 127.0.0.1 8080\nfeed_url https://localhost\n"
	       "feed_listen ::1 1\nstate_dir s\nrun_dir r\nmaster_key_file m\nmail_from a@b.c\n"
	       "smtp_url smtp://127.0.0.1:25\nsmtp_tls none\n") == KF_OK);
	OK(!conf.https && conf.smtp_tls == SMTP_PLAIN && conf.smtp_port == 25);
	IT("feed_url is https always");
	OK(with("feed_url", "feed_url http://localhost\n") == KF_EINVAL);
	IT("listen takes addresses and ports only");
	OK(with("listen", "listen localhost 80\n") == KF_EINVAL);
	OK(with("listen", "listen 127.0.0.1\n") == KF_EINVAL);
	OK(with("listen", "listen 127.0.0.1:80\n") == KF_EINVAL);
	OK(with("listen", "listen 127.0.0.1 80 81\n") == KF_EINVAL);
}

static void
together(void)
{
	IT("a certificate without its key is refused");
	OK(with("tls_key", "") == KF_EINVAL && strstr(why, "expected both or none") != NULL);
	IT("https needs a certificate or the proxy that has it");
	OK(parse("base_url https://a.example\nlisten 127.0.0.1 8080\nfeed_url https://a.example\n"
		 "feed_listen ::1 1\nstate_dir s\nrun_dir r\nmaster_key_file m\nmail_from a@b.c\n"
		 "smtp_url smtp://m.example\n") == KF_EINVAL &&
	    strstr(why, "trusted_proxy") != NULL);
	IT("mail without TLS goes to this host only");
	OK(refused("smtp_tls none", "smtp_tls: none is for a mail server on this host"));
	IT("a user needs a password file");
	OK(refused("smtp_user joe", "smtp_password_file: is missing"));
	OK(parse(GOOD "smtp_user joe\nsmtp_password_file pw\n") == KF_OK);
}

static void
files(void)
{
	struct kf_buf b = {0};
	char path[] = "/tmp/test_config.XXXXXX";
	int fd = mkstemp(path);

	IT("a file that is not there says so");
	OK(config_read("/nowhere/keyfob.conf", &conf, &b) == KF_EIO);
	OK(strstr(kf_buf_cstr(&b), "/nowhere/keyfob.conf: No such file") != NULL);
	kf_buf_free(&b);
	IT("reads a file");
	OK(fd != -1 && write(fd, GOOD, sizeof(GOOD) - 1) == sizeof(GOOD) - 1);
	OK(config_read(path, &conf, &b) == KF_OK && strcmp(conf.state_dir, "/tmp/state") == 0);
	IT("a file without end is refused");
	OK(ftruncate(fd, 70000) == 0 && config_read(path, &conf, &b) == KF_EIO);
	kf_buf_free(&b);
	(void)close(fd);
	(void)unlink(path);
}

int
main(void)
{
	values();
	lines();
	addresses();
	together();
	files();
	return tap_end();
}
