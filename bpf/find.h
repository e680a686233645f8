/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* Looking over all sockets: what was open before the start, and what no event told of. */
#ifndef NETMON_FIND_H
#define NETMON_FIND_H

#include "tcp.h"

/** More of what is over already would take the slots of what is not. */
#define MAX_TIME_WAIT_FOUND 1024

static __always_inline void mark_found(struct slot *slot)
{
	struct shared *shared = get_shared();

	if (shared)
		slot->sweep = shared->sweep;
}

/** Looking over every descriptor of every process in every network namespace, at the start and now and then. */
SEC("iter/task_file")
int find_sockets(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;

	if (!task || !file)
		return 0;
	struct socket *socket = bpf_sock_from_file(file);
	struct sock *sk = socket ? socket->sk : 0;
	if (!sk || !is_inet(sk) || (sk->sk_protocol != IPPROTO_TCP && sk->sk_protocol != IPPROTO_UDP))
		return 0;
	u8 state = sk->__sk_common.skc_state;
	/* A TCP socket that is neither connected nor listening is no connection, and so is an unbound UDP socket. */
	if (state == TCP_CLOSE && (sk->sk_protocol == IPPROTO_TCP || !sk->__sk_common.skc_num))
		return 0;
	struct place place = slot_of(sk);
	bool changed = !place.slot;
	if (!place.slot)
		place = open_slot(sk, SLOT_FOUND, false);
	struct slot *slot = place.slot;
	if (!slot)
		return 0;
	mark_found(slot);
	if (!slot->local_port && sk->__sk_common.skc_num) {
		set_addresses(slot, &sk->__sk_common);
		changed = true;
	}
	if (!slot->pid) {
		set_owner(slot, task);
		changed = true;
	}
	if (sk->sk_protocol == IPPROTO_TCP) {
		u64 sent = slot->bytes_sent, received = slot->bytes_received;
		copy_tcp(slot, sk, state);
		changed |= sent != slot->bytes_sent || received != slot->bytes_received;
		if (state == TCP_LISTEN) {
			slot->receive_queue = sk->sk_ack_backlog;
			slot->send_queue = sk->sk_max_ack_backlog;
		}
	}
	if (changed) {
		slot->state = state;
		mark_dirty(place);
	}
	return 0;
}

/** A connection in TIME_WAIT is no socket any more, but its addresses are kept in the same place. */
static __always_inline void find_time_wait(struct sock_common *common)
{
	u64 cookie = common->skc_cookie.counter;
	u64 ports = (u64)common->skc_dport << 16 | common->skc_num;
	struct place place;

	if (!cookie)
		cookie = 1ULL << 62 | ports << 24 | (common->skc_daddr & 0xffffff);
	place = find_slot(cookie, true);
	if (place.slot)
		return;
	place = open_slot_of(common, cookie, IPPROTO_TCP, SLOT_FOUND | SLOT_FIN_RECEIVED, false);
	if (!place.slot)
		return;
	place.slot->closed_ns = place.slot->opened_ns;
	mark_dirty(place);
}

/** Looking over the connections of one network namespace, for those that no descriptor holds. */
SEC("iter/tcp")
int find_connections(struct bpf_iter__tcp *ctx)
{
	struct sock_common *common = ctx->sk_common;

	if (!common)
		return 0;
	u8 state = common->skc_state;
	if (state == TCP_TIME_WAIT) {
		struct shared *shared = get_shared();
		/* Later ones were seen ending. */
		if (!shared || shared->sweep != 1)
			return 0;
		if (shared->time_wait_found++ < MAX_TIME_WAIT_FOUND)
			find_time_wait(common);
		else
			shared->lost_time_wait++;
		return 0;
	}
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(common);
	if (!tp)
		return 0;
	struct sock *sk = (struct sock *)tp;
	struct place place = slot_of(sk);
	if (place.slot) {
		mark_found(place.slot);
		return 0;
	}
	place = open_slot(sk, SLOT_FOUND, false);
	if (!place.slot)
		return 0;
	mark_found(place.slot);
	copy_tcp(place.slot, sk, state);
	mark_dirty(place);
	return 0;
}

#endif
