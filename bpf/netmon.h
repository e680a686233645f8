/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* What the kernel side and the agent share. Integers are in host order, addresses in network order. */
#ifndef NETMON_H
#define NETMON_H

#define NETMON_COMM 16
#define NETMON_FILENAME 256
#define NETMON_ARGS 1024

/* Bits of slot.flags. */
enum slot_flags {
	SLOT_PASSIVE = 1 << 0,      /* accepted from a listener */
	SLOT_FOUND = 1 << 1,        /* was open before the start: opened_ns is when it was found */
	SLOT_FIN_RECEIVED = 1 << 2,
	SLOT_RST_SENT = 1 << 3,
	SLOT_RST_RECEIVED = 1 << 4,
	SLOT_PEER = 1 << 5,         /* one peer of an unconnected UDP socket */
	SLOT_AWAIT_ERRNO = 1 << 6,  /* closed inside connect(2), whose result follows */
};

/*
 * A socket, or one peer of an unconnected UDP socket. Written by the kernel side while open and by the agent once
 * closed and read. bytes_* are payload; packets_* are TCP segments or UDP datagrams. Four cache lines, of which a send
 * or receive writes two.
 */
struct slot {
	u64 id; /* 0: free; the cookie, or for a peer a mix of it with the peer's address */
	u64 opened_ns; /* CLOCK_BOOTTIME, as all *_ns */
	u64 closed_ns; /* 0 while open */
	u64 bytes_sent;
	u64 bytes_received;
	u64 packets_sent;
	u64 packets_received;
	u32 pid; /* of the owner; 0 until a process used the socket */
	u32 dirty; /* on the dirty list */

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
	u8 protocol;
	u8 state; /* include/net/tcp_states.h */
	u8 flags;
	u8 error_state; /* state in which the error was met */
	u32 error; /* the last errno */
	u32 errors; /* how many so far */
	u32 revision; /* changes with addresses and owner */
	u8 syn_retries;
	u8 error_unread; /* UDP: reported by ICMP, not yet returned by a call */
	u16 soft_error; /* that ICMP brought while connecting, should the socket be closed over it */
	u8 synack_retries; /* of a handshake that is not finished: how often its SYN-ACK was due again; 0 for all others */
	u8 pad[3];

	u8 local_ip[16];
	u8 remote_ip[16];
	u16 local_port;
	u16 remote_port;
	u32 netns;
	u64 cookie;
	u64 start_ns; /* of the owner, with pid its identity */
	u64 cgroup_id;

	u32 ppid;
	u32 uid;
	char comm[NETMON_COMM];
	u32 sweep; /* number of the last look at all sockets that found it */
	u32 pad2[9];
};

/* Heads and counters. What every CPU writes has a cache line of its own. */
struct shared {
	u64 dirty_head; /* entries ever put on the dirty list */
	u64 pad0[7];
	u64 peers; /* slots that peers hold; the agent takes off those it frees */
	u64 half_open; /* slots of unfinished handshakes; the agent takes off those it frees */
	u64 longest_probe; /* how far from its place a slot was ever put */
	u64 sweep; /* number of the look at all sockets that is on, set by the agent */
	u64 lost_slots; /* sockets that found no slot free when they connected, listened, were accepted or bound */
	u64 lost_datagrams; /* of UDP sockets without a slot */
	u64 lost_peers; /* datagrams counted on the socket since there were too many peers */
	u64 lost_half_open; /* unfinished handshakes for which there was no room when their SYN-ACK was first sent again */
	u64 lost_process_events; /* exec and exit events for which the ring had no room */
	u64 lost_calls; /* calls that could not be followed for want of memory: connect results, peers */
	u64 time_wait_found; /* connections in TIME_WAIT at the start */
	u64 lost_time_wait; /* of these, not looked at since they were many */
	u64 pad1[6];
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
