/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * Slots: one record a socket in a memory-mapped array, which the agent reads without a system call.
 *
 * 1. A socket's storage names its slot. The slot comes from a lock-free stack of free ones.
 * 2. Whoever changes a slot marks it dirty afterwards; the first to do so puts it on the dirty list, a ring as long as
 *    the array, so that it cannot overflow.
 * 3. The agent takes a number from the list, clears the mark, then reads: a change after that is listed again.
 * 4. A closed slot is detached from its socket, so that nothing writes to it any more; the agent gives it back to the
 *    stack one tick after it read it.
 */
#ifndef NETMON_SLOTS_H
#define NETMON_SLOTS_H

/** Tries at taking a free slot while other CPUs and the agent do the same; each loses only to another's success. */
#define TAKE_TRIES 64
/** UDP sends and receives in progress on one socket by threads whose numbers differ in the low bits. */
#define PENDING_PEERS 4
/** Default sizes, set by the agent before loading. */
#define DEFAULT_SLOTS 65536
#define DEFAULT_PEERS 16384
#define PROCESS_RING_BYTES (1 << 20)

/** A peer that a cgroup hook saw, for the send or receive of that thread which follows. */
struct pending_peer {
	u32 tid;
	u16 port;
	u16 pad;
	u8 ip[16];
};

struct socket_state {
	u64 cookie; /* a child inherits its listener's storage: only with the same cookie is it its own */
	u32 slot;   /* number + 1; 0 for none */
	u32 last_slot; /* the same, kept when the slot is closed */
	struct pending_peer pending[PENDING_PEERS];
};

/** Highest slot number, a power of two less one, so that the verifier can bound an index by it. */
const volatile u32 slot_mask = DEFAULT_SLOTS - 1;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, DEFAULT_SLOTS);
	__type(key, u32);
	__type(value, struct slot);
} slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, DEFAULT_SLOTS);
	__type(key, u32);
	__type(value, u32);
} dirty_list SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct shared);
} shared_map SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, struct socket_state);
} sockets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, DEFAULT_PEERS);
	__type(key, struct peer_key);
	__type(value, u32);
} peers SEC(".maps");

static __always_inline struct shared *get_shared(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&shared_map, &zero);
}

static __always_inline struct slot *slot_at(u32 number)
{
	return bpf_map_lookup_elem(&slots, &number);
}

static __always_inline void mark_dirty(struct slot *slot, u32 number)
{
	/* An atomic exchange even when the mark is set: it orders the stores before it. */
	if (__sync_lock_test_and_set(&slot->dirty, 1))
		return;
	struct shared *shared = get_shared();
	if (!shared)
		return;
	u32 position = (u32)__sync_fetch_and_add(&shared->dirty_head, 1) & slot_mask;
	u32 *entry = bpf_map_lookup_elem(&dirty_list, &position);
	if (entry)
		*(volatile u32 *)entry = number + 1;
}

/** Takes a slot off the free stack; the number + 1 of a zeroed slot, or 0, counted, when none is free. */
static __always_inline u32 take_slot(void)
{
	struct shared *shared = get_shared();

	if (!shared)
		return 0;
	__sync_fetch_and_add(&shared->opened, 1);
	for (int i = 0; i < TAKE_TRIES; i++) {
		u64 head = *(volatile u64 *)&shared->free_head;
		u32 top = (u32)head;
		if (!top)
			break;
		struct slot *slot = slot_at(top - 1);
		if (!slot)
			break;
		u64 next = ((head >> 32) + 1) << 32 | slot->next_free;
		if (__sync_val_compare_and_swap(&shared->free_head, head, next) == head)
			return top;
	}
	__sync_fetch_and_add(&shared->lost_slots, 1);
	return 0;
}

#define SET_MAPPED_IP(to, from32)                \
	do {                                     \
		__u32 *words = (__u32 *)(to);    \
		words[0] = 0;                    \
		words[1] = 0;                    \
		words[2] = bpf_htonl(0xffff);    \
		words[3] = (from32);             \
	} while (0)

static __always_inline void copy_ip(u8 *to, const u8 *from)
{
	((u64 *)to)[0] = ((const u64 *)from)[0];
	((u64 *)to)[1] = ((const u64 *)from)[1];
}

/** Local and remote address of a socket as they stand; a changed one is a new revision. */
static __always_inline void set_addresses(struct slot *slot, const struct sock *sk)
{
	u16 port = sk->__sk_common.skc_num;
	if (sk->__sk_common.skc_family == AF_INET) {
		SET_MAPPED_IP(slot->local_ip, sk->__sk_common.skc_rcv_saddr);
		SET_MAPPED_IP(slot->remote_ip, sk->__sk_common.skc_daddr);
	} else {
		for (int i = 0; i < 4; i++) {
			((u32 *)slot->local_ip)[i] = sk->__sk_common.skc_v6_rcv_saddr.in6_u.u6_addr32[i];
			((u32 *)slot->remote_ip)[i] = sk->__sk_common.skc_v6_daddr.in6_u.u6_addr32[i];
		}
	}
	/* A socket that is closing has given up its port before its last events. */
	if (port)
		slot->local_port = port;
	slot->remote_port = bpf_ntohs(sk->__sk_common.skc_dport);
	slot->revision++;
}

/** Makes a task the owner. Name and start are of the process, not of the thread. */
static __always_inline void set_owner(struct slot *slot, struct task_struct *task)
{
	struct task_struct *leader = task->group_leader;

	slot->pid = task->tgid;
	slot->ppid = task->real_parent->tgid;
	slot->uid = task->cred->uid.val;
	slot->start_ns = leader->start_boottime;
	slot->cgroup_id = task->cgroups->dfl_cgrp->kn->id;
	bpf_probe_read_kernel_str(slot->comm, sizeof(slot->comm), leader->comm);
	slot->flags &= ~SLOT_OWNER_INHERITED;
	slot->revision++;
}

/** The process that runs now owns the socket that it uses, unless it is the kernel itself. */
static __always_inline void claim_owner(struct slot *slot)
{
	if (slot->pid == bpf_get_current_pid_tgid() >> 32 && !(slot->flags & SLOT_OWNER_INHERITED))
		return;
	struct task_struct *task = bpf_get_current_task_btf();
	if (!(task->flags & PF_KTHREAD))
		set_owner(slot, task);
}

/** A fresh slot with what every socket has; the address fields and the owner are the caller's to set. */
static __always_inline void reset_slot(struct slot *slot, u64 cookie, u8 protocol)
{
	u64 now = bpf_ktime_get_boot_ns();

	slot->cookie = cookie;
	slot->opened_ns = now;
	slot->closed_ns = 0;
	slot->changed_ns = now;
	slot->protocol = protocol;
}

#endif
