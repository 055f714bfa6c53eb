#include "ap-agent/radius/clients.h"
#include "tests/unit/tap.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static struct radius_client
conf(const char *addr, uint8_t bits, const char *name)
{
	struct radius_client c = {.secret_len = 1, .require_message_authenticator = true};

	c.net.family = strchr(addr, ':') == NULL ? 4 : 6;
	c.net.bits = bits;
	OK(inet_pton(c.net.family == 4 ? AF_INET : AF_INET6, addr, c.net.b) == 1);
	memcpy(c.name, name, strlen(name));
	return c;
}

static const char *
found(struct clients *clients, const char *addr)
{
	struct sockaddr_storage from = {0};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct client *c;

	if (inet_pton(AF_INET, addr, &in.sin_addr) == 1)
		memcpy(&from, &in, sizeof(in));
	else if (inet_pton(AF_INET6, addr, &in6.sin6_addr) == 1)
		memcpy(&from, &in6, sizeof(in6));
	c = clients_find(clients, &from);
	return c == NULL ? "none" : c->conf.name;
}

static void
test_find(void)
{
	const struct radius_client list[] = {conf("192.0.2.0", 24, "net"),
	    conf("192.0.2.7", 32, "host"), conf("192.0.2.128", 25, "half"),
	    conf("2001:db8::", 61, "six")};
	const struct radius_client any[] = {conf("0.0.0.0", 0, "any4")};
	struct clients *clients = NULL;

	OK(clients_new(list, 4, &clients) == KF_OK);
	IT("takes the longest prefix around an address");
	OK(strcmp(found(clients, "192.0.2.1"), "net") == 0);
	OK(strcmp(found(clients, "192.0.2.7"), "host") == 0);
	OK(strcmp(found(clients, "192.0.2.200"), "half") == 0);
	OK(strcmp(found(clients, "2001:db8:0:7::1"), "six") == 0);
	IT("knows nobody outside");
	OK(strcmp(found(clients, "192.0.3.1"), "none") == 0);
	OK(strcmp(found(clients, "2001:db8:0:8::1"), "none") == 0);
	IT("takes IPv4 in IPv6 clothes for IPv4");
	OK(strcmp(found(clients, "::ffff:192.0.2.7"), "host") == 0);
	clients_free(&clients);
	OK(clients == NULL);
	IT("does not take IPv6 for any IPv4");
	OK(clients_new(any, 1, &clients) == KF_OK);
	OK(strcmp(found(clients, "203.0.113.9"), "any4") == 0);
	OK(strcmp(found(clients, "::1"), "none") == 0);
	clients_free(&clients);
	clients_free(&clients);
}

static void
test_refusals(void)
{
	struct radius_client c = conf("192.0.2.0", 24, "x");
	struct clients *clients = NULL;

	IT("refuses none, too many, an empty secret, a bad prefix or family");
	OK(clients_new(&c, 0, &clients) == KF_EINVAL);
	OK(clients_new(&c, RADIUS_CLIENTS_MAX + 1, &clients) == KF_EINVAL);
	c.secret_len = 0;
	OK(clients_new(&c, 1, &clients) == KF_EINVAL);
	c.secret_len = RADIUS_SECRET_MAX + 1;
	OK(clients_new(&c, 1, &clients) == KF_EINVAL);
	c.secret_len = 1, c.net.bits = 33;
	OK(clients_new(&c, 1, &clients) == KF_EINVAL);
	c.net.bits = 24, c.net.family = 5;
	OK(clients_new(&c, 1, &clients) == KF_EINVAL && clients == NULL);
}

static void
test_budget(void)
{
	struct client c = {.tokens = RADIUS_SCAN_BURST};

	IT("lets a client cause scans until its budget is used up");
	OK(client_may_scan(&c, 1000));
	client_charge(&c, RADIUS_SCAN_BURST - 1);
	OK(client_may_scan(&c, 1000));
	client_charge(&c, KF_RING_MAX);
	OK(!client_may_scan(&c, 1000));
	IT("gives it back with time, and no more than the burst");
	OK(!client_may_scan(&c, 1400));
	OK(client_may_scan(&c, 1600));
	OK(client_may_scan(&c, 1000000) && c.tokens == RADIUS_SCAN_BURST);
	IT("does not mind a clock that stands still or went back");
	OK(client_may_scan(&c, 1000) && c.tokens == RADIUS_SCAN_BURST);
}

int
main(void)
{
	test_find();
	test_refusals();
	test_budget();
	return tap_end();
}
