// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * Copies of the packets that pass an interface what there is something to read in: the first bytes of each flow, its
 * beginning and end, the heads of HTTP messages, and all DNS. Bulk payload costs the look at its headers alone.
 *
 * 1. read_headers finds the innermost IP packet and hashes both of its ends.
 * 2. The flow's record (flows.h) says how many bytes each direction may still have copied.
 * 3. What begins a message gets a new allowance.
 *
 * Every packet passes on as if the program were not there.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include "inspect.h"
#include "headers.h"
#include "flows.h"

/* Bytes looked through at once for requests that were not copied, and how often: no packet has more than 512 kB. */
#define SCAN_BYTES 512
#define SCANS 1024
/* `TP/1.1`, carriage return and line feed, less one byte. */
#define VERSION_REST 7

/* Only what a global or a map names is described in the object's BTF, from which the agent's layout is generated. */
const struct packet_event *packet_event_in_btf __attribute__((unused));

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/*
 * In which network namespace the packet under way is: set by the small program that the agent puts before these in each
 * but its own, taken here. Nothing comes between the two on a CPU, since bottom halves are off.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u32);
} current_namespace SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 23);
} packets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct inspect_counters);
} counters SEC(".maps");

/* A packet on its way into the ring. A program is never interrupted by itself on its CPU: bottom halves are off. */
struct scratch {
	struct packet_event event;
	u8 bytes[COPY_BYTES];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

static __always_inline struct inspect_counters *get_counters(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&counters, &zero);
}

static __always_inline u32 take_namespace(void)
{
	u32 zero = 0;
	u32 *current = bpf_map_lookup_elem(&current_namespace, &zero);
	u32 network_namespace = 0;

	if (current && *current) {
		network_namespace = *current;
		*current = 0;
	}
	return network_namespace;
}

/** False when the ring has no room. */
static __always_inline bool copy(struct __sk_buff *skb, u32 bytes, u32 flags, u32 network_namespace)
{
	u32 zero = 0;
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &zero);
	struct inspect_counters *counters = get_counters();

	if (!scratch || !counters)
		return true;
	if (bytes > skb->len)
		bytes = skb->len;
	if (bytes > COPY_BYTES)
		bytes = COPY_BYTES;
	if (bytes < 1)
		return true;
	struct packet_event *event = &scratch->event;
	event->boot_ns = bpf_ktime_get_boot_ns();
	event->cookie = 0;
	if (flags & PACKET_EGRESS)
		event->cookie = bpf_get_socket_cookie(skb);
	event->interface = skb->ifindex;
	event->length = skb->len;
	event->captured = bytes;
	event->flags = flags;
	event->network_namespace = network_namespace;
	event->pad = 0;
	if (bpf_skb_load_bytes(skb, 0, scratch->bytes, bytes))
		return true;
	if (!bpf_ringbuf_output(&packets, scratch, sizeof(*event) + bytes, BPF_RB_NO_WAKEUP)) {
		__sync_fetch_and_add(&counters->copied, 1);
		return true;
	}
	__sync_fetch_and_add(&counters->lost, 1);
	return false;
}

/* 1 where four bytes are of `HTTP/1.1`, without a branch. */
#define IS_VERSION(word) (((u64)((u32)(word) ^ LETTERS('T', 'P', '/', '1')) - 1) >> 63)

/** How often a packet has `HTTP/1.` in it, from an offset on and within SCAN_BYTES. */
__noinline u32 count_versions(struct __sk_buff *skb, u32 from, u32 end)
{
	u32 zero = 0, count = 0, bytes = end - from;
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &zero);

	if (bytes > SCAN_BYTES + 3)
		bytes = SCAN_BYTES + 3;
	if (!scratch || bytes < 4 || bpf_skb_load_bytes(skb, from, scratch->bytes, bytes))
		return 0;
	*(u64 *)(scratch->bytes + bytes) = 0;
	for (u32 at = 0; at < SCAN_BYTES; at += 4) {
		u32 *words = (u32 *)(scratch->bytes + at);
		u64 word = words[0] | (u64)words[1] << 32;

		if (at >= bytes)
			break;
		count += IS_VERSION(word) + IS_VERSION(word >> 8) + IS_VERSION(word >> 16) + IS_VERSION(word >> 24);
	}
	return count;
}

/** How many first lines of requests there are in a part of a packet, by the versions in them. */
__noinline u32 count_requests(struct __sk_buff *skb, u32 from, u32 end)
{
	u32 count = 0;

	for (int i = 0; i < SCANS && from < end; i++, from += SCAN_BYTES)
		count += count_versions(skb, from, end);
	return count;
}

static __always_inline void lose_requests(u32 count)
{
	struct inspect_counters *counters = get_counters();

	if (counters && count)
		__sync_fetch_and_add(&counters->lost_requests, count);
}

/* What is to be done with a packet. */
struct verdict {
	u32 headers; /* their length; 0 when it is not known */
	int wanted; /* how much of the payload is to be copied; -1 for nothing, not even the headers */
	u32 request; /* whether it begins one */
};

/** TCP. A function of its own, so that the kernel verifies it once. */
__noinline int judge_tcp(struct __sk_buff *skb, struct packet *packet, struct flow *flow, u32 side,
			 struct verdict *verdict)
{
	u8 word[2] __attribute__((aligned(2))); /* data offset and flags */
	bool request = false;

	if (!packet || !flow || !verdict || !load(skb, packet->transport + TCP_OFFSET, word, sizeof(word)))
		return 0;
	u8 tcp_flags = word[1];
	u32 headers = packet->transport + (word[0] >> 4) * 4;
	u32 payload = packet->end > headers ? packet->end - headers : 0;
	verdict->headers = headers;
	if ((tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		renew(flow);
	if (payload)
		note_beginning(skb, headers, flow, side, payload, &request);
	verdict->request = request;
	u32 wanted = spend(flow, side, payload);
	if (wanted || tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST)) {
		verdict->wanted = wanted;
		return 0;
	}
	/* So that sequence numbers never run so far ahead that they cannot be told from old ones. */
	flow->skipped[side & 1] += payload;
	if (flow->skipped[side & 1] >= SKIP_BYTES) {
		flow->skipped[side & 1] = 0;
		verdict->wanted = 0;
	}
	return 0;
}

/** Counts the requests that begin in what was not copied of a packet, and in those after it up to one that begins one. */
__noinline int count_missed(struct __sk_buff *skb, const struct packet *packet, struct flow *flow, u32 headers, u32 copied)
{
	if (!packet || !flow || copied >= packet->end || headers >= packet->end)
		return 0;
	flow->left[flow->asker == 2] = 0;
	/* A line whose version ends within the last bytes copied was not there to its end. */
	lose_requests(count_requests(skb, copied > headers + VERSION_REST ? copied - VERSION_REST : headers,
				     packet->end));
	return 0;
}

/** A function of its own, so that the kernel verifies it once for the four programs. */
__noinline int inspect(struct __sk_buff *skb, u32 flags)
{
	struct packet packet = {};
	struct verdict verdict = { .wanted = -1 };
	u32 copied = 0, network_namespace = take_namespace(), now = now_jiffies();
	u32 place = skb->ifindex << 1 | (flags & PACKET_EGRESS);

	if (!read_headers(skb, flags & PACKET_NETWORK, &packet))
		return TC_ACT_UNSPEC;
	u32 side = packet.source < packet.destination;
	struct flow *flow = find_flow(&packet, network_namespace, side, now);
	if (!flow || !is_first_place(flow, side, place, now))
		return TC_ACT_UNSPEC;
	if (packet.protocol == IPPROTO_TCP && !packet.fragment) {
		judge_tcp(skb, &packet, flow, side, &verdict);
	} else {
		verdict.headers = packet.transport + (packet.protocol == IPPROTO_UDP ? 8 : 0);
		u32 payload = packet.end > verdict.headers ? packet.end - verdict.headers : 0;
		verdict.wanted = is_name_service(&packet) ? COPY_BYTES : spend(flow, side, payload);
		if (!verdict.wanted)
			verdict.wanted = -1;
	}
	u32 bytes = verdict.headers + verdict.wanted;
	if (verdict.wanted >= 0 && copy(skb, bytes, flags, network_namespace))
		copied = bytes < COPY_BYTES ? bytes : COPY_BYTES;
	if (flow->asker == side + 1 && verdict.headers)
		count_missed(skb, &packet, flow, verdict.headers, copied);
	else if (!copied)
		lose_requests(verdict.request);
	return TC_ACT_UNSPEC;
}

SEC("tc")
int link_ingress(struct __sk_buff *skb)
{
	return inspect(skb, 0);
}

SEC("tc")
int link_egress(struct __sk_buff *skb)
{
	return inspect(skb, PACKET_EGRESS);
}

SEC("tc")
int network_ingress(struct __sk_buff *skb)
{
	return inspect(skb, PACKET_NETWORK);
}

SEC("tc")
int network_egress(struct __sk_buff *skb)
{
	return inspect(skb, PACKET_NETWORK | PACKET_EGRESS);
}
