/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* What the programs that copy packets share with user space. Integers are in host order. */
#ifndef NETMON_INSPECT_H
#define NETMON_INSPECT_H

/* Most bytes copied of a packet, headers included: with the event before them what a per-CPU array can hold. */
#define COPY_BYTES (32768 - 40)

enum packet_flags {
	PACKET_EGRESS = 1 << 0,
	PACKET_NETWORK = 1 << 1, /* begins with the IP header: the device has no link layer */
};

/* A packet in the ring, followed by `captured` bytes of it. */
struct packet_event {
	u64 boot_ns; /* CLOCK_BOOTTIME */
	u64 cookie; /* of the socket that sent it; 0 for what came in */
	u32 interface;
	u32 length; /* of the whole packet */
	u32 captured;
	u32 flags;
	u32 network_namespace; /* its inode number; 0 for the agent's own */
	u32 pad;
};

/* Counters of what was copied and what was not. */
struct inspect_counters {
	u64 copied;
	u64 lost; /* packets worth copying for which the ring had no room */
	u64 lost_requests; /* HTTP requests that began in these, or beyond what is copied of a packet */
	u64 evicted; /* flows forgotten within a minute of their last packet since there were too many */
};

#endif
