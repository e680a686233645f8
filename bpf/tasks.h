/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* What a thread is in the middle of: addresses and results that no socket event carries. */
#ifndef NETMON_TASKS_H
#define NETMON_TASKS_H

#include "slots.h"

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

#endif
