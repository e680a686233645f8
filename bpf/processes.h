/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* Processes that begin a program or end. */
#ifndef NETMON_PROCESSES_H
#define NETMON_PROCESSES_H

#include "slots.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, PROCESS_RING_BYTES);
} process_events SEC(".maps");

/* Only what a global or a map names is described in the object's BTF, from which the agent's layout is generated. */
const struct exec_event *exec_event_in_btf __attribute__((unused));
const struct exit_event *exit_event_in_btf __attribute__((unused));

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

#endif
