/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* TCP: what the kernel has counted, copied when a process moves payload and when the state changes. */
#ifndef NETMON_TCP_H
#define NETMON_TCP_H

#include "half-open.h"
#include "sockets.h"
#include "tasks.h"

/** Payload, segments, queues and quality, as the kernel has counted them so far. */
static __always_inline void copy_tcp(struct slot *slot, const struct sock *sk, u8 tcp_state)
{
	struct tcp_sock *tp = bpf_skc_to_tcp_sock((void *)sk);

	if (!tp)
		return;
	u64 sent = tp->bytes_sent - tp->bytes_retrans;
	/* What was written but not sent yet; later states have a FIN in the sequence space. */
	if (tcp_state == TCP_ESTABLISHED || tcp_state == TCP_CLOSE_WAIT)
		sent += (u32)(tp->write_seq - tp->snd_nxt);
	u64 received = tp->bytes_received;
	/* The kernel counts the peer's FIN as a byte (net/ipv4/tcp_input.c, tcp_rcv_nxt_update). */
	if (sk->__sk_common.skc_flags & (1UL << SOCK_DONE)) {
		slot->flags |= SLOT_FIN_RECEIVED;
		if (received)
			received--;
	}
	if (sent > slot->bytes_sent)
		slot->bytes_sent = sent;
	if (received > slot->bytes_received)
		slot->bytes_received = received;
	slot->packets_sent = tp->segs_out;
	slot->packets_received = tp->segs_in;
	slot->srtt_us = tp->srtt_us >> 3;
	slot->mdev_us = tp->mdev_us >> 2;
	slot->min_rtt_us = tp->rtt_min.s[0].v;
	slot->retransmits = tp->total_retrans;
	slot->data_segments_sent = tp->data_segs_out;
	slot->send_queue = tp->write_seq - tp->snd_una;
	slot->receive_queue = tp->rcv_nxt - tp->copied_seq;
	u32 spent = tp->chrono_type ? (u32)bpf_jiffies64() - tp->chrono_start : 0;
	u32 rwnd = tp->chrono_stat[1] + (tp->chrono_type == 2 ? spent : 0);
	u32 sndbuf = tp->chrono_stat[2] + (tp->chrono_type == 3 ? spent : 0);
	slot->busy_jiffies = tp->chrono_stat[0] + (tp->chrono_type == 1 ? spent : 0) + rwnd + sndbuf;
	slot->rwnd_limited_jiffies = rwnd;
	slot->sndbuf_limited_jiffies = sndbuf;
}

/** The state to show from now on: with both FINs exchanged, the end that closed first goes on as TIME_WAIT. */
static __always_inline u8 last_state(const struct slot *slot, int old_state)
{
	bool closed_first = old_state == TCP_FIN_WAIT2 || old_state == TCP_CLOSING || old_state == TCP_FIN_WAIT1;

	return closed_first && (slot->flags & SLOT_FIN_RECEIVED) && !slot->errors ? TCP_TIME_WAIT : TCP_CLOSE;
}

/** Whether the process had closed the socket and the peer has all of its payload: what comes then is no failure. */
static __always_inline bool is_over(const struct sock *sk, const struct tcp_sock *tp, int old_state)
{
	if (!(sk->__sk_common.skc_flags & (1UL << SOCK_DEAD)))
		return false;
	if (old_state == TCP_FIN_WAIT2 || old_state == TCP_CLOSING)
		return true;
	/* The FIN takes a number of its own. */
	return (old_state == TCP_FIN_WAIT1 || old_state == TCP_LAST_ACK) && tp->write_seq - tp->snd_una <= 1;
}

static __always_inline void close_tcp(const struct sock *sk, struct place place, int old_state)
{
	struct slot *slot = place.slot;
	struct tcp_sock *tp = bpf_skc_to_tcp_sock((void *)sk);
	/* Set before the state changes (net/ipv4/tcp.c, tcp_done_with_error; tcp_input.c, tcp_reset). */
	u32 error = sk->sk_err;

	if (!error && old_state == TCP_SYN_SENT)
		error = sk->sk_err_soft ? sk->sk_err_soft : slot->soft_error;
	if (error && tp && is_over(sk, tp, old_state))
		error = 0;
	copy_tcp(slot, sk, TCP_CLOSE);
	if (tp && !slot->local_port) {
		/* Bound after the last event, and already given up: only the copy for packets still has the port. */
		slot->local_port = bpf_ntohs(tp->inet_conn.icsk_inet.inet_sport);
		slot->revision++;
	}
	if (error) {
		set_error(slot, error, old_state);
		if (tp && old_state == TCP_SYN_SENT)
			slot->syn_retries = tp->inet_conn.icsk_retransmits;
	} else if (old_state == TCP_SYN_SENT) {
		struct task_state *task = get_task(0);
		if (task && task->connecting == slot->id) {
			slot->flags |= SLOT_AWAIT_ERRNO;
			task->ended_slot = place.number + 1;
		}
	}
	slot->state = last_state(slot, old_state);
	close_slot(place);
}

/** A socket's first state with a peer or as a listener. Those that connect or listen do it themselves. */
static __always_inline struct place open_tcp(const struct sock *sk, int old_state, int new_state)
{
	struct place place = open_slot(sk, old_state == TCP_SYN_RECV ? SLOT_PASSIVE : 0, true);

	if (place.slot && (new_state == TCP_SYN_SENT || new_state == TCP_LISTEN))
		claim_owner(place.slot);
	if (place.slot && new_state == TCP_SYN_SENT) {
		struct task_state *task = get_task(0);
		if (task && task->connecting == place.slot->id)
			task->connect_started = 1;
	}
	return place;
}

/**
 * A slot for a connection whose beginning no program saw: the kernel runs none in some contexts. Only while no socket
 * was refused a slot, or one that is counted as lost would be counted again.
 */
static __always_inline struct place open_late(const struct sock *sk)
{
	struct shared *shared = get_shared();
	u64 cookie = sk->__sk_common.skc_cookie.counter;

	/* What was open before the start is found by looking. */
	if (!shared || !shared->sweep || shared->lost_slots || (cookie && find_slot(cookie, true).slot))
		return (struct place){};
	return open_slot(sk, 0, false);
}

static __noinline int follow_state(const struct sock *sk, int old_state, int new_state)
{
	/* The addresses of an accepted socket are there when it is established, at once after SYN_RECV. */
	if (sk->sk_protocol != IPPROTO_TCP || new_state == TCP_SYN_RECV)
		return 0;
	bool born = new_state == TCP_SYN_SENT || new_state == TCP_LISTEN || old_state == TCP_SYN_RECV;
	struct place place = slot_of(sk);
	if (!place.slot && !born && old_state != TCP_CLOSE && old_state != TCP_LISTEN)
		place = open_late(sk);
	if (place.slot)
		leave_half_open(place.slot);
	if (new_state == TCP_CLOSE) {
		if (place.slot)
			close_tcp(sk, place, old_state);
		return 0;
	}
	if (!place.slot) {
		if (!born)
			return 0;
		place = open_tcp(sk, old_state, new_state);
		if (!place.slot)
			return 0;
	} else if (new_state == TCP_ESTABLISHED) {
		set_addresses(place.slot, &sk->__sk_common);
	}
	struct slot *slot = place.slot;
	/* Only the process that closes its end takes a socket this way; all else may come from any context. */
	bool closing = (old_state == TCP_CLOSE_WAIT && new_state == TCP_LAST_ACK) ||
		       (old_state == TCP_ESTABLISHED && new_state == TCP_FIN_WAIT1);
	if (closing && !slot->pid)
		claim_owner(slot);
	/* Sends and receives have copied the payload so far, and the end copies all. */
	if (new_state == TCP_ESTABLISHED)
		copy_tcp(slot, sk, new_state);
	slot->state = new_state;
	mark_dirty(place);
	return 0;
}

/** The change of state that on_set_state dealt with last on this CPU. */
struct followed {
	u64 sk;
	u32 old_state;
	u32 new_state;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct followed);
} last_followed SEC(".maps");

/*
 * The kernel leaves a program out while the same one is interrupted on that CPU (bpf_prog->active): a change of state in
 * a softirq would be lost now and then. So there are two, and the second does what the first was left out of. To do
 * something twice is harmless.
 */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_set_state, const struct sock *sk, int old_state, int new_state)
{
	u32 zero = 0;
	struct followed *last = bpf_map_lookup_elem(&last_followed, &zero);

	if (last)
		last->sk = 0;
	follow_state(sk, old_state, new_state);
	if (last) {
		last->old_state = old_state;
		last->new_state = new_state;
		last->sk = (u64)sk;
	}
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_missed_state, const struct sock *sk, int old_state, int new_state)
{
	u32 zero = 0;
	struct followed *last = bpf_map_lookup_elem(&last_followed, &zero);

	if (last && last->sk == (u64)sk && last->old_state == old_state && last->new_state == new_state)
		return 0;
	return follow_state(sk, old_state, new_state);
}

/** A process moved payload over a TCP socket: refresh its slot. */
static __always_inline void touch_tcp(const struct sock *sk)
{
	struct place place = slot_of(sk);

	if (!place.slot) {
		if (sk->__sk_common.skc_state == TCP_CLOSE)
			return;
		place = open_late(sk);
		if (!place.slot)
			return;
	}
	claim_owner(place.slot);
	copy_tcp(place.slot, sk, sk->__sk_common.skc_state);
	mark_dirty(place);
}

SEC("tp_btf/tcp_retransmit_skb")
int BPF_PROG(on_retransmit, const struct sock *sk)
{
	struct place place = slot_of(sk);

	if (!place.slot)
		return 0;
	if (!place.slot->local_port)
		set_addresses(place.slot, &sk->__sk_common);
	copy_tcp(place.slot, sk, sk->__sk_common.skc_state);
	mark_dirty(place);
	return 0;
}

SEC("tp_btf/tcp_receive_reset")
int BPF_PROG(on_receive_reset, struct sock *sk)
{
	struct place place = slot_of(sk);

	if (place.slot)
		place.slot->flags |= SLOT_RST_RECEIVED;
	return 0;
}

/** This end sends an RST, which for a socket that is closed with data unread comes after its slot was closed. */
SEC("tp_btf/tcp_send_reset")
int BPF_PROG(on_send_reset, const struct sock *sk)
{
	if (!sk || sk->sk_protocol != IPPROTO_TCP)
		return 0;
	u8 state = sk->__sk_common.skc_state;
	u64 cookie = sk->__sk_common.skc_cookie.counter;
	if (!cookie || state == TCP_TIME_WAIT || state == TCP_NEW_SYN_RECV || state == TCP_LISTEN)
		return 0;
	struct place place = find_slot(cookie, true);
	if (place.slot)
		place.slot->flags |= SLOT_RST_SENT;
	return 0;
}

#endif
