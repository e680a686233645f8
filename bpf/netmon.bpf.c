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

/** What a thread is in the middle of, for results and addresses that no socket event carries. */
struct task_state {
	u64 connecting; /* cookie of the socket that connect(2) is called on; 0 for none */
	u8 connect_ip[16];
	u16 connect_port;
	u8 connect_protocol;
	u8 connect_started; /* the kernel got as far as SYN_SENT */
	u32 ended_slot;     /* number + 1 of a slot closed inside the call without an errno */
	u64 exchanging;     /* cookie of the UDP socket that is sent or received on; 0 for none */
	u8 peer_ip[16];
	u16 peer_port;
	u16 pad[3];
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct task_state);
} tasks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, PROCESS_RING_BYTES);
} process_events SEC(".maps");

/* Only what a global or a map names is described in the object's BTF, from which the agent's layout is generated. */
const struct exec_event *exec_event_in_btf __attribute__((unused));
const struct exit_event *exit_event_in_btf __attribute__((unused));

static __always_inline struct task_state *get_task(u64 flags)
{
	return bpf_task_storage_get(&tasks, bpf_get_current_task_btf(), 0, flags);
}

static __always_inline struct task_state *make_task(void)
{
	struct task_state *task = get_task(BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!task) {
		struct shared *shared = get_shared();
		if (shared)
			__sync_fetch_and_add(&shared->lost_calls, 1);
	}
	return task;
}

/** The cookie as it stands: a socket that has none has no slot either. */
static __always_inline struct place slot_of(const struct sock *sk)
{
	u64 cookie = sk->__sk_common.skc_cookie.counter;

	return cookie ? find_slot(cookie, false) : (struct place){};
}

/** A slot with what every socket has; the owner is the caller's to set. */
static __always_inline struct place open_slot_of(const struct sock_common *common, u64 cookie, u8 protocol, u8 flags,
						 bool birth)
{
	struct place place = take_slot(cookie, birth);
	struct slot *slot = place.slot;

	if (!slot)
		return place;
	slot->cookie = cookie;
	slot->protocol = protocol;
	slot->netns = common->skc_net.net->ns.inum;
	slot->state = common->skc_state;
	slot->flags = flags;
	set_addresses(slot, common);
	return place;
}

static __always_inline struct place open_slot(const struct sock *sk, u8 flags, bool birth)
{
	return open_slot_of(&sk->__sk_common, bpf_get_socket_cookie((void *)sk), sk->sk_protocol, flags, birth);
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
static __always_inline void close_slot(struct place place)
{
	place.slot->closed_ns = bpf_ktime_get_boot_ns();
	mark_dirty(place);
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

static __noinline int follow_state(const struct sock *sk, int old_state, int new_state)
{
	/* The addresses of an accepted socket are there when it is established, at once after SYN_RECV. */
	if (sk->sk_protocol != IPPROTO_TCP || new_state == TCP_SYN_RECV)
		return 0;
	bool born = new_state == TCP_SYN_SENT || new_state == TCP_LISTEN || old_state == TCP_SYN_RECV;
	struct place place = slot_of(sk);
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

/** A process moved payload over a TCP socket: refresh its slot. One without a slot found none free when it opened. */
static __always_inline void touch_tcp(const struct sock *sk)
{
	struct place place = slot_of(sk);

	if (!place.slot)
		return;
	claim_owner(place.slot);
	copy_tcp(place.slot, sk, sk->__sk_common.skc_state);
	mark_dirty(place);
}

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

static __always_inline bool is_failure(int result)
{
	return result < 0 && result != -EAGAIN && result != -EINTR && result > -ERESTARTSYS;
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
	struct place place = slot_of(sk);

	if (!place.slot)
		return 0;
	if (!place.slot->local_port)
		set_addresses(place.slot, &sk->__sk_common);
	copy_tcp(place.slot, sk, sk->__sk_common.skc_state);
	mark_dirty(place);
	return 0;
}

/** The errno in the newest message of a socket's error queue (include/linux/errqueue.h). */
static __always_inline u16 queued_errno(const struct sock *sk)
{
	struct sk_buff *skb = sk->sk_error_queue.prev;
	u32 error = 0;

	bpf_probe_read_kernel(&error, sizeof(error),
			      (char *)skb->cb + bpf_core_field_offset(struct sock_exterr_skb, ee.ee_errno));
	return error < 4096 ? error : 0;
}

/**
 * Errors that reach a socket by ICMP. Those that end a TCP connection are read when it closes, which comes first. One
 * that arrives within connect(2) ends nothing: the program learns of it by SO_ERROR, and closes.
 */
SEC("tp_btf/inet_sk_error_report")
int BPF_PROG(on_error, const struct sock *sk)
{
	u32 error = sk->sk_err;
	struct place place;

	if (sk->sk_protocol == IPPROTO_TCP && !error && sk->__sk_common.skc_state == TCP_SYN_SENT) {
		place = slot_of(sk);
		if (place.slot)
			place.slot->soft_error = queued_errno(sk);
	} else if (sk->sk_protocol == IPPROTO_UDP && error) {
		place = slot_of(sk);
		/* On loopback the error comes within the first send, before that is counted. */
		if (!place.slot)
			place = open_slot(sk, 0, false);
		if (!place.slot)
			return 0;
		set_error(place.slot, error, place.slot->state);
		place.slot->error_unread = 1;
		mark_dirty(place);
	}
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
		if (shared && shared->sweep == 1)
			find_time_wait(common);
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

/* The cgroup hooks see addresses that no tracepoint carries. All of them let every call pass. */

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

static __always_inline struct task_state *note_connect(struct bpf_sock_addr *ctx)
{
	if (ctx->protocol != IPPROTO_TCP && ctx->protocol != IPPROTO_UDP)
		return 0;
	struct task_state *task = make_task();
	if (task) {
		task->connecting = bpf_get_socket_cookie(ctx);
		task->connect_port = bpf_ntohs(ctx->user_port);
		task->connect_protocol = ctx->protocol;
		task->connect_started = 0;
		task->ended_slot = 0;
	}
	return task;
}

SEC("cgroup/connect4")
int note_connect4(struct bpf_sock_addr *ctx)
{
	struct task_state *task = note_connect(ctx);

	if (task)
		SET_MAPPED_IP(task->connect_ip, ctx->user_ip4);
	return 1;
}

SEC("cgroup/connect6")
int note_connect6(struct bpf_sock_addr *ctx)
{
	struct task_state *task = note_connect(ctx);

	if (task)
		COPY_IP6(task->connect_ip, ctx->user_ip6);
	return 1;
}

/** A connect that failed before there was anything to connect: no route, no address, forbidden. */
static __always_inline void record_failed_connect(const struct task_state *call, int result)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct place place = take_slot(call->connecting, true);
	struct slot *slot = place.slot;

	if (!slot)
		return;
	slot->cookie = call->connecting;
	slot->protocol = call->connect_protocol;
	slot->netns = task->nsproxy->net_ns->ns.inum;
	copy_ip(slot->remote_ip, call->connect_ip);
	slot->remote_port = call->connect_port;
	/* The unspecified address of the same family: nothing was bound. */
	if (((u64 *)call->connect_ip)[0] == 0 && ((u32 *)call->connect_ip)[2] == bpf_htonl(0xffff))
		SET_MAPPED_IP(slot->local_ip, 0);
	slot->state = TCP_CLOSE;
	set_owner(slot, task);
	set_error(slot, -result, TCP_SYN_SENT);
	close_slot(place);
}

SEC("tracepoint/syscalls/sys_exit_connect")
int on_connect_result(struct trace_event_raw_sys_exit *ctx)
{
	struct task_state *task = get_task(0);
	int result = ctx->ret;

	if (!task || !task->connecting)
		return 0;
	bool failed = is_failure(result) && result != -EINPROGRESS && result != -EALREADY && result != -EISCONN;
	struct place ended = {};
	if (task->ended_slot) {
		ended.number = task->ended_slot - 1;
		ended.slot = slot_at(ended.number);
	}
	if (ended.slot && ended.slot->id == task->connecting) {
		ended.slot->flags &= ~SLOT_AWAIT_ERRNO;
		if (failed)
			set_error(ended.slot, -result, TCP_SYN_SENT);
		mark_dirty(ended);
	} else if (failed && !task->connect_started) {
		record_failed_connect(task, result);
	}
	task->connecting = 0;
	return 0;
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

static __always_inline void count_lost_process_event(void)
{
	struct shared *shared = get_shared();

	if (shared)
		__sync_fetch_and_add(&shared->lost_process_events, 1);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	struct exec_event *event = bpf_ringbuf_reserve(&process_events, sizeof(*event), 0);

	if (!event) {
		count_lost_process_event();
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
		count_lost_process_event();
		return 0;
	}
	event->kind = PROCESS_EXIT;
	event->pid = task->tgid;
	event->start_ns = task->group_leader->start_boottime;
	bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
	return 0;
}
