// SPDX-License-Identifier: MIT
// Connections that fail or break, each for a stated cause, and what the program itself saw of it.
#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Payload of both directions before a break. */
#define SENT 3000
#define RECEIVED 2000
/* Left unread by the peer where that is the cause. */
#define UNREAD 500

typedef struct {
	const char *kind, *wait;
	int fd, error, peer_pid;
	const char *phase;
	endpoint local, remote;
	size_t sent, received;
	unsigned retries;
	uint64_t began;
} report;

static int print_report(const report *r)
{
	printf("{\"kind\":\"%s\",\"pid\":%d,\"start\":%llu,\"peer_pid\":%d,\"local\":\"%s\",\"remote\":\"%s\","
	       "\"error\":\"%s\",\"phase\":\"%s\",\"sent\":%zu,\"received\":%zu,\"retries\":%u,\"elapsed_ms\":%.3f}\n",
	       r->kind, getpid(), (unsigned long long)start_ticks(), r->peer_pid, text_of(&r->local),
	       text_of(&r->remote), errno_name(r->error), r->phase, r->sent, r->received, r->retries,
	       (double)(now_us() - r->began) / 1000);
	return r->error ? 0 : 1;
}

static bool blocks(const report *r)
{
	return !strcmp(r->wait, "blocking");
}

static void wait_by_poll(int fd, bool writable)
{
	struct pollfd p = { .fd = fd, .events = writable ? POLLOUT : POLLIN };

	if (poll(&p, 1, 60000) != 1)
		die("poll");
}

static void wait_by_epoll(int fd, bool writable)
{
	int set = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event e = { .events = EPOLLET | (writable ? EPOLLOUT : EPOLLIN) };

	epoll_ctl(set, EPOLL_CTL_ADD, fd, &e);
	if (epoll_wait(set, &e, 1, 60000) != 1)
		die("epoll_wait");
	close(set);
}

static void wait_for(const report *r, bool writable)
{
	if (!strcmp(r->wait, "epoll"))
		wait_by_epoll(r->fd, writable);
	else
		wait_by_poll(r->fd, writable);
}

static int socket_error(int fd)
{
	int error = 0;
	socklen_t n = sizeof(error);

	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n);
	return error;
}

static void make_nonblocking(int fd)
{
	if (fcntl(fd, F_SETFL, O_NONBLOCK))
		die("fcntl");
}

/* The error with which an established connection breaks. */
static int await_break(const report *r)
{
	char byte;

	if (!blocks(r)) {
		make_nonblocking(r->fd);
		wait_for(r, false);
		return socket_error(r->fd);
	}
	return recv(r->fd, &byte, 1, 0) < 0 ? errno : 0;
}

static int closed_port(const endpoint *like, int type)
{
	endpoint at = *like;
	int fd = open_socket(like, type);

	set_port(&at, 0);
	if (bind(fd, &at.any, endpoint_length(&at)))
		die("bind");
	at = local_of(fd);
	close(fd);
	return endpoint_port(&at);
}

static int connect_tcp(report *r)
{
	if (connect(r->fd, &r->remote.any, endpoint_length(&r->remote)) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return errno;
	r->local = local_of(r->fd);
	wait_for(r, true);
	return socket_error(r->fd);
}

/* The answer to a datagram may get lost, so it is sent again every 300 ms. */
static int connect_udp(report *r)
{
	struct pollfd p = { .fd = r->fd };
	char byte;

	if (connect(r->fd, &r->remote.any, endpoint_length(&r->remote)))
		return errno;
	r->local = local_of(r->fd);
	r->phase = "established";
	do {
		if (send(r->fd, "", 1, 0) != 1)
			return errno;
		r->sent++;
	} while (poll(&p, 1, 300) == 0 && r->sent < 20);
	if (!blocks(r))
		return socket_error(r->fd);
	return recv(r->fd, &byte, 1, MSG_DONTWAIT) < 0 ? errno : 0;
}

/* One connect to --address and --port (a closed one of this host by default), --first of them before it kept open. */
static int fail_to_connect(const options *o, report *r)
{
	bool udp = !strcmp(option(o, "--protocol", "tcp"), "udp");
	int type = udp ? SOCK_DGRAM : SOCK_STREAM, port = (int)option_number(o, "--port", 0);
	int retries = (int)option_number(o, "--syn-retries", 0);

	r->remote = parse_address(option(o, "--address", "127.0.0.1"), port);
	if (!port)
		set_port(&r->remote, closed_port(&r->remote, type));
	for (long i = option_number(o, "--first", 0); i > 0; i--) {
		int fd = open_socket(&r->remote, type);
		if (connect(fd, &r->remote.any, endpoint_length(&r->remote)))
			die("a connect that should succeed");
	}
	r->fd = open_socket(&r->remote, type);
	if (retries)
		setsockopt(r->fd, IPPROTO_TCP, TCP_SYNCNT, &retries, sizeof(retries));
	if (!blocks(r))
		make_nonblocking(r->fd);
	r->local = local_of(r->fd);
	r->began = now_us();
	r->error = udp ? connect_udp(r) : connect_tcp(r);
	struct tcp_info info = { 0 };
	socklen_t length = sizeof(info);
	if (!udp && !getsockopt(r->fd, IPPROTO_TCP, TCP_INFO, &info, &length))
		r->retries = info.tcpi_total_retrans;
	return print_report(r);
}

/* A connection between this process and a child, which will break it; the child's end is made by `side`. */
static int open_pair(const options *o, report *r, int *signal_pipe)
{
	endpoint at = parse_address(option(o, "--address", "127.0.0.1"), 0);
	bool accepts = !strcmp(option(o, "--side", "connected"), "accepted");
	int listener = open_listener(&at, 1), mine, theirs = -1, go[2];

	if (pipe(go))
		die("pipe");
	r->peer_pid = fork();
	if (r->peer_pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(go[1]);
		if (accepts) {
			theirs = open_socket(&at, SOCK_STREAM);
			if (connect(theirs, &at.any, endpoint_length(&at)))
				die("connect");
		} else {
			theirs = accept(listener, NULL, NULL);
		}
		close(listener);
		*signal_pipe = go[0];
		return theirs;
	}
	close(go[0]);
	if (accepts) {
		mine = accept(listener, NULL, NULL);
	} else {
		mine = open_socket(&at, SOCK_STREAM);
		if (connect(mine, &at.any, endpoint_length(&at)))
			die("connect");
	}
	close(listener);
	*signal_pipe = go[1];
	r->local = local_of(mine);
	r->remote = remote_of(mine);
	return mine;
}

static void run_breaker(const char *kind, int fd, int signal_pipe)
{
	struct linger now = { 1, 0 };
	char byte;

	recv_all(fd, SENT);
	send_all(fd, RECEIVED);
	if (read(signal_pipe, &byte, 1) < 0)
		die("read");
	if (!strcmp(kind, "reset"))
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	if (!strcmp(kind, "reset") || !strcmp(kind, "unread") || !strcmp(kind, "pipe"))
		close(fd);
	/* Until the victim ends. */
	if (read(signal_pipe, &byte, 1) < 0)
		die("read");
	_exit(0);
}

static int break_by_pipe(const report *r)
{
	recv_all(r->fd, 0);
	wait_by_poll(r->fd, false);
	if (send(r->fd, "late", 4, MSG_NOSIGNAL) != 4)
		die("first send after the end");
	struct pollfd p = { .fd = r->fd, .events = 0 };
	if (poll(&p, 1, 60000) != 1)
		die("poll");
	return send(r->fd, "later", 5, MSG_NOSIGNAL) < 0 ? errno : 0;
}

static int break_established(const options *o, report *r)
{
	int signal_pipe, timeout = (int)option_number(o, "--user-timeout", 0);
	bool pipe_end = !strcmp(r->kind, "pipe");

	r->began = now_us();
	r->fd = open_pair(o, r, &signal_pipe);
	if (r->peer_pid == 0)
		run_breaker(r->kind, r->fd, signal_pipe);
	r->phase = "established";
	send_all(r->fd, SENT);
	recv_all(r->fd, RECEIVED);
	r->sent = SENT;
	r->received = RECEIVED;
	if (timeout)
		setsockopt(r->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof(timeout));
	if (option_flag(o, "--step")) {
		char line[256];
		snprintf(line, sizeof(line), "{\"pid\":%d,\"local\":\"%s\",\"remote\":\"%s\",\"local_port\":%d,\"remote_port\":%d}",
			 getpid(), text_of(&r->local), text_of(&r->remote), endpoint_port(&r->local),
			 endpoint_port(&r->remote));
		step(line);
	}
	if (!strcmp(r->kind, "unread") || timeout) {
		send_all(r->fd, UNREAD);
		r->sent += UNREAD;
	}
	if (write(signal_pipe, "", 1) != 1)
		die("write");
	r->error = pipe_end ? break_by_pipe(r) : await_break(r);
	r->sent += pipe_end ? 4 : 0;
	close(r->fd);
	close(signal_pipe);
	waitpid(r->peer_pid, NULL, 0);
	return print_report(r);
}

/*
 * --kind connect: whatever the network answers. reset: the peer aborts. unread: the peer closes with data unread.
 * pipe: data sent after the peer's end. stalled: nothing happens by itself; the caller breaks it after --step.
 * --name sets the process's name.
 */
int run_failure(const options *o)
{
	report r = {
		.kind = option(o, "--kind", "connect"),
		.wait = option(o, "--wait", "blocking"),
		.phase = "connecting",
	};
	const char *name = option(o, "--name", NULL);

	if (name)
		prctl(PR_SET_NAME, name);
	return strcmp(r.kind, "connect") ? break_established(o, &r) : fail_to_connect(o, &r);
}
