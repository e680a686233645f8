/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * What is remembered of a flow: how many bytes of each direction may still be copied, and where it was first seen.
 *
 * A table of sets of four rather than a hash map: a look costs a tenth, and it cannot be full. A new flow takes the
 * place of the one in its set that has been silent for longest; that one, should it go on, begins anew.
 */
#ifndef NETMON_FLOWS_H
#define NETMON_FLOWS_H

#include "headers.h"

#define WAYS 4
#define SETS 16384
/* Of each direction of a new flow: a TLS hello with certificates, a QUIC handshake, banners and logins. */
#define FIRST_BYTES 8192
/* From the beginning of an HTTP request on, and of an answer. */
#define REQUEST_BYTES 8192
#define ANSWER_BYTES 4096
/* Of a packet, beside its headers. Nothing but COPY_BYTES bounds it where a client sends ahead, and in HTTP/2. */
#define PACKET_BYTES 4096
/* From the beginning of a request without a body on: others may follow it. Of as many answers to such. */
#define AHEAD_BYTES 65536
/* Payload left out after which one packet's headers are copied all the same. */
#define SKIP_BYTES (1U << 29)
/* Seconds: after this silence a flow is looked at anew, and its direction may come by another interface. */
#define SILENCE 30
#define SHORT_SILENCE 2
#define MINUTE 60
/* A packet with less payload than this ends a message, or so it seems: the next one may begin another. */
#define FULL_BYTES 1000
/* Whose payload the flow had last: 0 and 1 are the sides. */
#define NOBODY 2

/* Jiffies a second, set by the agent before loading. */
const volatile u32 jiffies_per_second = 250;

enum flow_flags {
	FLOW_SEALED = 1 << 0, /* encrypted: nothing in it begins a message */
	FLOW_WHOLE = 1 << 1, /* each packet is worth copying: HTTP/2 without TLS */
	FLOW_LOOKED = 1 << 2, /* its first payload was looked at */
	FLOW_AHEAD = 1 << 3, /* its client sends requests before it has the answers */
};

struct flow {
	u64 tag; /* 0: free */
	u32 left[2];
	u32 skipped[2];
	u32 seen[2]; /* jiffies */
	u32 place[2]; /* interface and hook of each direction */
	u16 flags;
	u16 turn; /* the side that sent payload last */
	u32 last[2]; /* payload of each side's last packet */
	u32 asker; /* 1 + the side whose last request has no body: what it sends are heads. 0: none */
};

struct flow_set {
	struct flow ways[WAYS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SETS);
	__type(key, u32);
	__type(value, struct flow_set);
} flows SEC(".maps");

static __always_inline struct inspect_counters *get_counters(void);

/** The kernel's cheapest clock: the helper is inlined. */
static __always_inline u32 now_jiffies(void)
{
	return bpf_jiffies64();
}

/** Has both directions begin anew. */
static __always_inline void renew(struct flow *flow)
{
	flow->left[0] = flow->left[1] = FIRST_BYTES;
	flow->skipped[0] = flow->skipped[1] = 0;
	flow->last[0] = flow->last[1] = 0;
	flow->turn = NOBODY;
	flow->flags = 0;
	flow->asker = 0;
}

static __always_inline u32 idle_time(const struct flow *flow, u32 now)
{
	u32 first = now - flow->seen[0], second = now - flow->seen[1];

	return first < second ? first : second;
}

static __always_inline struct flow *begin_flow(struct flow_set *set, u64 tag, u32 now)
{
	struct flow *oldest = &set->ways[0];
	u32 longest = 0;

	for (int i = 0; i < WAYS; i++) {
		struct flow *flow = &set->ways[i];
		u32 idle = flow->tag ? idle_time(flow, now) : ~0U;

		if (idle >= longest) {
			longest = idle;
			oldest = flow;
		}
	}
	if (oldest->tag && longest < MINUTE * jiffies_per_second) {
		struct inspect_counters *counters = get_counters();
		if (counters)
			__sync_fetch_and_add(&counters->evicted, 1);
	}
	oldest->tag = tag;
	oldest->place[0] = oldest->place[1] = 0;
	oldest->seen[0] = oldest->seen[1] = now;
	renew(oldest);
	return oldest;
}

/** The flow of a packet, made when there is none. */
static __always_inline struct flow *find_flow(const struct packet *packet, u32 network_namespace, u32 side, u32 now)
{
	u64 low = side ? packet->source : packet->destination;
	u64 high = side ? packet->destination : packet->source;
	u64 tag = mix(mix(low, high), packet->protocol | (u64)network_namespace << 8) | 1;
	u32 key = (tag >> 1) & (SETS - 1);
	struct flow_set *set = bpf_map_lookup_elem(&flows, &key);

	if (!set)
		return 0;
	for (int i = 0; i < WAYS; i++) {
		struct flow *flow = &set->ways[i];

		if (flow->tag != tag)
			continue;
		if (idle_time(flow, now) > SILENCE * jiffies_per_second)
			renew(flow);
		return flow;
	}
	return begin_flow(set, tag, now);
}

/**
 * Whether a direction passes here first. The same packet may pass several interfaces: loopback twice, a container's
 * link and the bridge behind it, a tunnel and what carries it.
 */
static __always_inline bool is_first_place(struct flow *flow, u32 side, u32 place, u32 now)
{
	side &= 1;
	if (flow->place[side] != place) {
		if (flow->place[side] && now - flow->seen[side] < SHORT_SILENCE * jiffies_per_second)
			return false;
		flow->place[side] = place;
	}
	flow->seen[side] = now;
	return true;
}

/** Takes from the direction's allowance what may be copied of so much payload. */
static __always_inline u32 spend(struct flow *flow, u32 side, u32 payload)
{
	side &= 1;
	u32 wanted = flow->left[side];
	if (flow->flags & FLOW_WHOLE)
		wanted = payload;
	if (wanted > payload)
		wanted = payload;
	if (wanted > PACKET_BYTES && !(flow->flags & (FLOW_WHOLE | FLOW_AHEAD)))
		wanted = PACKET_BYTES;
	if (wanted)
		flow->skipped[side] = 0;
	flow->left[side] -= wanted < flow->left[side] ? wanted : flow->left[side];
	return wanted;
}

/* Four letters as a little-endian word. */
#define LETTERS(a, b, c, d) ((u32)(a) | (u32)(b) << 8 | (u32)(c) << 16 | (u32)(d) << 24)

/** Whether four bytes begin a request: the methods of RFC 9110, PATCH, and those of WebDAV. */
static __always_inline bool begins_request(u32 word)
{
	switch (word) {
	case LETTERS('G', 'E', 'T', ' '):
	case LETTERS('P', 'O', 'S', 'T'):
	case LETTERS('P', 'U', 'T', ' '):
	case LETTERS('H', 'E', 'A', 'D'):
	case LETTERS('D', 'E', 'L', 'E'):
	case LETTERS('P', 'A', 'T', 'C'):
	case LETTERS('O', 'P', 'T', 'I'):
	case LETTERS('C', 'O', 'N', 'N'):
	case LETTERS('T', 'R', 'A', 'C'):
	case LETTERS('P', 'R', 'O', 'P'):
	case LETTERS('M', 'K', 'C', 'O'):
	case LETTERS('C', 'O', 'P', 'Y'):
	case LETTERS('M', 'O', 'V', 'E'):
	case LETTERS('L', 'O', 'C', 'K'):
	case LETTERS('U', 'N', 'L', 'O'):
	case LETTERS('R', 'E', 'P', 'O'):
	case LETTERS('S', 'E', 'A', 'R'):
		return true;
	default:
		return false;
	}
}

/** Whether a request that begins so has no body: another one follows its head, or nothing. */
static __always_inline bool has_no_body(u32 word)
{
	return word == LETTERS('G', 'E', 'T', ' ') || word == LETTERS('H', 'E', 'A', 'D') ||
	       word == LETTERS('D', 'E', 'L', 'E') || word == LETTERS('O', 'P', 'T', 'I');
}

/** Whether a packet may begin a message: the other side has spoken since, or this one's last packet was not full. */
static __always_inline bool takes_turn(struct flow *flow, u32 side, u32 payload)
{
	side &= 1;
	u32 last = flow->last[side];
	u16 turn = flow->turn;

	flow->last[side] = payload;
	flow->turn = side;
	return turn != side || last < FULL_BYTES;
}

/** Notes that a side asks for something: by a request without a body, or with one, which may be bulk. */
static __always_inline void note_request(struct flow *flow, u32 side, u32 word, bool ahead)
{
	if (!has_no_body(word)) {
		flow->asker = 0;
		flow->flags &= ~FLOW_AHEAD;
		return;
	}
	flow->asker = side + 1;
	if (ahead)
		flow->flags |= FLOW_AHEAD;
}

/** Gives a direction a new allowance where its payload begins an HTTP message. */
static __always_inline void note_beginning(struct __sk_buff *skb, u32 at, struct flow *flow, u32 side, u32 payload,
					   bool *request)
{
	u32 word, allowance = 0;

	side &= 1;
	if (flow->flags & (FLOW_SEALED | FLOW_WHOLE))
		return;
	bool goes_on = flow->turn == side, asks = flow->asker == side + 1;
	if ((!takes_turn(flow, side, payload) && !asks) || !load(skb, at, &word, sizeof(word)))
		return;
	if (begins_request(word)) {
		*request = true;
		note_request(flow, side, word, (asks && goes_on) || payload > PACKET_BYTES);
		allowance = flow->asker ? AHEAD_BYTES : REQUEST_BYTES;
	} else if (word == LETTERS('H', 'T', 'T', 'P')) {
		allowance = ANSWER_BYTES;
	} else if (word == LETTERS('P', 'R', 'I', ' ')) {
		flow->flags |= FLOW_WHOLE;
	} else if (!(flow->flags & FLOW_LOOKED) && (word & 0xf8ffff) == 0x000316) {
		/* A TLS record of a handshake, version 3.x. */
		flow->flags |= FLOW_SEALED;
	} else if (asks && word & 0x80808080) {
		/* No head goes on like this: it is no HTTP any more. */
		flow->asker = 0;
		flow->flags &= ~FLOW_AHEAD;
	}
	flow->flags |= FLOW_LOOKED;
	if (flow->flags & FLOW_AHEAD && !goes_on && flow->asker != side + 1)
		allowance = AHEAD_BYTES;
	if (flow->left[side] < allowance)
		flow->left[side] = allowance;
}

/** DNS, mDNS and LLMNR: each datagram is a question or an answer. */
static __always_inline bool is_name_service(const struct packet *packet)
{
	u16 source = packet->source_port, destination = packet->destination_port;

	return packet->protocol == IPPROTO_UDP &&
	       (destination == bpf_htons(53) || source == bpf_htons(53) || destination == bpf_htons(5353) ||
		destination == bpf_htons(5355) || source == bpf_htons(5355));
}

#endif
