// SPDX-License-Identifier: MIT
// A TCP server for the other commands: discards, echoes or resets, for as long as standard input is open.
#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

static struct {
	long accepted;
	unsigned long long received, sent;
} totals;

enum mode { DISCARD, ECHO, RESET };

static void close_with_reset(int fd)
{
	struct linger now = { 1, 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}

static void accept_all(int listener, int poll, enum mode mode)
{
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct epoll_event interest = { .events = EPOLLIN, .data.fd = fd };
		totals.accepted++;
		if (mode == RESET)
			close_with_reset(fd);
		else if (epoll_ctl(poll, EPOLL_CTL_ADD, fd, &interest))
			die("epoll_ctl");
	}
	if (errno != EAGAIN && errno != ECONNABORTED)
		die("accept");
}

static void answer(int fd, enum mode mode)
{
	static char data[65536];
	ssize_t got = recv(fd, data, sizeof(data), 0);

	if (got <= 0) {
		if (got == 0 || errno != EAGAIN)
			close(fd);
		return;
	}
	totals.received += (unsigned long long)got;
	if (mode == ECHO && send(fd, data, (size_t)got, MSG_NOSIGNAL) == got)
		totals.sent += (unsigned long long)got;
}

int run_serve(const options *o)
{
	const char *kind = option(o, "--mode", "discard");
	enum mode mode = !strcmp(kind, "echo") ? ECHO : !strcmp(kind, "reset") ? RESET : DISCARD;
	endpoint at = parse_address(option(o, "--address", "127.0.0.1"), (int)option_number(o, "--port", 0));
	struct epoll_event events[256];
	int poll = epoll_create1(EPOLL_CLOEXEC);
	struct rlimit files;

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	int listener = open_listener(&at, 4096);
	struct epoll_event input = { .events = EPOLLIN, .data.fd = 0 };
	struct epoll_event callers = { .events = EPOLLIN, .data.fd = listener };

	if (fcntl(listener, F_SETFL, O_NONBLOCK))
		die("fcntl");
	if (epoll_ctl(poll, EPOLL_CTL_ADD, 0, &input) || epoll_ctl(poll, EPOLL_CTL_ADD, listener, &callers))
		die("epoll_ctl");
	printf("{\"pid\":%d,\"start\":%llu,\"local\":\"%s\",\"port\":%d}\n", getpid(), (unsigned long long)start_ticks(),
	       text_of(&at), endpoint_port(&at));
	fflush(stdout);
	for (bool open = true; open;) {
		int n = epoll_wait(poll, events, 256, -1);
		for (int i = 0; i < n; i++) {
			if (events[i].data.fd == 0)
				open = false;
			else if (events[i].data.fd == listener)
				accept_all(listener, poll, mode);
			else
				answer(events[i].data.fd, mode);
		}
	}
	printf("{\"pid\":%d,\"accepted\":%ld,\"received\":%llu,\"sent\":%llu}\n", getpid(), totals.accepted,
	       totals.received, totals.sent);
	return 0;
}
