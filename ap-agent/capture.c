#include "ap-agent/capture.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

#define ETHERTYPE_EAPOL 0x888e
#define ETHERTYPE_VLAN 0x8100
#define PPI_INNER_80211 105

struct capture {
	pcap_t *pcap;
	int linktype;
};

/* --- 802.11: IEEE 802.11-2020, 9.2.3 and 9.2.4.1 --------------------------------------------- */

#define FC0_TYPE 0x0c
#define FC0_DATA 0x08
#define FC0_NO_DATA 0x40
#define FC0_QOS 0x80
#define FC1_TO_DS 0x01
#define FC1_FROM_DS 0x02
#define FC1_MORE_FRAGMENTS 0x04
#define FC1_PROTECTED 0x40
#define FC1_ORDER 0x80 /* with QoS: an HT control field follows */

/* padded: zeroes stand behind the header up to a multiple of four, as Atheros delivers it. */
static bool
read_80211(struct kf_rd rd, bool padded, struct capture_frame *out)
{
	static const uint8_t snap[] = {0xaa, 0xaa, 0x03, 0, 0, 0, 0x88, 0x8e};
	size_t before = rd.n, len;
	uint8_t fc0 = kf_rd_u8(&rd), fc1 = kf_rd_u8(&rd);
	struct kf_span llc;

	kf_rd_take(&rd, 2); /* duration */
	kf_rd_copy(&rd, out->to, 6);
	kf_rd_copy(&rd, out->from, 6);
	kf_rd_take(&rd, 6);
	if ((kf_rd_u16le(&rd) & 0x0f) != 0) /* fragment number */
		return false;
	if ((fc0 & FC0_TYPE) != FC0_DATA || (fc0 & FC0_NO_DATA) != 0 ||
	    (fc1 & (FC1_MORE_FRAGMENTS | FC1_PROTECTED)) != 0)
		return false;
	if ((fc1 & FC1_TO_DS) != 0 && (fc1 & FC1_FROM_DS) != 0)
		kf_rd_take(&rd, 6);
	if ((fc0 & FC0_QOS) != 0)
		kf_rd_take(&rd, (fc1 & FC1_ORDER) != 0 ? 6 : 2);
	len = before - rd.n;
	if (padded && len % 4 != 0)
		kf_rd_take(&rd, 4 - len % 4);
	llc = kf_rd_take(&rd, sizeof(snap));
	if (rd.bad || memcmp(llc.p, snap, sizeof(snap)) != 0)
		return false;
	out->eapol = kf_span_of(rd.p, rd.n);
	return true;
}

/* --- what stands before 802.11 --------------------------------------------------------------- */

#define RADIOTAP_TSFT 0x01
#define RADIOTAP_FLAGS 0x02
#define RADIOTAP_MORE 0x80000000
#define RADIOTAP_F_DATAPAD 0x20
#define RADIOTAP_F_BADFCS 0x40

/* The flags field of a radiotap header, 0 when it has none. rd: behind the header's length. */
static uint8_t
radiotap_flags(struct kf_rd rd)
{
	size_t at = 4;
	uint32_t first = kf_rd_u32le(&rd), word = first;

	while (!rd.bad && (word & RADIOTAP_MORE) != 0) {
		at += 4;
		word = kf_rd_u32le(&rd);
	}
	at += 4;
	if ((first & RADIOTAP_FLAGS) == 0)
		return 0;
	if ((first & RADIOTAP_TSFT) != 0)
		kf_rd_take(&rd, (8 - at % 8) % 8 + 8);
	return kf_rd_u8(&rd);
}

static bool
read_radiotap(struct kf_rd rd, struct capture_frame *out)
{
	struct kf_rd whole = rd;
	struct kf_span head;
	uint8_t version = kf_rd_u8(&rd), flags;
	size_t len;

	kf_rd_take(&rd, 1);
	len = kf_rd_u16le(&rd);
	head = kf_rd_take(&whole, len);
	if (rd.bad || whole.bad || version != 0 || len < 8)
		return false;
	flags = radiotap_flags(kf_rd_of(kf_span_of(head.p + 4, head.n - 4)));
	if ((flags & RADIOTAP_F_BADFCS) != 0)
		return false;
	return read_80211(whole, (flags & RADIOTAP_F_DATAPAD) != 0, out);
}

/* AVS: magic 0x80211xxx and length, both big endian. */
static bool
read_avs(struct kf_rd rd, struct capture_frame *out)
{
	struct kf_rd whole = rd;

	if ((kf_rd_u32(&rd) & 0xfffff000) != 0x80211000)
		return false;
	kf_rd_take(&whole, kf_rd_u32(&rd));
	return !rd.bad && read_80211(whole, false, out);
}

/* Prism: message code and length in the byte order of the machine that wrote it; some drivers
 * say Prism and write AVS. */
static bool
read_prism(struct kf_rd rd, struct capture_frame *out)
{
	struct kf_rd whole = rd;
	uint32_t code = kf_rd_u32(&rd), len = kf_rd_u32(&rd);

	if ((code & 0xfffff000) == 0x80211000)
		return read_avs(whole, out);
	if (len > 0xffff)
		len = __builtin_bswap32(len);
	kf_rd_take(&whole, len);
	return !rd.bad && read_80211(whole, false, out);
}

static bool
read_ppi(struct kf_rd rd, struct capture_frame *out)
{
	struct kf_rd whole = rd;
	size_t len;

	kf_rd_take(&rd, 2); /* version, flags */
	len = kf_rd_u16le(&rd);
	if (kf_rd_u32le(&rd) != PPI_INNER_80211)
		return false;
	kf_rd_take(&whole, len);
	return !rd.bad && read_80211(whole, false, out);
}

static bool
read_ethernet(struct kf_rd rd, struct capture_frame *out)
{
	uint16_t type;

	kf_rd_copy(&rd, out->to, 6);
	kf_rd_copy(&rd, out->from, 6);
	type = kf_rd_u16(&rd);
	if (type == ETHERTYPE_VLAN) {
		kf_rd_take(&rd, 2);
		type = kf_rd_u16(&rd);
	}
	out->eapol = kf_span_of(rd.p, rd.n);
	return !rd.bad && type == ETHERTYPE_EAPOL;
}

bool
capture_read(int linktype, struct kf_span frame, struct capture_frame *out)
{
	struct kf_rd rd = kf_rd_of(frame);

	switch (linktype) {
	case DLT_EN10MB:
		return read_ethernet(rd, out);
	case DLT_IEEE802_11:
		return read_80211(rd, false, out);
	case DLT_IEEE802_11_RADIO:
		return read_radiotap(rd, out);
	case DLT_PRISM_HEADER:
		return read_prism(rd, out);
	case DLT_IEEE802_11_RADIO_AVS:
		return read_avs(rd, out);
	case DLT_PPI:
		return read_ppi(rd, out);
	default:
		return false;
	}
}

/* --- files ----------------------------------------------------------------------------------- */

static void
say(char why[CAPTURE_WHY_MAX], const char *a, const char *b)
{
	int n = snprintf(why, CAPTURE_WHY_MAX, "%s%s", a, b);

	if (n < 0)
		why[0] = '\0';
}

static bool
linktype_ok(int linktype)
{
	switch (linktype) {
	case DLT_EN10MB:
	case DLT_IEEE802_11:
	case DLT_IEEE802_11_RADIO:
	case DLT_PRISM_HEADER:
	case DLT_IEEE802_11_RADIO_AVS:
	case DLT_PPI:
		return true;
	default:
		return false;
	}
}

enum kf_err
capture_open_file(FILE *file, struct capture **out, char why[CAPTURE_WHY_MAX])
{
	char text[PCAP_ERRBUF_SIZE] = "";
	struct capture *cap = calloc(1, sizeof(*cap));
	const char *name;

	*out = NULL;
	if (cap == NULL) {
		fclose(file);
		say(why, "no memory", "");
		return KF_ENOMEM;
	}
	cap->pcap = pcap_fopen_offline(file, text);
	if (cap->pcap == NULL) {
		fclose(file);
		free(cap);
		say(why, "not a pcap or pcapng capture: ", text);
		return KF_EINVAL;
	}
	cap->linktype = pcap_datalink(cap->pcap);
	if (!linktype_ok(cap->linktype)) {
		name = pcap_datalink_val_to_name(cap->linktype);
		say(why, "capture on Ethernet or in monitor mode (802.11, radiotap); link type is ",
		    name == NULL ? "unknown" : name);
		capture_close(&cap);
		return KF_EINVAL;
	}
	*out = cap;
	return KF_OK;
}

enum kf_err
capture_open(const char *path, struct capture **out, char why[CAPTURE_WHY_MAX])
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rbe");

	*out = NULL;
	if (file == NULL) {
		say(why, "cannot open: ", strerror(errno));
		return KF_EIO;
	}
	return capture_open_file(file, out, why);
}

void
capture_close(struct capture **cap)
{
	if (*cap != NULL)
		pcap_close((*cap)->pcap);
	free(*cap);
	*cap = NULL;
}

enum kf_err
capture_next(struct capture *cap, struct capture_frame *out, char why[CAPTURE_WHY_MAX])
{
	struct pcap_pkthdr *head;
	const u_char *data;
	int got;

	while ((got = pcap_next_ex(cap->pcap, &head, &data)) == 1)
		if (capture_read(cap->linktype, kf_span_of(data, head->caplen), out))
			return KF_OK;
	if (got == PCAP_ERROR_BREAK)
		return KF_ENOENT;
	say(why, "the file is cut off or damaged: ", pcap_geterr(cap->pcap));
	return KF_EINVAL;
}
