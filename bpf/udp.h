/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* UDP: sockets, and the peers of unconnected ones. The bytes are added up here, since the kernel keeps no sums. */
#ifndef NETMON_UDP_H
#define NETMON_UDP_H

#include "sockets.h"
#include "tasks.h"

static __always_inline bool same_remote(const struct slot *slot, const struct sock *sk)
{
	const u32 *remote = (const u32 *)slot->remote_ip;

	if (slot->remote_port != bpf_ntohs(sk->__sk_common.skc_dport))
		return false;
	if (sk->__sk_common.skc_family == AF_INET)
		return remote[3] == sk->__sk_common.skc_daddr;
	return remote[3] == sk->__sk_common.skc_v6_daddr.in6_u.u6_addr32[3] &&
	       remote[2] == sk->__sk_common.skc_v6_daddr.in6_u.u6_addr32[2] &&
	       remote[1] == sk->__sk_common.skc_v6_daddr.in6_u.u6_addr32[1] &&
	       remote[0] == sk->__sk_common.skc_v6_daddr.in6_u.u6_addr32[0];
}

/** The slot of a UDP socket as a whole, with its addresses up to date; a new peer after connect(2) is a new slot. */
static __always_inline struct place udp_slot(const struct sock *sk)
{
	struct place place = slot_of(sk);
	struct slot *slot = place.slot;

	if (slot && !same_remote(slot, sk) && (slot->packets_sent || slot->packets_received || slot->errors)) {
		close_slot(place);
		place.slot = slot = 0;
	}
	if (!slot) {
		place = open_slot(sk, 0, false);
		slot = place.slot;
		if (!slot)
			return place;
	} else if (!same_remote(slot, sk) || slot->local_port != sk->__sk_common.skc_num) {
		set_addresses(slot, &sk->__sk_common);
	}
	slot->state = sk->__sk_common.skc_state;
	claim_owner(slot);
	return place;
}

/** Names one peer of one socket: the cookie with the address mixed in, and a bit that no cookie has. */
static __always_inline u64 mix_peer(u64 cookie, const struct task_state *task)
{
	const u64 *ip = (const u64 *)task->peer_ip;
	u64 mixed = cookie * 0x9e3779b97f4a7c15ULL;

	mixed = (mixed ^ ip[0]) * 0xff51afd7ed558ccdULL;
	mixed ^= mixed >> 33;
	mixed = (mixed ^ ip[1]) * 0xc4ceb9fe1a85ec53ULL;
	mixed ^= mixed >> 33;
	mixed = (mixed ^ task->peer_port) * 0xff51afd7ed558ccdULL;
	mixed ^= mixed >> 29;
	return mixed | 1ULL << 63;
}

/** The slot of the peer that this thread sends to or receives from; null when there are too many. */
static __always_inline struct place peer_slot(const struct slot *socket, const struct task_state *task)
{
	u64 id = mix_peer(socket->cookie, task);
	struct place place = find_slot(id, false);
	struct shared *shared = get_shared();

	if (place.slot || !shared)
		return place;
	/* A quarter of the slots at most, so that a flood of spoofed senders leaves room for the others. */
	if (shared->peers <= slot_mask >> 2)
		place = take_slot(id, false);
	struct slot *slot = place.slot;
	if (!slot) {
		__sync_fetch_and_add(&shared->lost_peers, 1);
		return place;
	}
	__sync_fetch_and_add(&shared->peers, 1);
	slot->cookie = socket->cookie;
	slot->protocol = IPPROTO_UDP;
	slot->state = TCP_CLOSE;
	slot->flags = SLOT_PEER;
	slot->netns = socket->netns;
	slot->local_port = socket->local_port;
	slot->remote_port = task->peer_port;
	copy_ip(slot->local_ip, socket->local_ip);
	copy_ip(slot->remote_ip, task->peer_ip);
	return place;
}

static __always_inline void count_udp(struct slot *slot, int result, bool sending)
{
	if (result < 0) {
		/* An error that ICMP brought was counted then; this call only returns it. */
		if (slot->error_unread && slot->error == -result)
			slot->error_unread = 0;
		else
			set_error(slot, -result, slot->state);
	} else if (sending) {
		__sync_fetch_and_add(&slot->bytes_sent, result);
		__sync_fetch_and_add(&slot->packets_sent, 1);
	} else {
		__sync_fetch_and_add(&slot->bytes_received, result);
		__sync_fetch_and_add(&slot->packets_received, 1);
	}
}

static __always_inline void touch_udp(const struct sock *sk, int result, bool sending)
{
	if (result < 0 && !is_failure(result))
		return;
	struct place place = udp_slot(sk);
	if (!place.slot) {
		struct shared *shared = get_shared();
		if (shared)
			__sync_fetch_and_add(&shared->lost_datagrams, 1);
		return;
	}
	if (place.slot->state != TCP_ESTABLISHED) {
		struct task_state *task = get_task(0);
		if (task && task->exchanging == place.slot->cookie) {
			task->exchanging = 0;
			struct place peer = peer_slot(place.slot, task);
			if (peer.slot) {
				place = peer;
				claim_owner(place.slot);
			}
		}
	}
	count_udp(place.slot, result, sending);
	mark_dirty(place);
}

/** Which peer the UDP send or receive is about that this thread is in. */
static __always_inline struct task_state *note_exchange(struct bpf_sock_addr *ctx)
{
	if (ctx->protocol != IPPROTO_UDP)
		return 0;
	struct task_state *task = make_task();
	if (task) {
		task->exchanging = bpf_get_socket_cookie(ctx);
		task->peer_port = bpf_ntohs(ctx->user_port);
	}
	return task;
}

static __always_inline int note_exchange4(struct bpf_sock_addr *ctx)
{
	struct task_state *task = note_exchange(ctx);

	if (task)
		SET_MAPPED_IP(task->peer_ip, ctx->user_ip4);
	return 1;
}

static __always_inline int note_exchange6(struct bpf_sock_addr *ctx)
{
	struct task_state *task = note_exchange(ctx);

	if (task)
		COPY_IP6(task->peer_ip, ctx->user_ip6);
	return 1;
}

SEC("cgroup/sendmsg4")
int note_send4(struct bpf_sock_addr *ctx)
{
	return note_exchange4(ctx);
}

SEC("cgroup/sendmsg6")
int note_send6(struct bpf_sock_addr *ctx)
{
	return note_exchange6(ctx);
}

SEC("cgroup/recvmsg4")
int note_receive4(struct bpf_sock_addr *ctx)
{
	return note_exchange4(ctx);
}

SEC("cgroup/recvmsg6")
int note_receive6(struct bpf_sock_addr *ctx)
{
	return note_exchange6(ctx);
}

/** A UDP socket that waits on a port, before any traffic. */
static __always_inline struct place note_bind(struct bpf_sock *sk)
{
	struct place place = {};

	if (sk->protocol != IPPROTO_UDP)
		return place;
	u64 cookie = bpf_get_socket_cookie(sk);
	place = find_slot(cookie, false);
	if (place.slot) {
		place.slot = 0;
		return place;
	}
	struct task_struct *task = bpf_get_current_task_btf();
	place = take_slot(cookie, true);
	struct slot *slot = place.slot;
	if (!slot)
		return place;
	slot->cookie = cookie;
	slot->protocol = IPPROTO_UDP;
	slot->state = TCP_CLOSE;
	slot->netns = task->nsproxy->net_ns->ns.inum;
	slot->local_port = sk->src_port;
	set_owner(slot, task);
	return place;
}

SEC("cgroup/post_bind4")
int note_bind4(struct bpf_sock *sk)
{
	struct place place = note_bind(sk);

	if (place.slot) {
		SET_MAPPED_IP(place.slot->local_ip, sk->src_ip4);
		SET_MAPPED_IP(place.slot->remote_ip, 0);
		mark_dirty(place);
	}
	return 1;
}

SEC("cgroup/post_bind6")
int note_bind6(struct bpf_sock *sk)
{
	struct place place = note_bind(sk);

	if (place.slot) {
		COPY_IP6(place.slot->local_ip, sk->src_ip6);
		mark_dirty(place);
	}
	return 1;
}

SEC("cgroup/sock_release")
int on_release(struct bpf_sock *sk)
{
	if (sk->protocol != IPPROTO_UDP)
		return 1;
	struct place place = find_slot(bpf_get_socket_cookie(sk), false);
	if (place.slot)
		close_slot(place);
	return 1;
}

#endif
