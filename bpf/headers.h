/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* From a packet's first byte to its flow: link layer, VLAN tags, tunnels, IP. */
#ifndef NETMON_HEADERS_H
#define NETMON_HEADERS_H

#include "skb.h"

/* Tunnels within one another, extension headers and VLAN tags looked through at most. */
#define MAX_DEPTH 3
#define MAX_EXTENSIONS 4
#define MAX_TAGS 2
/* Bytes that headers take at most; more is no packet that anybody sends. */
#define MAX_HEADERS 400

/* Makes what two flows are told apart by unpredictable, so that nobody can choose addresses that collide. */
const volatile u64 hash_seed = 0x9e3779b97f4a7c15ULL;

/* The innermost IP packet. */
struct packet {
	u64 source; /* hashes of address and port */
	u64 destination;
	u32 transport; /* offset of the transport's header */
	u32 end; /* offset of the end of its payload, by the IP header */
	u16 source_port; /* 0 where there are none, as in fragments */
	u16 destination_port;
	u8 protocol;
	u8 fragment;
};

static __always_inline u64 mix(u64 hash, u64 word)
{
	hash = (hash ^ word) * 0x9fb21c651e98df25ULL;
	return hash ^ hash >> 32;
}

/** Copies header bytes, two or a multiple of four, from the linear part where they are in it: that is far cheaper. */
static __always_inline bool load(struct __sk_buff *skb, u32 at, void *to, u32 bytes)
{
	void *data = (void *)(unsigned long)skb->data;
	void *end = (void *)(unsigned long)skb->data_end;

	if (at > MAX_HEADERS)
		return false;
	if (data + at + bytes <= end) {
		if (bytes == 2)
			*(u16 *)to = *(u16 *)(data + at);
		else
			for (u32 i = 0; i < bytes / 4; i++)
				((u32 *)to)[i] = ((u32 *)(data + at))[i];
		return true;
	}
	return !bpf_skb_load_bytes(skb, at, to, bytes);
}

/** IPv4; the answer is the offset behind the header, 0 when it is none. */
__noinline u32 read_ipv4(struct __sk_buff *skb, u32 at, struct packet *packet)
{
	struct ipv4_header ip;

	if (!packet || !load(skb, at, &ip, sizeof(ip)) || ip.version_length >> 4 != 4)
		return 0;
	packet->source = mix(hash_seed, ip.source);
	packet->destination = mix(hash_seed, ip.destination);
	packet->protocol = ip.protocol;
	/* What segmentation offload is still to cut may be longer than the header can say. */
	u32 length = bpf_ntohs(ip.total_length);
	packet->end = length ? at + length : skb->len;
	if (ip.fragment & bpf_htons(0x3fff)) {
		packet->fragment = 1;
		packet->source = mix(packet->source, ip.id);
		packet->destination = mix(packet->destination, ip.id);
	}
	return at + (ip.version_length & 15) * 4;
}

__noinline u32 read_ipv6(struct __sk_buff *skb, u32 at, struct packet *packet)
{
	struct ipv6_header ip;

	if (!packet || !load(skb, at, &ip, sizeof(ip)) || (ip.version_class & 0xf0) != 0x60)
		return 0;
	packet->source = mix(mix(hash_seed, ip.source[0]), ip.source[1]);
	packet->destination = mix(mix(hash_seed, ip.destination[0]), ip.destination[1]);
	u32 length = bpf_ntohs(ip.payload_length);
	packet->end = length ? at + sizeof(ip) + length : skb->len;
	u8 next = ip.next;
	at += sizeof(ip);
	for (int i = 0; i < MAX_EXTENSIONS; i++) {
		u8 extension[8] __attribute__((aligned(8)));

		if (next != PROTO_HOP_BY_HOP && next != PROTO_ROUTING && next != PROTO_DESTINATION &&
		    next != PROTO_FRAGMENT)
			break;
		if (!load(skb, at, extension, sizeof(extension)))
			return 0;
		if (next == PROTO_FRAGMENT) {
			u32 id = *(u32 *)(extension + 4);
			packet->fragment = 1;
			packet->source = mix(packet->source, id);
			packet->destination = mix(packet->destination, id);
			at += 8;
		} else {
			at += 8 + extension[1] * 8;
		}
		next = extension[0];
	}
	packet->protocol = next;
	return at;
}

/** The EtherType behind the link layer and its tags, in network order; moves `at` behind them. */
static __always_inline u16 read_ethernet(struct __sk_buff *skb, u32 *at)
{
	u16 type;

	if (!load(skb, *at + 12, &type, sizeof(type)))
		return 0;
	*at += ETH_HEADER;
	for (int i = 0; i < MAX_TAGS; i++) {
		if (type != bpf_htons(ETH_P_8021Q) && type != bpf_htons(ETH_P_8021AD))
			break;
		if (!load(skb, *at + 2, &type, sizeof(type)))
			return 0;
		*at += 4;
	}
	return type;
}

/** What a tunnel carries: the EtherType, with `at` moved to it; 0 when it is no tunnel. */
static __always_inline u16 find_tunnel(struct __sk_buff *skb, u32 *at, const struct packet *packet)
{
	u8 header[4] __attribute__((aligned(4)));

	if (packet->protocol == PROTO_IPIP)
		return bpf_htons(ETH_P_IP);
	if (packet->protocol == PROTO_IPV6)
		return bpf_htons(ETH_P_IPV6);
	if (packet->protocol == PROTO_GRE) {
		if (!load(skb, *at, header, 4) || header[1] & 7)
			return 0;
		u16 type = *(u16 *)(header + 2);
		/* Checksum, key and sequence number take four bytes each where their bit is set (RFC 2890). */
		*at += 4 + (header[0] & 0x80 ? 4 : 0) + (header[0] & 0x20 ? 4 : 0) + (header[0] & 0x10 ? 4 : 0);
		return type == bpf_htons(ETH_P_TEB) ? read_ethernet(skb, at) : type;
	}
	if (packet->protocol != IPPROTO_UDP || packet->fragment)
		return 0;
	if (packet->destination_port == bpf_htons(4789)) {
		*at += 16;
		return read_ethernet(skb, at);
	}
	if (packet->destination_port != bpf_htons(6081) || !load(skb, *at + 8, header, 4))
		return 0;
	*at += 16 + (header[0] & 63) * 4;
	u16 type = *(u16 *)(header + 2);
	return type == bpf_htons(ETH_P_TEB) ? read_ethernet(skb, at) : type;
}

/** As find_tunnel, on `packet->transport`. A function of its own, as are others here: verified once each. */
__noinline u32 read_tunnel(struct __sk_buff *skb, struct packet *packet)
{
	if (!packet)
		return 0;
	u32 at = packet->transport;
	u16 type = find_tunnel(skb, &at, packet);
	if (type)
		packet->transport = at;
	return type;
}

/** Takes the headers apart down to the innermost IP packet; false when there is none. */
__noinline u32 read_headers(struct __sk_buff *skb, u32 network, struct packet *packet)
{
	if (!packet)
		return false;
	u32 at = 0;
	u16 type = network ? (u16)skb->protocol : read_ethernet(skb, &at);

	for (int i = 0; i < MAX_DEPTH; i++) {
		u32 next = 0;

		if (type == bpf_htons(ETH_P_IP))
			next = read_ipv4(skb, at, packet);
		else if (type == bpf_htons(ETH_P_IPV6))
			next = read_ipv6(skb, at, packet);
		if (!next)
			return i > 0;
		at = next;
		packet->transport = at;
		packet->source_port = packet->destination_port = 0;
		if (packet->fragment)
			return true;
		if (packet->protocol == IPPROTO_TCP || packet->protocol == IPPROTO_UDP) {
			u16 ports[2] __attribute__((aligned(4)));

			if (!load(skb, at, ports, sizeof(ports)))
				return false;
			packet->source_port = ports[0];
			packet->destination_port = ports[1];
			packet->source = mix(packet->source, ports[0]);
			packet->destination = mix(packet->destination, ports[1]);
			if (packet->protocol == IPPROTO_TCP)
				return true;
		}
		type = read_tunnel(skb, packet);
		if (!type)
			return true;
		at = packet->transport;
	}
	return true;
}

#endif
