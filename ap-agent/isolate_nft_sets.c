#include "ap-agent/isolate_nft_sets.h"

#include "common/log.h"

#include <assert.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <libnftnl/set.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#define ELEMS_PER_MESSAGE 200		/* an attribute's length is 16 bits: stay far below 64 KB */
#define MESSAGE_MAX (64 * 1024)		/* of one such message */
#define TRANSACTION_MAX (1024 * 1024)	/* bytes sent at once */
#define SOCKET_BUFFER (8 * 1024 * 1024) /* the transaction's copy in the kernel, and its acks */
#define REPLY_MAX (64 * 1024)
#define READ_TRIES 10 /* a dump that others' changes interrupt starts over */

void
nft_elems_add(struct nft_elems *list, const uint8_t *mac, const char *port, const char *note)
{
	struct nft_elem *e, *v;

	if (list->n == list->cap) {
		size_t cap = list->cap == 0 ? 64 : list->cap * 2;

		if (list->bad || (v = realloc(list->v, cap * sizeof(*v))) == NULL) {
			list->bad = true;
			return;
		}
		list->v = v;
		list->cap = cap;
	}
	e = &list->v[list->n++];
	memset(e, 0, sizeof(*e));
	if (mac != NULL)
		memcpy(e->key, mac, 6);
	if (port != NULL) {
		size_t n = strnlen(port, 16);

		assert(n < 16);
		memcpy(e->key + (mac != NULL ? 8 : 0), port, n);
	}
	if (note != NULL) {
		size_t n = strlen(note);

		assert(n < NFT_NOTE_MAX);
		memcpy(e->note, note, n);
	}
}

static int
by_key(const void *a, const void *b)
{
	return memcmp(a, b, NFT_KEY_MAX);
}

void
nft_elems_sort(struct nft_elems *list)
{
	size_t keep = 0;

	if (list->n == 0)
		return;
	qsort(list->v, list->n, sizeof(*list->v), by_key);
	for (size_t i = 1; i < list->n; i++)
		if (by_key(&list->v[keep], &list->v[i]) != 0)
			list->v[++keep] = list->v[i];
	list->n = keep + 1;
}

void
nft_elems_free(struct nft_elems *list)
{
	free(list->v);
	*list = (struct nft_elems){0};
}

static void
elems_copy(struct nft_elems *out, const struct nft_elem *e)
{
	nft_elems_add(out, NULL, NULL, NULL);
	if (!out->bad)
		out->v[out->n - 1] = *e;
}

void
nft_elems_minus(const struct nft_elems *a, const struct nft_elems *b, struct nft_elems *out)
{
	size_t j = 0;

	for (size_t i = 0; i < a->n; i++) {
		while (j < b->n && by_key(&b->v[j], &a->v[i]) < 0)
			j++;
		if (j == b->n || memcmp(&b->v[j], &a->v[i], sizeof(a->v[i])) != 0)
			elems_copy(out, &a->v[i]);
	}
}

enum kf_err
nft_sets_open(struct nft_sets *sets, int fd)
{
	struct timeval wait = {.tv_sec = 5};
	int size = SOCKET_BUFFER;

	*sets = (struct nft_sets){0};
	if ((sets->nl = mnl_socket_fdopen(fd)) == NULL ||
	    mnl_socket_bind(sets->nl, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0) {
		kf_log(LOGL_ERROR, "isolate", "nfnetlink error=\"%s\" remedy=\"%s\"",
		    strerror(errno), "the agent needs CAP_NET_ADMIN");
		return KF_EIO;
	}
	return KF_OK;
}

void
nft_sets_close(struct nft_sets *sets)
{
	for (size_t i = 0; i < SET__MAX; i++)
		nft_elems_free(&sets->have[i]);
	if (sets->nl != NULL)
		mnl_socket_close(sets->nl);
	*sets = (struct nft_sets){0};
}

static size_t
key_len(enum nft_set set)
{
	static const size_t len[] = {
	    [SET_OF_MAC] = 6, [SET_OF_PORT] = 16, [SET_OF_MAC_PORT] = NFT_KEY_MAX};

	return len[nft_set_kind(set)];
}

static struct nftnl_set *
set_of(enum nft_set set)
{
	struct nftnl_set *s = nftnl_set_alloc();

	if (s != NULL &&
	    (nftnl_set_set_str(s, NFTNL_SET_TABLE, NFT_TABLE) < 0 ||
		nftnl_set_set_str(s, NFTNL_SET_NAME, nft_set_name(set)) < 0)) {
		nftnl_set_free(s);
		s = NULL;
	}
	return s;
}

/* An element's comment the way nft(8) shows it: a user data attribute. */
static enum kf_err
elem_note(struct nftnl_set_elem *elem, const char *note)
{
	struct nftnl_udata_buf *buf = nftnl_udata_buf_alloc(NFT_NOTE_MAX + 8);
	enum kf_err r = KF_ENOMEM;

	if (buf == NULL)
		return KF_ENOMEM;
	if (nftnl_udata_put_strz(buf, NFTNL_UDATA_SET_ELEM_COMMENT, note) &&
	    nftnl_set_elem_set(elem, NFTNL_SET_ELEM_USERDATA, nftnl_udata_buf_data(buf),
		nftnl_udata_buf_len(buf)) == 0)
		r = KF_OK;
	nftnl_udata_buf_free(buf);
	return r;
}

static enum kf_err
set_put(struct nftnl_set *s, enum nft_set set, const struct nft_elem *e, bool note)
{
	struct nftnl_set_elem *elem = nftnl_set_elem_alloc();
	enum kf_err r = KF_OK;

	if (elem == NULL)
		return KF_ENOMEM;
	if (nftnl_set_elem_set(elem, NFTNL_SET_ELEM_KEY, e->key, (uint32_t)key_len(set)) < 0)
		r = KF_ENOMEM;
	else if (note && e->note[0] != '\0')
		r = elem_note(elem, e->note);
	if (r == KF_OK)
		nftnl_set_elem_add(s, elem); /* owns it now */
	else
		nftnl_set_elem_free(elem);
	return r;
}

static void
put_batch_mark(struct nft_sets *sets, struct kf_buf *out, uint16_t type)
{
	char buf[256] __attribute__((aligned(8)));
	struct nlmsghdr *h = type == NFNL_MSG_BATCH_BEGIN ? nftnl_batch_begin(buf, ++sets->seq)
							  : nftnl_batch_end(buf, ++sets->seq);

	kf_buf_add(out, buf, h->nlmsg_len);
}

/* A message of at most ELEMS_PER_MESSAGE elements. */
static enum kf_err
put_message(struct nft_sets *sets, enum nft_set set, uint16_t type, const struct nft_elem *e,
    size_t n, struct kf_buf *out)
{
	static const size_t room = MESSAGE_MAX;
	struct nftnl_set *s = set_of(set);
	struct nlmsghdr *h;
	char *buf = malloc(room);
	enum kf_err r = s == NULL || buf == NULL ? KF_ENOMEM : KF_OK;

	for (size_t i = 0; i < n && r == KF_OK; i++)
		r = set_put(s, set, &e[i], type == NFT_MSG_NEWSETELEM);
	if (r == KF_OK) {
		h = nftnl_nlmsg_build_hdr(
		    buf, type, NFPROTO_BRIDGE, (uint16_t)(NLM_F_CREATE | NLM_F_ACK), ++sets->seq);
		nftnl_set_elems_nlmsg_build_payload(h, s);
		kf_buf_add(out, buf, h->nlmsg_len);
		if (out->bad)
			r = KF_ENOMEM;
	}
	if (s != NULL)
		nftnl_set_free(s);
	free(buf);
	return r;
}

/* Reads replies up to the acknowledgement of the sequence number last. */
static enum kf_err
read_acks(struct nft_sets *sets, uint32_t first, uint32_t last)
{
	char *buf = malloc(REPLY_MAX);
	enum kf_err r = buf == NULL ? KF_ENOMEM : KF_OK;
	int error = 0;

	while (buf != NULL) {
		ssize_t n = mnl_socket_recvfrom(sets->nl, buf, REPLY_MAX);
		int left = (int)n;

		if (n < 0) {
			error = errno;
			break;
		}
		for (struct nlmsghdr *h = (struct nlmsghdr *)(void *)buf; mnl_nlmsg_ok(h, left);
		     h = mnl_nlmsg_next(h, &left)) {
			const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);

			if (h->nlmsg_type != NLMSG_ERROR || h->nlmsg_seq < first ||
			    h->nlmsg_seq > last)
				continue; /* of an earlier transaction that we gave up */
			if (e->error != 0 && error == 0)
				error = -e->error;
			if (h->nlmsg_seq == last || error != 0)
				goto out;
		}
	}
out:
	free(buf);
	if (error == ENOENT || error == EEXIST)
		return KF_ESTALE;
	if (error != 0) {
		kf_log(LOGL_ERROR, "isolate", "set-elements error=\"%s\"", strerror(error));
		return KF_EIO;
	}
	return r;
}

static enum kf_err
send_batch(struct nft_sets *sets, struct kf_buf *batch, uint32_t first)
{
	uint32_t last = sets->seq; /* the batch's end is not acknowledged */
	enum kf_err r;

	put_batch_mark(sets, batch, NFNL_MSG_BATCH_END);
	if (batch->bad)
		return KF_ENOMEM;
	if (mnl_socket_sendto(sets->nl, batch->p, batch->n) < 0) {
		kf_log(LOGL_ERROR, "isolate", "set-elements error=\"%s\"", strerror(errno));
		return KF_EIO;
	}
	r = read_acks(sets, first, last);
	kf_buf_reset(batch);
	return r;
}

/* The differences of all sets, one direction, as messages; a full batch is sent on the way. */
static enum kf_err
put_changes(struct nft_sets *sets, struct nft_elems *change, uint16_t type, struct kf_buf *batch,
    uint32_t *first)
{
	enum kf_err r;

	for (enum nft_set set = 0; set < SET__MAX; set++)
		for (size_t i = 0, n; i < change[set].n; i += n) {
			n = change[set].n - i;
			if (n > ELEMS_PER_MESSAGE)
				n = ELEMS_PER_MESSAGE;
			if (batch->n > TRANSACTION_MAX &&
			    (r = send_batch(sets, batch, *first)) != KF_OK)
				return r;
			if (batch->n == 0) {
				put_batch_mark(sets, batch, NFNL_MSG_BATCH_BEGIN);
				*first = sets->seq;
			}
			r = put_message(sets, set, type, change[set].v + i, n, batch);
			if (r != KF_OK)
				return r;
		}
	return KF_OK;
}

enum kf_err
nft_sets_write(struct nft_sets *sets, struct nft_elems *want)
{
	struct nft_elems gone[SET__MAX] = {0}, come[SET__MAX] = {0};
	struct kf_buf batch = {0};
	uint32_t first = 0;
	enum kf_err r = KF_ENOMEM;
	bool bad = false;

	for (size_t i = 0; i < SET__MAX; i++) {
		nft_elems_minus(&sets->have[i], &want[i], &gone[i]);
		nft_elems_minus(&want[i], &sets->have[i], &come[i]);
		bad |= want[i].bad || gone[i].bad || come[i].bad;
	}
	if (bad || (r = put_changes(sets, gone, NFT_MSG_DELSETELEM, &batch, &first)) != KF_OK ||
	    (r = put_changes(sets, come, NFT_MSG_NEWSETELEM, &batch, &first)) != KF_OK ||
	    (batch.n > 0 && (r = send_batch(sets, &batch, first)) != KF_OK))
		goto out;
	for (size_t i = 0; i < SET__MAX; i++) {
		nft_elems_free(&sets->have[i]);
		sets->have[i] = want[i];
		want[i] = (struct nft_elems){0};
	}
	r = KF_OK;
out:
	for (size_t i = 0; i < SET__MAX; i++) {
		nft_elems_free(&gone[i]);
		nft_elems_free(&come[i]);
	}
	kf_buf_free(&batch);
	return r;
}

static int
read_elem(struct nftnl_set_elem *elem, void *arg)
{
	struct nft_elems *out = arg;
	struct nft_elem e = {0};
	const uint8_t *data;
	uint32_t len = 0;

	data = nftnl_set_elem_get(elem, NFTNL_SET_ELEM_KEY, &len);
	if (data != NULL && len <= sizeof(e.key))
		memcpy(e.key, data, len);
	len = 0;
	data = nftnl_set_elem_get(elem, NFTNL_SET_ELEM_USERDATA, &len);
	/* type, length, text with its NUL */
	if (data != NULL && len > 2 && data[0] == NFTNL_UDATA_SET_ELEM_COMMENT &&
	    data[1] <= len - 2 && data[1] > 0 && data[1] <= sizeof(e.note))
		memcpy(e.note, data + 2, data[1] - 1U);
	elems_copy(out, &e);
	return 0;
}

static int
read_message(const struct nlmsghdr *h, void *arg)
{
	struct nftnl_set *s = nftnl_set_alloc();

	if (s == NULL)
		return MNL_CB_ERROR;
	if (nftnl_set_elems_nlmsg_parse(h, s) == 0)
		nftnl_set_elem_foreach(s, read_elem, arg);
	nftnl_set_free(s);
	return MNL_CB_OK;
}

/* KF_EAGAIN: somebody changed the ruleset meanwhile. */
static enum kf_err
read_set(struct nft_sets *sets, enum nft_set set, char *buf)
{
	struct nft_elems got = {0};
	struct nftnl_set *s = set_of(set);
	struct nlmsghdr *h;
	ssize_t n;
	int more = MNL_CB_ERROR;

	if (s == NULL)
		return KF_ENOMEM;
	h = nftnl_nlmsg_build_hdr(buf, NFT_MSG_GETSETELEM, NFPROTO_BRIDGE, NLM_F_DUMP, ++sets->seq);
	nftnl_set_elems_nlmsg_build_payload(h, s);
	nftnl_set_free(s);
	if (mnl_socket_sendto(sets->nl, h, h->nlmsg_len) >= 0)
		do {
			n = mnl_socket_recvfrom(sets->nl, buf, REPLY_MAX);
			more = n < 0 ? MNL_CB_ERROR
				     : mnl_cb_run(buf, (size_t)n, sets->seq,
					   mnl_socket_get_portid(sets->nl), read_message, &got);
			if (more == MNL_CB_ERROR && errno == EPROTO)
				more = MNL_CB_OK; /* a late ack of a batch we gave up */
		} while (more > MNL_CB_STOP);
	if (more == MNL_CB_ERROR || got.bad) {
		nft_elems_free(&got);
		return errno == ENOENT ? KF_ENOENT : errno == EINTR ? KF_EAGAIN : KF_EIO;
	}
	nft_elems_sort(&got);
	nft_elems_free(&sets->have[set]);
	sets->have[set] = got;
	return KF_OK;
}

enum kf_err
nft_sets_read(struct nft_sets *sets)
{
	char *buf = malloc(REPLY_MAX);
	enum kf_err r = buf == NULL ? KF_ENOMEM : KF_OK;

	for (enum nft_set set = 0; set < SET__MAX && r == KF_OK; set++)
		for (int i = 0; i < READ_TRIES && (i == 0 || r == KF_EAGAIN); i++)
			r = read_set(sets, set, buf);
	free(buf);
	return r == KF_EAGAIN ? KF_EIO : r;
}

enum kf_err
nft_sets_check(struct nft_sets *sets)
{
	char *buf = malloc(REPLY_MAX);
	enum kf_err r = buf == NULL ? KF_ENOMEM : read_set(sets, SET_UPLINK, buf);

	free(buf);
	return r == KF_EAGAIN ? KF_OK : r; /* it was there to be interrupted */
}
