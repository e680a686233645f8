// SPDX-License-Identifier: MIT
// A transfer of known size between two processes of this program, over TCP or UDP, by one kind of call each way.
#include "calls.h"
#include "common.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
	int pid;
	uint64_t start;
	char local[80], remote[80];
	size_t sent, received;
} account;

/* Both ends' accounts, filled in by their own processes. */
static account *ends;

typedef struct {
	send_call send;
	recv_call recv;
	size_t bytes, reply, chunk;
} plan;

static void open_account(account *a, int fd)
{
	endpoint local = local_of(fd), remote = remote_of(fd);

	a->pid = getpid();
	a->start = start_ticks();
	strcpy(a->local, text_of(&local));
	strcpy(a->remote, text_of(&remote));
}

static void print_account(const char *name, const account *a, const char *after)
{
	printf("\"%s\":{\"pid\":%d,\"start\":%llu,\"local\":\"%s\",\"remote\":\"%s\",\"sent\":%zu,\"received\":%zu}%s",
	       name, a->pid, (unsigned long long)a->start, a->local, a->remote, a->sent, a->received, after);
}

static void send_stream(int fd, const plan *p, size_t n, account *a)
{
	while (n > 0) {
		ssize_t sent = p->send(fd, n < p->chunk ? n : p->chunk);
		if (sent < 0)
			die("sending");
		n -= (size_t)sent;
		a->sent += (size_t)sent;
	}
}

static void recv_stream(int fd, const plan *p, size_t n, account *a)
{
	while (n > 0) {
		ssize_t got = p->recv(fd, n < p->chunk ? n : p->chunk);
		if (got <= 0)
			die("receiving");
		n -= (size_t)got;
		a->received += (size_t)got;
	}
}

static void expect_end(int fd)
{
	char rest[16];

	if (recv(fd, rest, sizeof(rest), 0) != 0)
		die("expected the end of the stream");
}

static void serve_stream(int listener, const plan *p)
{
	int fd = accept(listener, NULL, NULL);

	if (fd < 0)
		die("accept");
	open_account(&ends[1], fd);
	recv_stream(fd, p, p->bytes, &ends[1]);
	send_stream(fd, p, p->reply, &ends[1]);
	expect_end(fd);
	close(fd);
}

static void call_stream(const endpoint *to, const plan *p)
{
	int fd = open_socket(to, SOCK_STREAM);

	if (connect(fd, &to->any, endpoint_length(to)))
		die("connect");
	open_account(&ends[0], fd);
	send_stream(fd, p, p->bytes, &ends[0]);
	recv_stream(fd, p, p->reply, &ends[0]);
	shutdown(fd, SHUT_WR);
	expect_end(fd);
	close(fd);
}

/* Datagrams go in rounds of a chunk, each answered by one byte, so that no queue overflows and none is lost. */
static void serve_datagrams(int fd, const plan *p)
{
	account *a = &ends[1];
	endpoint from;
	socklen_t length = sizeof(from);
	char first;

	if (recvfrom(fd, &first, 1, 0, &from.any, &length) != 1 || connect(fd, &from.any, length))
		die("first datagram");
	open_account(a, fd);
	a->received = 1;
	while (a->received < p->bytes + 1) {
		size_t round = 0, due = p->bytes + 1 - a->received;
		for (due = due < p->chunk ? due : p->chunk; round < due;) {
			ssize_t got = p->recv(fd, p->chunk);
			if (got < 0)
				die("receiving");
			round += (size_t)got;
		}
		a->received += round;
		a->sent += (size_t)send(fd, "", 1, 0);
	}
	close(fd);
}

static void call_datagrams(const endpoint *to, const plan *p)
{
	account *a = &ends[0];
	int fd = open_socket(to, SOCK_DGRAM);

	if (connect(fd, &to->any, endpoint_length(to)))
		die("connect");
	open_account(a, fd);
	a->sent = (size_t)send(fd, "", 1, 0);
	for (size_t left = p->bytes; left > 0;) {
		ssize_t sent = p->send(fd, left < p->chunk ? left : p->chunk);
		if (sent < 0)
			die("sending");
		left -= (size_t)sent;
		a->sent += (size_t)sent;
		ssize_t got = p->recv(fd, p->chunk);
		if (got != 1)
			die("acknowledgement");
		a->received += (size_t)got;
	}
	close(fd);
}

int run_transfer(const options *o)
{
	bool tcp = !strcmp(option(o, "--protocol", "tcp"), "tcp");
	endpoint at = parse_address(option(o, "--address", "127.0.0.1"), 0);
	plan p = {
		.send = find_send(option(o, "--send", "send")),
		.recv = find_recv(option(o, "--recv", "recv")),
		.bytes = (size_t)option_number(o, "--bytes", 1000000),
		.reply = (size_t)option_number(o, "--reply", 12345),
		.chunk = (size_t)option_number(o, "--chunk", tcp ? 16384 : 1200),
	};
	int fd, status;

	ends = mmap(NULL, 2 * sizeof(account), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tcp) {
		fd = open_listener(&at, 1);
	} else {
		fd = open_socket(&at, SOCK_DGRAM);
		if (bind(fd, &at.any, endpoint_length(&at)))
			die("bind");
		at = local_of(fd);
	}
	pid_t server = fork();
	if (server == 0) {
		if (tcp)
			serve_stream(fd, &p);
		else
			serve_datagrams(fd, &p);
		_exit(0);
	}
	close(fd);
	if (tcp)
		call_stream(&at, &p);
	else
		call_datagrams(&at, &p);
	if (waitpid(server, &status, 0) < 0 || status)
		return 2;
	printf("{");
	print_account("client", &ends[0], ",");
	print_account("server", &ends[1], "}\n");
	return 0;
}
