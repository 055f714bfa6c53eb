#include "ap-agent/peers.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static int
by_mac(const void *a, const void *b)
{
	const struct peers_member *x = a, *y = b;

	return memcmp(x->mac, y->mac, sizeof(x->mac));
}

/* Members of one network stand together, those of one port within it too, other APs' first. */
static int
by_network(const void *a, const void *b)
{
	const struct peers_member *x = a, *y = b;

	if (x->vlan != y->vlan)
		return x->vlan < y->vlan ? -1 : 1;
	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	return strncmp(x->port, y->port, sizeof(x->port));
}

static int
by_pair(const void *a, const void *b)
{
	const struct peers_pair *x = a, *y = b;
	int c = memcmp(x->mac, y->mac, sizeof(x->mac));

	return c != 0 ? c : strncmp(x->port, y->port, sizeof(x->port));
}

static bool
same_network(const struct peers_member *a, const struct peers_member *b)
{
	return a->vlan == b->vlan && a->group == b->group;
}

/* member is sorted by MAC. */
static void
find_conflicts(const struct peers_member *member, size_t n, struct peers *out)
{
	for (size_t i = 0, end; i < n; i = end) {
		bool two = false;

		for (end = i + 1; end < n && by_mac(&member[i], &member[end]) == 0; end++)
			two |= member[end].group != member[i].group;
		if (two)
			memcpy(out->conflict[out->conflicts++], member[i].mac, 6);
	}
}

static int
by_port(const void *a, const void *b)
{
	const struct peers_member *x = a, *y = b;

	return strncmp(x->port, y->port, sizeof(x->port));
}

/* A port that carries two networks cannot be opened for one of them: it counts as none. */
static void
close_mixed_ports(struct peers_member *m, size_t n)
{
	qsort(m, n, sizeof(*m), by_port);
	for (size_t i = 0, end; i < n; i = end) {
		bool mixed = false;

		for (end = i + 1; end < n && by_port(&m[i], &m[end]) == 0; end++)
			mixed |= !same_network(&m[i], &m[end]);
		for (size_t k = i; mixed && k < end; k++)
			memset(m[k].port, 0, sizeof(m[k].port));
	}
}

static int
mac_cmp(const void *a, const void *b)
{
	return memcmp(a, b, 6);
}

static bool
in_conflict(const struct peers *p, const struct peers_member *m)
{
	return p->conflicts > 0 && bsearch(m->mac, p->conflict, p->conflicts, 6, mac_cmp) != NULL;
}

static enum kf_err
pair_add(struct peers *out, size_t *cap, const struct peers_member *from, const char *port)
{
	struct peers_pair *v;

	if (out->pairs == PEERS_MAX)
		return KF_ELIMIT;
	if (out->pairs == *cap) {
		size_t more = *cap == 0 ? 64 : *cap * 2;

		if ((v = realloc(out->pair, more * sizeof(*v))) == NULL)
			return KF_ENOMEM;
		out->pair = v;
		*cap = more;
	}
	v = &out->pair[out->pairs++];
	memset(v, 0, sizeof(*v));
	memcpy(v->mac, from->mac, sizeof(v->mac));
	memcpy(v->port, port, sizeof(v->port));
	return KF_OK;
}

/* One network: every member towards every port of it but its own. */
static enum kf_err
pair_network(const struct peers_member *m, size_t n, struct peers *out, size_t *cap)
{
	enum kf_err r;

	for (size_t p = 0; p < n; p++) {
		if (m[p].port[0] == '\0' || (p > 0 && strcmp(m[p].port, m[p - 1].port) == 0))
			continue;
		for (size_t i = 0; i < n; i++)
			if (strcmp(m[i].port, m[p].port) != 0 && !in_conflict(out, &m[i]) &&
			    (r = pair_add(out, cap, &m[i], m[p].port)) != KF_OK)
				return r;
	}
	return KF_OK;
}

static void
pairs_unique(struct peers *out)
{
	size_t keep = 0;

	if (out->pairs == 0)
		return;
	qsort(out->pair, out->pairs, sizeof(*out->pair), by_pair);
	for (size_t i = 1; i < out->pairs; i++)
		if (by_pair(&out->pair[keep], &out->pair[i]) != 0)
			out->pair[++keep] = out->pair[i];
	out->pairs = keep + 1;
}

enum kf_err
peers_compute(const struct peers_member *member, size_t n, struct peers *out)
{
	struct peers made = {0};
	struct peers_member *m;
	size_t cap = 0, end;
	enum kf_err r = KF_ENOMEM;

	assert(n == 0 || member != NULL);
	m = calloc(n + 1, sizeof(*m));
	made.conflict = calloc(n + 1, sizeof(*made.conflict));
	if (m == NULL || made.conflict == NULL)
		goto out;
	for (size_t i = 0; i < n; i++) {
		m[i] = member[i];
		assert(memchr(m[i].port, '\0', sizeof(m[i].port)) != NULL);
	}
	qsort(m, n, sizeof(*m), by_mac);
	find_conflicts(m, n, &made);
	close_mixed_ports(m, n);
	qsort(m, n, sizeof(*m), by_network);
	for (size_t i = 0; i < n; i = end) {
		for (end = i + 1; end < n && same_network(&m[i], &m[end]); end++)
			;
		if ((r = pair_network(m + i, end - i, &made, &cap)) != KF_OK)
			goto out;
	}
	pairs_unique(&made);
	*out = made;
	made = (struct peers){0};
	r = KF_OK;
out:
	peers_release(&made);
	free(m);
	return r;
}

void
peers_release(struct peers *peers)
{
	free(peers->pair);
	free(peers->conflict);
	*peers = (struct peers){0};
}
