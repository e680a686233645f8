/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * Slots: one record a socket in a memory-mapped array, which the agent reads without a system call.
 *
 * 1. The array is a hash table with linear probing, by the socket's cookie. A hook finds a socket's slot, or takes a
 *    free one (id 0) by an atomic exchange of the id. (Socket storage would cost an allocation of some 900 ns a socket.)
 * 2. Whoever changes a slot marks it dirty afterwards; the first to do so puts it on the dirty list, a ring as long as
 *    the array, so that it cannot overflow.
 * 3. The agent takes a number from the list, clears the mark, then reads: a change after that is listed again.
 * 4. A closed slot is not written any more, but for what is known only just after the end. The agent zeroes it one tick
 *    after it read it, the id last.
 */
#ifndef NETMON_SLOTS_H
#define NETMON_SLOTS_H

/** Places a slot may be away from where its id hashes to. With half of the slots in use three suffice on average. */
#define MAX_PROBES 64
/** Default size, set by the agent before loading. */
#define DEFAULT_SLOTS 65536
#define PROCESS_RING_BYTES (1 << 20)

/** Highest slot number, a power of two less one. */
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

/** A slot and its number. */
struct place {
	struct slot *slot;
	u32 number;
};

static __always_inline struct shared *get_shared(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&shared_map, &zero);
}

static __always_inline struct slot *slot_at(u32 number)
{
	return bpf_map_lookup_elem(&slots, &number);
}

/** Multiplicative hashing: cookies are nearly consecutive. */
static __always_inline u32 home_of(u64 id)
{
	return (u32)(id * 0x9e3779b97f4a7c15ULL >> 32) & slot_mask;
}

/** The slot with that id, an open one unless `closed` is wanted too; null when there is none. */
static __always_inline struct place find_slot(u64 id, bool closed)
{
	struct place place = {};
	struct shared *shared = get_shared();
	u32 number = home_of(id);

	if (!shared)
		return place;
	u32 longest = shared->longest_probe;
	for (u32 i = 0; i < MAX_PROBES && i <= longest; i++) {
		struct slot *slot = slot_at(number);
		if (!slot)
			return place;
		if (slot->id == id && (closed || !slot->closed_ns)) {
			place.slot = slot;
			place.number = number;
			return place;
		}
		number = (number + 1) & slot_mask;
	}
	return place;
}

/** Never lowers it, whoever else raises it meanwhile: a slot farther away would not be found any more. */
static __always_inline void raise_longest_probe(struct shared *shared, u64 probe)
{
	u64 longest = *(volatile u64 *)&shared->longest_probe;

	for (int i = 0; i < MAX_PROBES && probe > longest; i++)
		longest = __sync_val_compare_and_swap(&shared->longest_probe, longest, probe);
}

/** Takes a free slot for the id; null, counted when `birth`, when there is none near. */
static __always_inline struct place take_slot(u64 id, bool birth)
{
	struct place place = {};
	struct shared *shared = get_shared();
	u32 number = home_of(id);

	if (!shared)
		return place;
	for (u32 i = 0; i < MAX_PROBES; i++) {
		struct slot *slot = slot_at(number);
		if (!slot)
			return place;
		if (!slot->id && !__sync_val_compare_and_swap(&slot->id, 0, id)) {
			raise_longest_probe(shared, i);
			slot->opened_ns = bpf_ktime_get_boot_ns();
			place.slot = slot;
			place.number = number;
			return place;
		}
		number = (number + 1) & slot_mask;
	}
	if (birth)
		__sync_fetch_and_add(&shared->lost_slots, 1);
	return place;
}

static __always_inline void mark_dirty(struct place place)
{
	/* An atomic exchange even when the mark is set: it orders the stores before it. */
	if (__sync_lock_test_and_set(&place.slot->dirty, 1))
		return;
	struct shared *shared = get_shared();
	if (!shared)
		return;
	u32 position = (u32)__sync_fetch_and_add(&shared->dirty_head, 1) & slot_mask;
	u32 *entry = bpf_map_lookup_elem(&dirty_list, &position);
	if (entry)
		*(volatile u32 *)entry = place.number + 1;
}

#define SET_MAPPED_IP(to, from32)             \
	do {                                  \
		__u32 *words_ = (__u32 *)(to); \
		words_[0] = 0;                \
		words_[1] = 0;                \
		words_[2] = bpf_htonl(0xffff); \
		words_[3] = (from32);         \
	} while (0)

/* A context's fields may only be read one by one, each as a whole. */
#define COPY_IP6(to, from)                     \
	do {                                   \
		__u32 *words_ = (__u32 *)(to);  \
		words_[0] = (from)[0];         \
		words_[1] = (from)[1];         \
		words_[2] = (from)[2];         \
		words_[3] = (from)[3];         \
	} while (0)

static __always_inline void copy_ip(u8 *to, const u8 *from)
{
	((u64 *)to)[0] = ((const u64 *)from)[0];
	((u64 *)to)[1] = ((const u64 *)from)[1];
}

/** Local and remote address of a socket as they stand. */
static __always_inline void set_addresses(struct slot *slot, const struct sock_common *common)
{
	u16 port = common->skc_num;

	if (common->skc_family == AF_INET) {
		SET_MAPPED_IP(slot->local_ip, common->skc_rcv_saddr);
		SET_MAPPED_IP(slot->remote_ip, common->skc_daddr);
	} else {
		COPY_IP6(slot->local_ip, common->skc_v6_rcv_saddr.in6_u.u6_addr32);
		COPY_IP6(slot->remote_ip, common->skc_v6_daddr.in6_u.u6_addr32);
	}
	/* A socket that is closing has given up its port before its last events. */
	if (port)
		slot->local_port = port;
	slot->remote_port = bpf_ntohs(common->skc_dport);
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
	slot->revision++;
}

/** The process that runs now owns the socket that it uses, unless it is the kernel itself. */
static __always_inline void claim_owner(struct slot *slot)
{
	if (slot->pid == bpf_get_current_pid_tgid() >> 32)
		return;
	struct task_struct *task = bpf_get_current_task_btf();
	if (!(task->flags & PF_KTHREAD))
		set_owner(slot, task);
}

#endif
