// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * Counts every TCP and UDP socket of the machine in the kernel: owner, state, payload bytes, quality, errno. The hooks
 * only copy what the kernel already counts into the socket's slot (slots.h).
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>
#include "netmon.h"
#include "slots.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/** connect(2) calls in progress by thread, for results that no socket event carries. */
struct connecting {
	u64 cookie;
	u8 ip[16];
	u16 port;
	u8 protocol;
	u8 started; /* the kernel got as far as SYN_SENT */
	u32 slot;   /* number + 1 of a slot closed inside the call without an errno */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, u32);
	__type(value, struct connecting);
} connects SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, PROCESS_RING_BYTES);
} process_events SEC(".maps");

/* Only what a global or a map names is described in the object's BTF, from which the agent's layout is generated. */
const struct exec_event *exec_event_in_btf __attribute__((unused));
const struct exit_event *exit_event_in_btf __attribute__((unused));

static __always_inline u64 own_cookie(const struct sock *sk)
{
	return sk->__sk_common.skc_cookie.counter;
}

static __always_inline struct socket_state *get_state(const struct sock *sk, u64 flags)
{
	return bpf_sk_storage_get(&sockets, (void *)sk, 0, flags);
}

/** The socket's own slot, or null when it has none yet (or still its listener's). */
static __always_inline struct slot *own_slot(const struct sock *sk, struct socket_state *state)
{
	if (!state->slot || state->cookie != own_cookie(sk))
		return 0;
	return slot_at(state->slot - 1);
}

/** What the owner of a listener passes on to a connection that it has not accepted yet. */
static __always_inline void inherit_owner(struct slot *slot, const struct slot *from)
{
	slot->pid = from->pid;
	slot->ppid = from->ppid;
	slot->uid = from->uid;
	slot->start_ns = from->start_ns;
	slot->cgroup_id = from->cgroup_id;
	__builtin_memcpy(slot->comm, from->comm, sizeof(slot->comm));
	slot->flags |= SLOT_OWNER_INHERITED;
}

/** Gives the socket a slot of its own; null, counted, when there is none. */
static __always_inline struct slot *open_slot(const struct sock *sk, struct socket_state *state, u8 flags)
{
	struct slot *listener = 0;
	u64 cookie = bpf_get_socket_cookie((void *)sk);

	if (state->slot && state->cookie != cookie)
		listener = slot_at(state->slot - 1);
	u64 listener_cookie = state->cookie;
	state->cookie = cookie;
	state->slot = take_slot();
	state->last_slot = state->slot;
	if (!state->slot)
		return 0;
	struct slot *slot = slot_at(state->slot - 1);
	if (!slot)
		return 0;
	reset_slot(slot, cookie, sk->sk_protocol);
	slot->netns = sk->__sk_common.skc_net.net->ns.inum;
	slot->state = sk->__sk_common.skc_state;
	slot->flags = flags;
	if (listener && listener->cookie == listener_cookie) {
		inherit_owner(slot, listener);
		slot->flags |= SLOT_PASSIVE;
	}
	set_addresses(slot, sk);
	return slot;
}

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

static __always_inline void set_error(struct slot *slot, u32 error, u8 state)
{
	slot->error = error;
	slot->error_state = state;
	__sync_fetch_and_add(&slot->errors, 1);
}

/** A socket that is done: the slot keeps its last values and belongs to the agent from here on. */
static __always_inline void close_slot(struct slot *slot, struct socket_state *state)
{
	u32 number = state->slot - 1;

	slot->closed_ns = bpf_ktime_get_boot_ns();
	slot->changed_ns = slot->closed_ns;
	state->slot = 0;
	mark_dirty(slot, number);
}

static __always_inline int close_tcp(const struct sock *sk, struct socket_state *state, struct slot *slot, int old_state)
{
	u32 error = sk->sk_err;

	copy_tcp(slot, sk, TCP_CLOSE);
	struct tcp_sock *tp = bpf_skc_to_tcp_sock((void *)sk);
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
		u32 tid = bpf_get_current_pid_tgid();
		struct connecting *call = bpf_map_lookup_elem(&connects, &tid);
		if (call && call->cookie == slot->cookie) {
			slot->flags |= SLOT_AWAIT_ERRNO;
			call->slot = state->slot;
		}
	}
	/* What led to the end matters more than that it is over: FIN_WAIT2 with a FIN received goes on as TIME_WAIT. */
	slot->state = (slot->flags & SLOT_FIN_RECEIVED) && !error &&
				      (old_state == TCP_FIN_WAIT2 || old_state == TCP_CLOSING || old_state == TCP_FIN_WAIT1)
			      ? TCP_TIME_WAIT
			      : TCP_CLOSE;
	close_slot(slot, state);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_set_state, const struct sock *sk, int old_state, int new_state)
{
	if (sk->sk_protocol != IPPROTO_TCP || new_state == TCP_SYN_RECV)
		return 0;
	struct socket_state *state = get_state(sk, new_state == TCP_CLOSE ? 0 : BPF_SK_STORAGE_GET_F_CREATE);
	if (!state) {
		struct shared *shared = get_shared();
		if (shared && new_state != TCP_CLOSE)
			__sync_fetch_and_add(&shared->lost_storage, 1);
		return 0;
	}
	struct slot *slot = own_slot(sk, state);
	if (new_state == TCP_CLOSE)
		return slot ? close_tcp(sk, state, slot, old_state) : 0;
	if (!slot) {
		slot = open_slot(sk, state, 0);
		if (!slot)
			return 0;
		if (new_state == TCP_SYN_SENT || new_state == TCP_LISTEN)
			claim_owner(slot);
	} else if (new_state == TCP_ESTABLISHED) {
		set_addresses(slot, sk);
	}
	if (new_state == TCP_SYN_SENT) {
		u32 tid = bpf_get_current_pid_tgid();
		struct connecting *call = bpf_map_lookup_elem(&connects, &tid);
		if (call)
			call->started = 1;
	}
	/* Only the process that closes its end takes a socket this way; all else may come from any context. */
	if (old_state == TCP_CLOSE_WAIT && new_state == TCP_LAST_ACK && (slot->flags & SLOT_OWNER_INHERITED))
		claim_owner(slot);
	if (old_state == TCP_ESTABLISHED && new_state == TCP_FIN_WAIT1 && (slot->flags & SLOT_OWNER_INHERITED))
		claim_owner(slot);
	copy_tcp(slot, sk, new_state);
	slot->state = new_state;
	slot->changed_ns = bpf_ktime_get_boot_ns();
	mark_dirty(slot, state->slot - 1);
	return 0;
}

/** A process moved payload over a TCP socket, or closed in on it: refresh its slot. */
static __always_inline void touch_tcp(const struct sock *sk)
{
	struct socket_state *state = get_state(sk, BPF_SK_STORAGE_GET_F_CREATE);

	if (!state)
		return;
	u8 tcp_state = sk->__sk_common.skc_state;
	struct slot *slot = own_slot(sk, state);
	if (!slot) {
		if (tcp_state == TCP_CLOSE)
			return;
		slot = open_slot(sk, state, SLOT_FOUND);
		if (!slot)
			return;
	}
	claim_owner(slot);
	copy_tcp(slot, sk, tcp_state);
	slot->changed_ns = bpf_ktime_get_boot_ns();
	mark_dirty(slot, state->slot - 1);
}

static __always_inline bool same_remote(const struct slot *slot, const struct sock *sk)
{
	if (slot->remote_port != bpf_ntohs(sk->__sk_common.skc_dport))
		return false;
	if (sk->__sk_common.skc_family == AF_INET)
		return ((u32 *)slot->remote_ip)[3] == sk->__sk_common.skc_daddr;
	return ((u32 *)slot->remote_ip)[3] == sk->__sk_common.skc_v6_daddr.in6_u.u6_addr32[3] &&
	       ((u32 *)slot->remote_ip)[0] == sk->__sk_common.skc_v6_daddr.in6_u.u6_addr32[0];
}

/** The slot of a UDP socket as a whole, with its addresses up to date; a new peer after connect(2) is a new slot. */
static __always_inline struct slot *udp_slot(const struct sock *sk, struct socket_state *state)
{
	struct slot *slot = own_slot(sk, state);

	if (slot && !same_remote(slot, sk)) {
		if (slot->packets_sent || slot->packets_received || slot->errors) {
			close_slot(slot, state);
			slot = 0;
		} else {
			set_addresses(slot, sk);
		}
	} else if (slot && slot->local_port != sk->__sk_common.skc_num) {
		set_addresses(slot, sk);
	}
	if (!slot)
		slot = open_slot(sk, state, 0);
	if (slot) {
		slot->state = sk->__sk_common.skc_state;
		claim_owner(slot);
	}
	return slot;
}

/** The slot of the peer that a hook saw this thread send to or receive from; number + 1, 0 when there is none. */
static __always_inline u32 peer_slot(struct slot *socket, struct pending_peer *pending)
{
	struct peer_key key = { .cookie = socket->cookie, .port = pending->port };

	copy_ip(key.ip, pending->ip);
	u32 *known = bpf_map_lookup_elem(&peers, &key);
	if (known)
		return *known;
	u32 number = take_slot();
	if (!number)
		return 0;
	struct slot *slot = slot_at(number - 1);
	if (!slot)
		return 0;
	reset_slot(slot, socket->cookie, IPPROTO_UDP);
	inherit_owner(slot, socket);
	slot->flags = SLOT_PEER;
	slot->netns = socket->netns;
	slot->state = TCP_CLOSE;
	copy_ip(slot->local_ip, socket->local_ip);
	copy_ip(slot->remote_ip, pending->ip);
	slot->local_port = socket->local_port;
	slot->remote_port = pending->port;
	slot->revision++;
	if (bpf_map_update_elem(&peers, &key, &number, BPF_NOEXIST)) {
		/* Another thread was first, or the table is full and the datagram counts on the socket. */
		slot->closed_ns = slot->opened_ns;
		mark_dirty(slot, number - 1);
		known = bpf_map_lookup_elem(&peers, &key);
		if (known)
			return *known;
		struct shared *shared = get_shared();
		if (shared)
			__sync_fetch_and_add(&shared->lost_peers, 1);
		return 0;
	}
	return number;
}

static __always_inline bool is_failure(int result)
{
	return result < 0 && result != -EAGAIN && result != -EINTR && result > -ERESTARTSYS;
}

static __always_inline void touch_udp(const struct sock *sk, int result, bool sending)
{
	if (result < 0 && !is_failure(result))
		return;
	struct socket_state *state = get_state(sk, BPF_SK_STORAGE_GET_F_CREATE);
	if (!state)
		return;
	struct slot *slot = udp_slot(sk, state);
	if (!slot)
		return;
	u32 number = state->slot;
	u32 tid = bpf_get_current_pid_tgid();
	struct pending_peer *pending = &state->pending[tid % PENDING_PEERS];
	if (pending->tid == tid) {
		pending->tid = 0;
		if (slot->state != TCP_ESTABLISHED) {
			u32 peer = peer_slot(slot, pending);
			struct slot *of_peer = peer ? slot_at(peer - 1) : 0;
			if (of_peer) {
				slot = of_peer;
				number = peer;
				if (slot->local_port == 0)
					slot->local_port = sk->__sk_common.skc_num;
				claim_owner(slot);
			}
		}
	}
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
	slot->changed_ns = bpf_ktime_get_boot_ns();
	mark_dirty(slot, number - 1);
}

static __always_inline bool is_inet(const struct sock *sk)
{
	return sk->__sk_common.skc_family == AF_INET || sk->__sk_common.skc_family == AF_INET6;
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(on_send, struct sock *sk, int result, int flags)
{
	if (!is_inet(sk))
		return 0;
	if (sk->sk_protocol == IPPROTO_UDP)
		touch_udp(sk, result, true);
	else if (sk->sk_protocol == IPPROTO_TCP && result > 0)
		touch_tcp(sk);
	return 0;
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(on_receive, struct sock *sk, int result, int flags)
{
	if (!is_inet(sk) || (flags & MSG_PEEK))
		return 0;
	if (sk->sk_protocol == IPPROTO_UDP)
		touch_udp(sk, result, false);
	else if (sk->sk_protocol == IPPROTO_TCP && result >= 0)
		touch_tcp(sk);
	return 0;
}

SEC("tp_btf/tcp_retransmit_skb")
int BPF_PROG(on_retransmit, const struct sock *sk)
{
	struct socket_state *state = get_state(sk, 0);
	struct slot *slot = state ? own_slot(sk, state) : 0;

	if (slot) {
		if (!slot->local_port)
			set_addresses(slot, sk);
		copy_tcp(slot, sk, sk->__sk_common.skc_state);
		mark_dirty(slot, state->slot - 1);
	}
	return 0;
}

/** Errors that reach a UDP socket by ICMP. Those of TCP are read when the connection closes, which comes first. */
SEC("tp_btf/inet_sk_error_report")
int BPF_PROG(on_error, const struct sock *sk)
{
	u32 error = sk->sk_err;

	if (sk->sk_protocol != IPPROTO_UDP || !error)
		return 0;
	struct socket_state *state = get_state(sk, 0);
	struct slot *slot = state ? own_slot(sk, state) : 0;
	if (slot) {
		set_error(slot, error, slot->state);
		slot->error_unread = 1;
		mark_dirty(slot, state->slot - 1);
	}
	return 0;
}

SEC("tp_btf/tcp_receive_reset")
int BPF_PROG(on_receive_reset, struct sock *sk)
{
	struct socket_state *state = get_state(sk, 0);
	struct slot *slot = state ? own_slot(sk, state) : 0;

	if (slot)
		slot->flags |= SLOT_RST_RECEIVED;
	return 0;
}

/** This end sends an RST, which for a socket that is closed with data unread comes after its slot was closed. */
SEC("tp_btf/tcp_send_reset")
int BPF_PROG(on_send_reset, const struct sock *sk)
{
	if (!sk || sk->sk_protocol != IPPROTO_TCP)
		return 0;
	u8 tcp_state = sk->__sk_common.skc_state;
	if (tcp_state == TCP_TIME_WAIT || tcp_state == TCP_NEW_SYN_RECV || tcp_state == TCP_LISTEN)
		return 0;
	struct socket_state *state = get_state(sk, 0);
	if (!state || !state->last_slot || state->cookie != own_cookie(sk))
		return 0;
	struct slot *slot = slot_at(state->last_slot - 1);
	if (slot && slot->cookie == state->cookie)
		slot->flags |= SLOT_RST_SENT;
	return 0;
}

/** Dumping a socket, at the start or later: every descriptor of every process in every network namespace. */
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
	u8 sk_state = sk->__sk_common.skc_state;
	/* A TCP socket that is neither connected nor listening is no connection, and so is an unbound UDP socket. */
	if (sk_state == TCP_CLOSE && (sk->sk_protocol == IPPROTO_TCP || !sk->__sk_common.skc_num))
		return 0;
	struct socket_state *state = get_state(sk, BPF_SK_STORAGE_GET_F_CREATE);
	if (!state)
		return 0;
	struct slot *slot = own_slot(sk, state);
	bool changed = false;
	if (!slot) {
		slot = open_slot(sk, state, SLOT_FOUND);
		if (!slot)
			return 0;
		changed = true;
	}
	if (!slot->local_port && sk->__sk_common.skc_num) {
		set_addresses(slot, sk);
		changed = true;
	}
	if (!slot->pid || (slot->flags & SLOT_OWNER_INHERITED)) {
		set_owner(slot, task);
		changed = true;
	}
	if (sk->sk_protocol == IPPROTO_TCP) {
		u64 sent = slot->bytes_sent, received = slot->bytes_received;
		copy_tcp(slot, sk, sk_state);
		changed |= sent != slot->bytes_sent || received != slot->bytes_received;
		if (sk_state == TCP_LISTEN) {
			slot->receive_queue = sk->sk_ack_backlog;
			slot->send_queue = sk->sk_max_ack_backlog;
		}
	}
	if (changed) {
		slot->state = sk_state;
		slot->changed_ns = bpf_ktime_get_boot_ns();
		mark_dirty(slot, state->slot - 1);
	}
	return 0;
}

/* The cgroup hooks see addresses that no tracepoint carries. All of them let every call pass. */

static __always_inline int note_peer(struct bpf_sock_addr *ctx, bool six)
{
	if (!ctx->sk || ctx->protocol != IPPROTO_UDP)
		return 1;
	struct socket_state *state = bpf_sk_storage_get(&sockets, ctx->sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!state)
		return 1;
	u32 tid = bpf_get_current_pid_tgid();
	struct pending_peer *pending = &state->pending[tid % PENDING_PEERS];
	pending->tid = tid;
	pending->port = bpf_ntohs(ctx->user_port);
	if (six) {
		u32 *words = (u32 *)pending->ip;
		words[0] = ctx->user_ip6[0];
		words[1] = ctx->user_ip6[1];
		words[2] = ctx->user_ip6[2];
		words[3] = ctx->user_ip6[3];
	} else {
		SET_MAPPED_IP(pending->ip, ctx->user_ip4);
	}
	return 1;
}

SEC("cgroup/sendmsg4")
int note_send4(struct bpf_sock_addr *ctx)
{
	return note_peer(ctx, false);
}

SEC("cgroup/sendmsg6")
int note_send6(struct bpf_sock_addr *ctx)
{
	return note_peer(ctx, true);
}

SEC("cgroup/recvmsg4")
int note_receive4(struct bpf_sock_addr *ctx)
{
	return note_peer(ctx, false);
}

SEC("cgroup/recvmsg6")
int note_receive6(struct bpf_sock_addr *ctx)
{
	return note_peer(ctx, true);
}

static __always_inline int note_connect(struct bpf_sock_addr *ctx, bool six)
{
	if (ctx->protocol != IPPROTO_TCP && ctx->protocol != IPPROTO_UDP)
		return 1;
	u32 tid = bpf_get_current_pid_tgid();
	struct connecting call = {
		.cookie = bpf_get_socket_cookie(ctx),
		.port = bpf_ntohs(ctx->user_port),
		.protocol = ctx->protocol,
	};
	if (six) {
		u32 *words = (u32 *)call.ip;
		words[0] = ctx->user_ip6[0];
		words[1] = ctx->user_ip6[1];
		words[2] = ctx->user_ip6[2];
		words[3] = ctx->user_ip6[3];
	} else {
		SET_MAPPED_IP(call.ip, ctx->user_ip4);
	}
	if (bpf_map_update_elem(&connects, &tid, &call, BPF_ANY)) {
		struct shared *shared = get_shared();
		if (shared)
			__sync_fetch_and_add(&shared->lost_connects, 1);
	}
	return 1;
}

SEC("cgroup/connect4")
int note_connect4(struct bpf_sock_addr *ctx)
{
	return note_connect(ctx, false);
}

SEC("cgroup/connect6")
int note_connect6(struct bpf_sock_addr *ctx)
{
	return note_connect(ctx, true);
}

/** A connect that failed before there was anything to connect: no route, no address, forbidden. */
static __always_inline void record_failed_connect(const struct connecting *call, int result)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u32 number = take_slot();

	if (!number)
		return;
	struct slot *slot = slot_at(number - 1);
	if (!slot)
		return;
	reset_slot(slot, call->cookie, call->protocol);
	set_owner(slot, task);
	slot->flags = 0;
	slot->netns = task->nsproxy->net_ns->ns.inum;
	copy_ip(slot->remote_ip, call->ip);
	/* The unspecified address of the same family: nothing was bound. */
	if (((u64 *)call->ip)[0] == 0 && ((u32 *)call->ip)[2] == bpf_htonl(0xffff))
		SET_MAPPED_IP(slot->local_ip, 0);
	slot->remote_port = call->port;
	slot->state = TCP_CLOSE;
	set_error(slot, -result, TCP_SYN_SENT);
	slot->closed_ns = slot->opened_ns;
	mark_dirty(slot, number - 1);
}

SEC("tracepoint/syscalls/sys_exit_connect")
int on_connect_result(struct trace_event_raw_sys_exit *ctx)
{
	u32 tid = bpf_get_current_pid_tgid();
	struct connecting *found = bpf_map_lookup_elem(&connects, &tid);
	int result = ctx->ret;

	if (!found)
		return 0;
	struct connecting call = *found;
	bpf_map_delete_elem(&connects, &tid);
	struct slot *slot = call.slot ? slot_at(call.slot - 1) : 0;
	bool failed = is_failure(result) && result != -EINPROGRESS && result != -EALREADY && result != -EISCONN;
	if (slot && slot->cookie == call.cookie) {
		slot->flags &= ~SLOT_AWAIT_ERRNO;
		if (failed)
			set_error(slot, -result, TCP_SYN_SENT);
		mark_dirty(slot, call.slot - 1);
	} else if (failed && !call.started) {
		record_failed_connect(&call, result);
	}
	return 0;
}

/** A UDP socket that waits on a port, before any traffic. */
static __always_inline int note_bind(struct bpf_sock *sk, bool six)
{
	if (sk->protocol != IPPROTO_UDP)
		return 1;
	struct socket_state *state = bpf_sk_storage_get(&sockets, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!state || state->slot)
		return 1;
	struct task_struct *task = bpf_get_current_task_btf();
	u64 cookie = bpf_get_socket_cookie(sk);
	u32 number = take_slot();
	if (!number)
		return 1;
	struct slot *slot = slot_at(number - 1);
	if (!slot)
		return 1;
	reset_slot(slot, cookie, IPPROTO_UDP);
	slot->state = TCP_CLOSE;
	slot->netns = task->nsproxy->net_ns->ns.inum;
	if (six) {
		u32 *words = (u32 *)slot->local_ip;
		words[0] = sk->src_ip6[0];
		words[1] = sk->src_ip6[1];
		words[2] = sk->src_ip6[2];
		words[3] = sk->src_ip6[3];
	} else {
		SET_MAPPED_IP(slot->local_ip, sk->src_ip4);
		SET_MAPPED_IP(slot->remote_ip, 0);
	}
	slot->local_port = sk->src_port;
	set_owner(slot, task);
	state->cookie = cookie;
	state->slot = number;
	state->last_slot = number;
	mark_dirty(slot, number - 1);
	return 1;
}

SEC("cgroup/post_bind4")
int note_bind4(struct bpf_sock *sk)
{
	return note_bind(sk, false);
}

SEC("cgroup/post_bind6")
int note_bind6(struct bpf_sock *sk)
{
	return note_bind(sk, true);
}

SEC("cgroup/sock_release")
int on_release(struct bpf_sock *sk)
{
	if (sk->protocol != IPPROTO_UDP)
		return 1;
	struct socket_state *state = bpf_sk_storage_get(&sockets, sk, 0, 0);
	if (!state || !state->slot)
		return 1;
	struct slot *slot = slot_at(state->slot - 1);
	if (slot)
		close_slot(slot, state);
	return 1;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	struct exec_event *event = bpf_ringbuf_reserve(&process_events, sizeof(*event), 0);

	if (!event) {
		struct shared *shared = get_shared();
		if (shared)
			__sync_fetch_and_add(&shared->lost_process_events, 1);
		return 0;
	}
	event->kind = PROCESS_EXEC;
	event->pid = task->tgid;
	event->start_ns = task->group_leader->start_boottime;
	event->cgroup_id = task->cgroups->dfl_cgrp->kn->id;
	event->ppid = task->real_parent->tgid;
	event->uid = task->cred->uid.val;
	bpf_probe_read_kernel_str(event->comm, sizeof(event->comm), task->comm);
	long length = bpf_probe_read_kernel_str(event->filename, sizeof(event->filename), bprm->filename);
	event->filename_length = length > 0 ? length - 1 : 0;
	event->args_length = 0;
	struct mm_struct *mm = task->mm;
	if (mm) {
		u64 start = mm->arg_start;
		u64 size = mm->arg_end - start;
		if (size > NETMON_ARGS)
			size = NETMON_ARGS;
		if (size && !bpf_probe_read_user(event->args, size, (void *)start))
			event->args_length = size;
	}
	bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	if (task->signal->live.counter)
		return 0;
	struct exit_event *event = bpf_ringbuf_reserve(&process_events, sizeof(*event), 0);
	if (!event) {
		struct shared *shared = get_shared();
		if (shared)
			__sync_fetch_and_add(&shared->lost_process_events, 1);
		return 0;
	}
	event->kind = PROCESS_EXIT;
	event->pid = task->tgid;
	event->start_ns = task->group_leader->start_boottime;
	bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
	return 0;
}
