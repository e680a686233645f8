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

static __always_inline void copy(struct __sk_buff *skb, u32 bytes, u32 flags, u32 network_namespace, bool request)
{
	u32 zero = 0;
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &zero);
	struct inspect_counters *counters = get_counters();

	if (!scratch || !counters)
		return;
	if (bytes > skb->len)
		bytes = skb->len;
	if (bytes > COPY_BYTES)
		bytes = COPY_BYTES;
	if (bytes < 1)
		return;
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
		return;
	if (!bpf_ringbuf_output(&packets, scratch, sizeof(*event) + bytes, BPF_RB_NO_WAKEUP)) {
		__sync_fetch_and_add(&counters->copied, 1);
		return;
	}
	__sync_fetch_and_add(&counters->lost, 1);
	if (request)
		__sync_fetch_and_add(&counters->lost_requests, 1);
}

/** TCP: how much of the payload is to be copied; -1 for nothing, not even the headers. */
static __always_inline int judge_tcp(struct __sk_buff *skb, struct packet *packet, struct flow *flow, u32 side,
				     u32 *headers, bool *request)
{
	u8 word[2] __attribute__((aligned(2))); /* data offset and flags */

	if (!load(skb, packet->transport + TCP_OFFSET, word, sizeof(word)))
		return -1;
	u8 tcp_flags = word[1];
	*headers = packet->transport + (word[0] >> 4) * 4;
	u32 payload = packet->end > *headers ? packet->end - *headers : 0;
	if ((tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		renew(flow);
	if (payload)
		note_beginning(skb, *headers, flow, side, payload, request);
	u32 wanted = spend(flow, side, payload);
	if (wanted || tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST))
		return wanted;
	/* So that sequence numbers never run so far ahead that they cannot be told from old ones. */
	flow->skipped[side] += payload;
	if (flow->skipped[side] < SKIP_BYTES)
		return -1;
	flow->skipped[side] = 0;
	return 0;
}

/** A function of its own, so that the kernel verifies it once for the four programs. */
__noinline int inspect(struct __sk_buff *skb, u32 flags)
{
	struct packet packet = {};
	u32 headers, network_namespace = take_namespace(), now = now_jiffies(), place = skb->ifindex << 1 | (flags & PACKET_EGRESS);
	bool request = false;
	int wanted;

	if (!read_headers(skb, flags & PACKET_NETWORK, &packet))
		return TC_ACT_UNSPEC;
	u32 side = packet.source < packet.destination;
	struct flow *flow = find_flow(&packet, network_namespace, side, now);
	if (!flow || !is_first_place(flow, side, place, now))
		return TC_ACT_UNSPEC;
	if (packet.protocol == IPPROTO_TCP && !packet.fragment) {
		wanted = judge_tcp(skb, &packet, flow, side, &headers, &request);
	} else {
		headers = packet.transport + (packet.protocol == IPPROTO_UDP ? 8 : 0);
		u32 payload = packet.end > headers ? packet.end - headers : 0;
		wanted = is_name_service(&packet) ? COPY_BYTES : spend(flow, side, payload);
		if (!wanted)
			wanted = -1;
	}
	if (wanted >= 0)
		copy(skb, headers + wanted, flags, network_namespace, request);
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
