/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* The context of a tc program, and the headers that it reads. */
#ifndef NETMON_SKB_H
#define NETMON_SKB_H

/* include/uapi/linux/bpf.h; the verifier translates accesses, so that this layout is the interface. */
struct __sk_buff {
	u32 len;
	u32 pkt_type;
	u32 mark;
	u32 queue_mapping;
	u32 protocol;
	u32 vlan_present;
	u32 vlan_tci;
	u32 vlan_proto;
	u32 priority;
	u32 ingress_ifindex;
	u32 ifindex;
	u32 tc_index;
	u32 cb[5];
	u32 hash;
	u32 tc_classid;
	u32 data;
	u32 data_end;
};

/* include/uapi/linux/pkt_cls.h: go on as if this program were not there. */
#define TC_ACT_UNSPEC (-1)

/* include/uapi/linux/if_ether.h, in network order as read on a little-endian machine by bpf_htons. */
#define ETH_P_IP 0x0800
#define ETH_P_IPV6 0x86dd
#define ETH_P_8021Q 0x8100
#define ETH_P_8021AD 0x88a8
#define ETH_P_TEB 0x6558
#define ETH_HEADER 14

/* Numbers of IP protocols and IPv6 extension headers (IANA). */
enum {
	PROTO_HOP_BY_HOP = 0,
	PROTO_IPIP = 4,
	PROTO_IPV6 = 41,
	PROTO_ROUTING = 43,
	PROTO_FRAGMENT = 44,
	PROTO_GRE = 47,
	PROTO_DESTINATION = 60,
};

struct ipv4_header {
	u8 version_length;
	u8 tos;
	__be16 total_length;
	__be16 id;
	__be16 fragment;
	u8 ttl;
	u8 protocol;
	u16 checksum;
	u32 source;
	u32 destination;
};

struct ipv6_header {
	u32 version_class;
	__be16 payload_length;
	u8 next;
	u8 hop_limit;
	u64 source[2];
	u64 destination[2];
};

/* Where a TCP header has its length and flags (RFC 9293 section 3.1). */
#define TCP_OFFSET 12
enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_ACK = 16 };

#endif
