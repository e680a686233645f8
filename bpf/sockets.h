/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* The slot of a socket: found, opened, closed. */
#ifndef NETMON_SOCKETS_H
#define NETMON_SOCKETS_H

#include "slots.h"

static __always_inline bool is_inet(const struct sock *sk)
{
	return sk->__sk_common.skc_family == AF_INET || sk->__sk_common.skc_family == AF_INET6;
}

/** The cookie as it stands: a socket that has none has no slot either. */
static __always_inline struct place slot_of(const struct sock *sk)
{
	u64 cookie = sk->__sk_common.skc_cookie.counter;

	return cookie ? find_slot(cookie, false) : (struct place){};
}

/** A slot with what every socket has; the owner is the caller's to set. */
static __always_inline struct place open_slot_of(const struct sock_common *common, u64 cookie, u8 protocol, u8 flags,
						 bool birth)
{
	struct place place = take_slot(cookie, birth);
	struct slot *slot = place.slot;

	if (!slot)
		return place;
	slot->cookie = cookie;
	slot->protocol = protocol;
	slot->netns = common->skc_net.net->ns.inum;
	slot->state = common->skc_state;
	slot->flags = flags;
	set_addresses(slot, common);
	return place;
}

static __always_inline struct place open_slot(const struct sock *sk, u8 flags, bool birth)
{
	return open_slot_of(&sk->__sk_common, bpf_get_socket_cookie((void *)sk), sk->sk_protocol, flags, birth);
}

static __always_inline void set_error(struct slot *slot, u32 error, u8 state)
{
	slot->error = error;
	slot->error_state = state;
	__sync_fetch_and_add(&slot->errors, 1);
}

/** A socket that is done: the slot keeps its last values and belongs to the agent from here on. */
static __always_inline void close_slot(struct place place)
{
	place.slot->closed_ns = bpf_ktime_get_boot_ns();
	mark_dirty(place);
}

static __always_inline bool is_failure(int result)
{
	return result < 0 && result != -EAGAIN && result != -EINTR && result > -ERESTARTSYS;
}

#endif
