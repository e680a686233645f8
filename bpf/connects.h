/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* connect(2): failures that no socket event carries. */
#ifndef NETMON_CONNECTS_H
#define NETMON_CONNECTS_H

#include "sockets.h"
#include "tasks.h"

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

#endif
