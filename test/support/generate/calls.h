// SPDX-License-Identifier: MIT
#ifndef GENERATE_CALLS_H
#define GENERATE_CALLS_H

#include <stddef.h>
#include <sys/types.h>

/* Sends up to n (at most 65536) bytes by the call of that name; returns the bytes sent or -1 with errno. */
typedef ssize_t (*send_call)(int fd, size_t n);
/* Receives up to n (at most 65536) bytes by the call of that name; 0 at the end, -1 with errno. */
typedef ssize_t (*recv_call)(int fd, size_t n);

send_call find_send(const char *name);
recv_call find_recv(const char *name);

#endif
