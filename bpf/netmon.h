/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* What the kernel side and the agent share. Integers are in host order, addresses in network order. */
#ifndef NETMON_H
#define NETMON_H

#define NETMON_COMM 16
#define NETMON_FILENAME 256
#define NETMON_ARGS 1024

/* Bits of slot.flags. */
enum slot_flags {
	SLOT_PASSIVE = 1 << 0,         /* accepted from a listener */
	SLOT_OWNER_INHERITED = 1 << 1, /* owner is the listener's until a process uses the socket */
	SLOT_FOUND = 1 << 2,           /* was open before the start: opened_ns is when it was found */
	SLOT_FIN_RECEIVED = 1 << 3,
	SLOT_RST_SENT = 1 << 4,
	SLOT_RST_RECEIVED = 1 << 5,
	SLOT_PEER = 1 << 6,            /* one peer of an unconnected UDP socket */
	SLOT_AWAIT_ERRNO = 1 << 7,     /* closed inside connect(2), whose result follows */
};

/*
 * A socket, or one peer of an unconnected UDP socket. Written by the kernel side while open and by the agent once
 * closed and read. bytes_* are payload; packets_* are TCP segments or UDP datagrams.
 */
struct slot {
	u64 cookie;
	u64 opened_ns; /* CLOCK_BOOTTIME, as all *_ns */
	u64 closed_ns; /* 0 while open */
	u64 changed_ns;
	u64 bytes_sent;
	u64 bytes_received;
	u64 packets_sent;
	u64 packets_received;
	u64 cgroup_id;
	u64 start_ns; /* of the owner, with pid its identity */
	u8 local_ip[16];
	u8 remote_ip[16];
	u16 local_port;
	u16 remote_port;
	u8 protocol;
	u8 state; /* include/net/tcp_states.h */
	u8 flags;
	u8 error_state; /* state in which the error was met */
	u32 pid;
	u32 ppid;
	u32 uid;
	u32 netns;
	char comm[NETMON_COMM];
	u32 error;  /* the last errno */
	u32 errors; /* how many so far */
	u32 revision; /* changes with addresses and owner */
	u32 srtt_us;
	u32 mdev_us;
	u32 min_rtt_us;
	u32 retransmits;
	u32 data_segments_sent;
	u32 send_queue;
	u32 receive_queue;
	u32 busy_jiffies;
	u32 rwnd_limited_jiffies;
	u32 sndbuf_limited_jiffies;
	u8 syn_retries;
	u8 error_unread; /* UDP: reported by ICMP, not yet returned by a call */
	u8 pad[2];
	u32 dirty; /* on the dirty list */
	u32 next_free; /* number + 1 of the next free slot */
};

/* Counters and list heads; one per loaded object. */
struct shared {
	u64 free_head;  /* tag in the upper half against ABA, number + 1 of the first free slot in the lower */
	u64 dirty_head; /* entries ever put on the dirty list */
	u64 opened;     /* sockets and peers that wanted a slot */
	u64 lost_slots; /* of those, how many found none free */
	u64 lost_storage; /* sockets for which no socket storage could be had */
	u64 lost_peers; /* datagrams counted on the socket since the table of peers was full */
	u64 lost_process_events; /* exec and exit events for which the ring had no room */
	u64 lost_connects; /* connect calls whose result could not be followed */
};

/* Key of the table of UDP peers. */
struct peer_key {
	u64 cookie;
	u8 ip[16];
	u16 port;
	u16 pad[3];
};

enum process_event_kind { PROCESS_EXEC = 1, PROCESS_EXIT = 2 };

struct exit_event {
	u32 kind;
	u32 pid;
	u64 start_ns;
};

struct exec_event {
	u32 kind;
	u32 pid;
	u64 start_ns;
	u64 cgroup_id;
	u32 ppid;
	u32 uid;
	char comm[NETMON_COMM];
	u16 filename_length;
	u16 args_length;
	u32 pad;
	char filename[NETMON_FILENAME];
	char args[NETMON_ARGS];
};

#endif
