// SPDX-License-Identifier: MIT
// What the traffic generator's parts share: options, endpoints, clocks and the JSON they print.
#ifndef GENERATE_COMMON_H
#define GENERATE_COMMON_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

typedef struct {
	int argc;
	char **argv;
} options;

/* The value after --name, or the fallback. */
const char *option(const options *o, const char *name, const char *fallback);
long option_number(const options *o, const char *name, long fallback);
bool option_flag(const options *o, const char *name);

/* Prints the reason with errno and ends the process with status 2: the generator itself could not do its work. */
void die(const char *what) __attribute__((noreturn));

typedef union {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
} endpoint;

/* Address text such as 127.0.0.1, ::1 or ::ffff:127.0.0.1; the last makes an AF_INET6 endpoint. */
endpoint parse_address(const char *text, int port);
socklen_t endpoint_length(const endpoint *e);
int endpoint_port(const endpoint *e);
void set_port(endpoint *e, int port);
endpoint local_of(int fd);
endpoint remote_of(int fd);

/* ip:port or [ip6]:port, v4-mapped addresses as IPv4; valid until the eighth call after it. */
const char *text_of(const endpoint *e);

int open_socket(const endpoint *like, int type);
int open_listener(endpoint *at, int backlog);

uint64_t now_us(void);
/* Unix time in microseconds. */
uint64_t wall_us(void);
void sleep_until_us(uint64_t at);

/* Start time of this process in clock ticks since boot: field 22 of /proc/PID/stat, proc(5). */
uint64_t start_ticks(void);
const char *errno_name(int error);

/* Prints a line and waits for one on standard input, so that the caller can act in between; false at its end. */
bool step(const char *line);

/* Sends or receives exactly n bytes on a stream, or dies. */
void send_all(int fd, size_t n);
void recv_all(int fd, size_t n);

int run_transfer(const options *o);
int run_peers(const options *o);
int run_serve(const options *o);
int run_storm(const options *o);
int run_hold(const options *o);
int run_pulse(const options *o);
int run_failure(const options *o);
int run_quiet(const options *o);
int run_states(const options *o);

/* One io_uring request at a time; returns its result, or -errno. */
int uring_send(int fd, const void *data, size_t n);
int uring_recv(int fd, void *data, size_t n);

#endif
