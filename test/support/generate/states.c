// SPDX-License-Identifier: MIT
// Sockets kept in each state until standard input ends.
#include "common.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int printed;

static void print_socket(const char *state, const char *protocol, int fd, const endpoint *remote)
{
	endpoint local = local_of(fd);

	printf("%s{\"state\":\"%s\",\"protocol\":\"%s\",\"local\":\"%s\",\"remote\":", printed++ ? "," : "", state, protocol,
	       text_of(&local));
	printf(remote ? "\"%s\"}" : "null}", remote ? text_of(remote) : "");
}

static void open_two(int listener, const endpoint *at, int ends[2])
{
	ends[0] = open_socket(at, SOCK_STREAM);
	if (connect(ends[0], &at->any, endpoint_length(at)))
		die("connect");
	ends[1] = accept(listener, NULL, NULL);
	if (ends[1] < 0)
		die("accept");
}

/* Fills the peer's window and the own queue, so that what is sent afterwards cannot leave. */
static void fill(int fd)
{
	static char data[65536];

	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (send(fd, data, sizeof(data), MSG_NOSIGNAL) > 0)
		;
}

static void print_end(const char *state, int fd)
{
	endpoint remote = remote_of(fd);

	print_socket(state, "tcp", fd, &remote);
}

static void keep_streams(const char *address)
{
	endpoint at = parse_address(address, 0), full = at;
	int listener = open_listener(&at, 16), ends[2];

	print_socket("LISTEN", "tcp", listener, NULL);
	open_two(listener, &at, ends);
	print_end("ESTABLISHED", ends[0]);
	print_end("ESTABLISHED", ends[1]);

	open_two(listener, &at, ends);
	shutdown(ends[0], SHUT_WR);
	print_end("FIN_WAIT2", ends[0]);
	print_end("CLOSE_WAIT", ends[1]);

	open_two(listener, &at, ends);
	fill(ends[0]);
	shutdown(ends[0], SHUT_WR);
	print_end("FIN_WAIT1", ends[0]);

	open_two(listener, &at, ends);
	fill(ends[0]);
	shutdown(ends[1], SHUT_WR);
	char byte;
	fcntl(ends[0], F_SETFL, 0);
	if (recv(ends[0], &byte, 1, 0) != 0)
		die("the peer's end");
	shutdown(ends[0], SHUT_WR);
	print_end("LAST_ACK", ends[0]);

	open_two(listener, &at, ends);
	print_end("TIME_WAIT", ends[0]);
	close(ends[0]);
	close(ends[1]);

	int narrow = open_listener(&full, 0);
	print_socket("LISTEN", "tcp", narrow, NULL);
	for (int i = 0; i < 4; i++) {
		int fd = open_socket(&full, SOCK_STREAM | SOCK_NONBLOCK);
		connect(fd, &full.any, endpoint_length(&full));
		if (i == 3)
			print_socket("SYN_SENT", "tcp", fd, &full);
	}
}

static void keep_datagrams(const char *address)
{
	endpoint at = parse_address(address, 0);
	int bound = open_socket(&at, SOCK_DGRAM), connected = open_socket(&at, SOCK_DGRAM);

	if (bind(bound, &at.any, endpoint_length(&at)))
		die("bind");
	print_socket("NONE", "udp", bound, NULL);
	at = local_of(bound);
	if (connect(connected, &at.any, endpoint_length(&at)))
		die("connect");
	if (send(connected, "x", 1, 0) != 1)
		die("send");
	print_socket("ESTABLISHED", "udp", connected, &at);
}

int run_states(const options *o)
{
	const char *address = option(o, "--address", "127.0.0.1");

	printf("{\"pid\":%d,\"start\":%llu,\"sockets\":[", getpid(), (unsigned long long)start_ticks());
	keep_streams(address);
	keep_datagrams(address);
	step("]}");
	return 0;
}
