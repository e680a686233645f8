// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * Counts every TCP and UDP socket of the machine in the kernel: owner, state, payload bytes, quality, errno. The hooks
 * only copy what the kernel already counts into the socket's slot (slots.h). The cgroup hooks see addresses that no
 * tracepoint carries, and let every call pass.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>
#include "netmon.h"
#include "connects.h"
#include "find.h"
#include "half-open.h"
#include "processes.h"
#include "tcp.h"
#include "udp.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

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
