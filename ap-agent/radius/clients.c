#include "ap-agent/radius/clients.h"

#include "common/secret.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

struct clients {
	size_t n;
	struct client client[];
};

static bool
conf_ok(const struct radius_client *c)
{
	unsigned max = c->net.family == 4 ? 32 : 128;

	return (c->net.family == 4 || c->net.family == 6) && c->net.bits <= max &&
	    c->secret_len >= 1 && c->secret_len <= RADIUS_SECRET_MAX &&
	    memchr(c->name, '\0', sizeof(c->name)) != NULL;
}

enum kf_err
clients_new(const struct radius_client *conf, size_t n, struct clients **out)
{
	struct clients *clients;

	*out = NULL;
	if (n == 0 || n > RADIUS_CLIENTS_MAX)
		return KF_EINVAL;
	for (size_t i = 0; i < n; i++)
		if (!conf_ok(&conf[i]))
			return KF_EINVAL;
	clients = calloc(1, sizeof(*clients) + n * sizeof(clients->client[0]));
	if (clients == NULL)
		return KF_ENOMEM;
	clients->n = n;
	for (size_t i = 0; i < n; i++)
		clients->client[i] = (struct client){.conf = conf[i], .tokens = RADIUS_SCAN_BURST};
	*out = clients;
	return KF_OK;
}

void
clients_free(struct clients **clients)
{
	if (*clients != NULL)
		kf_wipe((*clients)->client, (*clients)->n * sizeof((*clients)->client[0]));
	free(*clients);
	*clients = NULL;
}

/* The address as network bytes, its family as 4 or 6; 0: neither. */
static unsigned
address_of(const struct sockaddr_storage *from, uint8_t out[16])
{
	struct sockaddr_in6 in6;
	struct sockaddr_in in;

	if (from->ss_family == AF_INET) {
		memcpy(&in, from, sizeof(in));
		memcpy(out, &in.sin_addr, 4);
		return 4;
	}
	if (from->ss_family != AF_INET6)
		return 0;
	memcpy(&in6, from, sizeof(in6));
	if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr)) {
		memcpy(out, in6.sin6_addr.s6_addr + 12, 4);
		return 4;
	}
	memcpy(out, &in6.sin6_addr, 16);
	return 6;
}

static bool
inside(const uint8_t *addr, const struct feed_addr *net)
{
	size_t whole = net->bits / 8;
	unsigned rest = net->bits % 8;

	if (memcmp(addr, net->b, whole) != 0)
		return false;
	return rest == 0 || (addr[whole] ^ net->b[whole]) >> (8 - rest) == 0;
}

struct client *
clients_find(struct clients *clients, const struct sockaddr_storage *from)
{
	struct client *best = NULL;
	uint8_t addr[16];
	unsigned family = address_of(from, addr);

	for (size_t i = 0; i < clients->n; i++) {
		struct client *c = &clients->client[i];

		if (c->conf.net.family != family || !inside(addr, &c->conf.net))
			continue;
		if (best == NULL || c->conf.net.bits > best->conf.net.bits)
			best = c;
	}
	return best;
}

struct kf_span
client_secret(const struct client *client)
{
	return kf_span_of(client->conf.secret, client->conf.secret_len);
}

bool
client_may_scan(struct client *client, int64_t now_ms)
{
	int64_t ms = now_ms - client->filled_ms;

	if (ms > 0) {
		client->filled_ms = now_ms;
		/* 10 s fill it from any overdraft that a ring of KF_RING_MAX can make */
		client->tokens += (ms < 10000 ? ms : 10000) * RADIUS_SCAN_RATE / 1000;
		if (client->tokens > RADIUS_SCAN_BURST)
			client->tokens = RADIUS_SCAN_BURST;
	}
	return client->tokens > 0;
}

void
client_charge(struct client *client, uint32_t candidates)
{
	client->tokens -= candidates;
}

_Static_assert(10 * RADIUS_SCAN_RATE >= RADIUS_SCAN_BURST + KF_RING_MAX, "10 s fill it");
