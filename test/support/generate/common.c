// SPDX-License-Identifier: MIT
#include "common.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

const char *option(const options *o, const char *name, const char *fallback)
{
	for (int i = 0; i + 1 < o->argc; i++)
		if (!strcmp(o->argv[i], name))
			return o->argv[i + 1];
	return fallback;
}

long option_number(const options *o, const char *name, long fallback)
{
	const char *text = option(o, name, NULL);
	return text ? strtol(text, NULL, 10) : fallback;
}

bool option_flag(const options *o, const char *name)
{
	for (int i = 0; i < o->argc; i++)
		if (!strcmp(o->argv[i], name))
			return true;
	return false;
}

void die(const char *what)
{
	fprintf(stderr, "generate: %s: %s\n", what, strerror(errno));
	_exit(2);
}

endpoint parse_address(const char *text, int port)
{
	endpoint e;

	memset(&e, 0, sizeof(e));
	if (inet_pton(AF_INET, text, &e.v4.sin_addr) == 1) {
		e.v4.sin_family = AF_INET;
	} else if (inet_pton(AF_INET6, text, &e.v6.sin6_addr) == 1) {
		e.v6.sin6_family = AF_INET6;
	} else {
		errno = EINVAL;
		die(text);
	}
	set_port(&e, port);
	return e;
}

socklen_t endpoint_length(const endpoint *e)
{
	return e->any.sa_family == AF_INET ? sizeof(e->v4) : sizeof(e->v6);
}

/* The port is at the same place in both families. */
int endpoint_port(const endpoint *e)
{
	return ntohs(e->v4.sin_port);
}

void set_port(endpoint *e, int port)
{
	e->v4.sin_port = htons((uint16_t)port);
}

endpoint local_of(int fd)
{
	endpoint e;
	socklen_t n = sizeof(e);

	memset(&e, 0, sizeof(e));
	if (getsockname(fd, &e.any, &n))
		die("getsockname");
	return e;
}

endpoint remote_of(int fd)
{
	endpoint e;
	socklen_t n = sizeof(e);

	memset(&e, 0, sizeof(e));
	if (getpeername(fd, &e.any, &n))
		die("getpeername");
	return e;
}

const char *text_of(const endpoint *e)
{
	static char buffers[8][80];
	static int turn;
	char ip[INET6_ADDRSTRLEN];
	char *out = buffers[turn++ % 8];
	int port = endpoint_port(e);

	if (e->any.sa_family == AF_INET) {
		inet_ntop(AF_INET, &e->v4.sin_addr, ip, sizeof(ip));
		snprintf(out, 80, "%s:%d", ip, port);
	} else if (IN6_IS_ADDR_V4MAPPED(&e->v6.sin6_addr)) {
		inet_ntop(AF_INET, &e->v6.sin6_addr.s6_addr[12], ip, sizeof(ip));
		snprintf(out, 80, "%s:%d", ip, port);
	} else {
		inet_ntop(AF_INET6, &e->v6.sin6_addr, ip, sizeof(ip));
		snprintf(out, 80, "[%s]:%d", ip, port);
	}
	return out;
}

int open_socket(const endpoint *like, int type)
{
	int fd = socket(like->any.sa_family, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket");
	return fd;
}

int open_listener(endpoint *at, int backlog)
{
	int fd = open_socket(at, SOCK_STREAM), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, &at->any, endpoint_length(at)))
		die("bind");
	if (listen(fd, backlog))
		die("listen");
	*at = local_of(fd);
	return fd;
}

static uint64_t read_clock(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

uint64_t now_us(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

uint64_t wall_us(void)
{
	return read_clock(CLOCK_REALTIME);
}

void sleep_until_us(uint64_t at)
{
	struct timespec t = { .tv_sec = (time_t)(at / 1000000), .tv_nsec = (long)(at % 1000000) * 1000 };

	if (at > now_us())
		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
			;
}

uint64_t start_ticks(void)
{
	char text[1024];
	FILE *f = fopen("/proc/self/stat", "re");
	size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;
	char *at;

	if (f)
		fclose(f);
	text[n] = 0;
	at = strrchr(text, ')');
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at + 1, NULL, 10) : 0;
}

const char *errno_name(int error)
{
	return error ? strerrorname_np(error) : "none";
}

bool step(const char *line)
{
	char answer[16];

	puts(line);
	fflush(stdout);
	return fgets(answer, sizeof(answer), stdin) != NULL;
}

void send_all(int fd, size_t n)
{
	static char data[65536];

	while (n > 0) {
		ssize_t sent = send(fd, data, n < sizeof(data) ? n : sizeof(data), MSG_NOSIGNAL);
		if (sent < 0)
			die("send");
		n -= (size_t)sent;
	}
}

void recv_all(int fd, size_t n)
{
	static char data[65536];

	while (n > 0) {
		ssize_t got = recv(fd, data, n < sizeof(data) ? n : sizeof(data), 0);
		if (got <= 0)
			die("recv");
		n -= (size_t)got;
	}
}
