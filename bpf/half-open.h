/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * Half-open connections: handshakes that a peer began and does not finish. They have no socket yet, only a request, whose
 * cookie the socket inherits; so the slot of a request becomes that of the connection. A request tells of itself when its
 * SYN-ACK is sent again, after a second and then at twice the time each, and not of its end: the agent ends one whose
 * next time has passed.
 */
#ifndef NETMON_HALF_OPEN_H
#define NETMON_HALF_OPEN_H

#include "sockets.h"

/** One slot in so many may be a request's, so that a flood of SYNs leaves room for the others. */
#define HALF_OPEN_SHARE 64

static __always_inline struct place open_request(const struct request_sock *request, u64 cookie, u8 retries)
{
	struct place place = {};
	struct shared *shared = get_shared();

	if (!shared)
		return place;
	if ((s64)shared->half_open < slot_mask / HALF_OPEN_SHARE)
		place = open_slot_of(&request->__req_common, cookie, IPPROTO_TCP, SLOT_PASSIVE, false);
	if (place.slot)
		__sync_fetch_and_add(&shared->half_open, 1);
	else if (retries == 1)
		__sync_fetch_and_add(&shared->lost_half_open, 1);
	return place;
}

/** Its request has become a socket. */
static __always_inline void leave_half_open(struct slot *slot)
{
	struct shared *shared = get_shared();

	if (!slot->synack_retries || !shared)
		return;
	slot->synack_retries = 0;
	__sync_fetch_and_add(&shared->half_open, -1);
}

SEC("tp_btf/tcp_retransmit_synack")
int BPF_PROG(on_retransmit_synack, const struct sock *sk, struct request_sock *request)
{
	u64 cookie = bpf_get_socket_cookie(request);
	struct place place = find_slot(cookie, false);
	/* Told of before it is counted. */
	u8 retries = BPF_CORE_READ_BITFIELD(request, num_timeout) + 1;

	if (!place.slot)
		place = open_request(request, cookie, retries);
	/* With TCP Fast Open there is a socket already. */
	else if (place.slot->state != TCP_NEW_SYN_RECV)
		return 0;
	if (!place.slot)
		return 0;
	place.slot->synack_retries = retries;
	place.slot->retransmits = request->num_retrans + 1;
	mark_dirty(place);
	return 0;
}

#endif
