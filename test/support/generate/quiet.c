// SPDX-License-Identifier: MIT
// What looks like a failure to a careless watcher and is none. Each case prints the connections it made.
#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static int printed;

static void print_connection(int fd, const endpoint *remote)
{
	endpoint local = local_of(fd);

	printf("%s{\"local\":\"%s\",\"remote\":\"%s\"}", printed++ ? "," : "", text_of(&local), text_of(remote));
}

static int start_connect(const endpoint *to)
{
	int fd = open_socket(to, SOCK_STREAM | SOCK_NONBLOCK);

	if (connect(fd, &to->any, endpoint_length(to)) && errno != EINPROGRESS)
		die("connect");
	print_connection(fd, to);
	return fd;
}

static void await_connected(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	if (poll(&p, 1, 10000) != 1 || (p.revents & POLLERR))
		die("connecting");
}

/* A connect in progress that succeeds; asked again it says EALREADY or EISCONN, which is no failure either. */
static void run_progress(const endpoint *at)
{
	endpoint to = *at;
	int listener = open_listener(&to, 8), fd = start_connect(&to);

	await_connected(fd);
	for (int i = 0; i < 2; i++)
		if (connect(fd, &to.any, endpoint_length(&to)) && errno != EISCONN)
			die("second connect");
	close(fd);
	close(listener);
}

/* Idle, then closed by this end. */
static void run_idle(const endpoint *at)
{
	endpoint to = *at;
	int listener = open_listener(&to, 8), fd = start_connect(&to);

	await_connected(fd);
	int accepted = accept(listener, NULL, NULL);
	close(fd);
	close(accepted);
	close(listener);
}

/* A listener whose queue is full keeps further connects in SYN_SENT; they are given up by closing them. */
static void run_backlog(const endpoint *at)
{
	endpoint to = *at;
	int listener = open_listener(&to, 0), fds[4];
	struct pollfd p = { .events = POLLOUT };

	for (int i = 0; i < 4; i++)
		fds[i] = start_connect(&to);
	p.fd = fds[3];
	if (poll(&p, 1, 300) != 0 || connect(fds[3], &to.any, endpoint_length(&to)) == 0 || errno != EALREADY)
		die("the last connect should be in progress");
	for (int i = 3; i >= 0; i--)
		close(fds[i]);
	close(listener);
}

/* Happy eyeballs (RFC 8305): two attempts, of which the slower is closed while it is in SYN_SENT. */
static void run_eyeballs(const endpoint *at)
{
	endpoint fast = *at, slow = *at;
	int full = open_listener(&slow, 0), listener = open_listener(&fast, 8), filler[2];

	for (int i = 0; i < 2; i++)
		filler[i] = start_connect(&slow);
	int loser = start_connect(&slow), winner = start_connect(&fast);
	await_connected(winner);
	close(loser);
	send_all(winner, 100);
	close(winner);
	for (int i = 0; i < 2; i++)
		close(filler[i]);
	close(full);
	close(listener);
}

static void on_alarm(int number)
{
	(void)number;
}

/* A blocking connect that a signal interrupts goes on in the kernel. */
static void run_interrupted(const endpoint *at)
{
	endpoint to = *at;
	int listener = open_listener(&to, 0), fds[3];
	struct sigaction act = { .sa_handler = on_alarm };
	struct itimerval soon = { .it_value = { .tv_usec = 100000 } };

	sigaction(SIGALRM, &act, NULL);
	for (int i = 0; i < 2; i++)
		fds[i] = start_connect(&to);
	fds[2] = open_socket(&to, SOCK_STREAM);
	setitimer(ITIMER_REAL, &soon, NULL);
	if (connect(fds[2], &to.any, endpoint_length(&to)) == 0 || errno != EINTR)
		die("the connect should be interrupted");
	print_connection(fds[2], &to);
	for (int i = 2; i >= 0; i--)
		close(fds[i]);
	close(listener);
}

/* Sending after one's own shutdown is a mistake of the program, not a failure of the connection. */
static void run_shutdown(const endpoint *at)
{
	endpoint to = *at;
	int listener = open_listener(&to, 8), fd = start_connect(&to);

	await_connected(fd);
	int accepted = accept(listener, NULL, NULL);
	send_all(fd, 100);
	recv_all(accepted, 100);
	shutdown(fd, SHUT_WR);
	if (send(fd, "x", 1, MSG_NOSIGNAL) >= 0 || errno != EPIPE)
		die("a send after shutdown should fail");
	close(accepted);
	close(fd);
	close(listener);
}

/* What getaddrinfo does to choose a source address: UDP sockets that connect, send nothing and disconnect. */
static void run_unspecified(const endpoint *at)
{
	endpoint to = *at;
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	int fd = open_socket(at, SOCK_DGRAM);

	set_port(&to, 53);
	if (connect(fd, &to.any, endpoint_length(&to)))
		die("connect");
	print_connection(fd, &to);
	if (connect(fd, &none, sizeof(none)))
		die("disconnect");
	close(fd);
}

int run_quiet(const options *o)
{
	static const struct {
		const char *name;
		void (*run)(const endpoint *at);
	} kinds[] = {
		{ "progress", run_progress },       { "idle", run_idle },         { "backlog", run_backlog },
		{ "eyeballs", run_eyeballs },       { "shutdown", run_shutdown }, { "interrupted", run_interrupted },
		{ "unspecified", run_unspecified },
	};
	const char *kind = option(o, "--kind", "progress");
	endpoint at = parse_address(option(o, "--address", "127.0.0.1"), 0);

	printf("{\"pid\":%d,\"start\":%llu,\"connections\":[", getpid(), (unsigned long long)start_ticks());
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].name, kind))
			kinds[i].run(&at);
	printf("]}\n");
	return printed ? 0 : 2;
}
