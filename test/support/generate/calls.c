// SPDX-License-Identifier: MIT
// Every way in which a process can move payload through a socket, under one name each.
#include "calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common.h"

#define LARGEST 65536
/* Messages of one sendmmsg or recvmmsg. */
#define BATCH 4

static char data[LARGEST];

static size_t at_most(size_t n)
{
	return n < LARGEST ? n : LARGEST;
}

static ssize_t send_by_send(int fd, size_t n)
{
	return send(fd, data, at_most(n), MSG_NOSIGNAL);
}

static ssize_t send_by_write(int fd, size_t n)
{
	return write(fd, data, at_most(n));
}

static int split(struct iovec out[2], size_t n)
{
	out[0] = (struct iovec){ data, at_most(n) / 2 };
	out[1] = (struct iovec){ data + at_most(n) / 2, at_most(n) - at_most(n) / 2 };
	return 2;
}

static ssize_t send_by_writev(int fd, size_t n)
{
	struct iovec parts[2];

	return writev(fd, parts, split(parts, n));
}

static ssize_t send_by_sendmsg(int fd, size_t n)
{
	struct iovec parts[2];
	struct msghdr m = { .msg_iov = parts, .msg_iovlen = (size_t)split(parts, n) };

	return sendmsg(fd, &m, MSG_NOSIGNAL);
}

static ssize_t send_by_sendmmsg(int fd, size_t n)
{
	struct mmsghdr messages[BATCH] = { 0 };
	struct iovec parts[BATCH];
	ssize_t sum = 0;
	int made = 0, done;

	for (size_t left = at_most(n), each = (left + BATCH - 1) / BATCH; left > 0; made++) {
		parts[made] = (struct iovec){ data, left < each ? left : each };
		messages[made].msg_hdr = (struct msghdr){ .msg_iov = &parts[made], .msg_iovlen = 1 };
		left -= parts[made].iov_len;
	}
	done = sendmmsg(fd, messages, (unsigned)made, MSG_NOSIGNAL);
	for (int i = 0; i < done; i++)
		sum += messages[i].msg_len;
	return done < 0 ? -1 : sum;
}

static ssize_t send_by_sendfile(int fd, size_t n)
{
	static int file = -1;
	off_t from = 0;

	if (file < 0) {
		file = memfd_create("payload", MFD_CLOEXEC);
		if (file < 0 || ftruncate(file, LARGEST))
			die("memfd");
	}
	return sendfile(fd, file, &from, at_most(n));
}

static int *own_pipe(void)
{
	static int ends[2];
	static pid_t owner;

	if (owner != getpid()) {
		if (pipe2(ends, O_CLOEXEC))
			die("pipe");
		owner = getpid();
	}
	return ends;
}

/* Out of a pipe into the socket. */
static ssize_t send_by_splice(int fd, size_t n)
{
	int *ends = own_pipe();
	ssize_t held = write(ends[1], data, at_most(n)), sum = 0;

	while (sum < held) {
		ssize_t moved = splice(ends[0], NULL, fd, NULL, (size_t)(held - sum), 0);
		if (moved <= 0)
			return -1;
		sum += moved;
	}
	return sum;
}

static ssize_t send_by_zerocopy(int fd, size_t n)
{
	char control[256];
	struct msghdr notice = { .msg_control = control, .msg_controllen = sizeof(control) };
	int on = 1;
	ssize_t sent;

	setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &on, sizeof(on));
	sent = send(fd, data, at_most(n), MSG_NOSIGNAL | MSG_ZEROCOPY);
	/* The kernel's notices of completion wait in the error queue; they are no errors and no payload. */
	recvmsg(fd, &notice, MSG_ERRQUEUE | MSG_DONTWAIT);
	return sent;
}

static ssize_t send_by_uring(int fd, size_t n)
{
	int result = uring_send(fd, data, at_most(n));

	errno = result < 0 ? -result : 0;
	return result < 0 ? -1 : result;
}

static ssize_t recv_by_recv(int fd, size_t n)
{
	return recv(fd, data, at_most(n), 0);
}

static ssize_t recv_by_read(int fd, size_t n)
{
	return read(fd, data, at_most(n));
}

static ssize_t recv_by_readv(int fd, size_t n)
{
	struct iovec parts[2];

	return readv(fd, parts, split(parts, n));
}

static ssize_t recv_by_recvfrom(int fd, size_t n)
{
	endpoint from;
	socklen_t length = sizeof(from);

	return recvfrom(fd, data, at_most(n), 0, &from.any, &length);
}

static ssize_t recv_by_recvmsg(int fd, size_t n)
{
	struct iovec parts[2];
	struct msghdr m = { .msg_iov = parts, .msg_iovlen = (size_t)split(parts, n) };

	return recvmsg(fd, &m, 0);
}

static ssize_t recv_by_recvmmsg(int fd, size_t n)
{
	struct mmsghdr messages[BATCH] = { 0 };
	struct iovec parts[BATCH];
	ssize_t sum = 0;
	int got;

	for (int i = 0; i < BATCH; i++) {
		parts[i] = (struct iovec){ data, at_most(n) };
		messages[i].msg_hdr = (struct msghdr){ .msg_iov = &parts[i], .msg_iovlen = 1 };
	}
	got = recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL);
	for (int i = 0; i < got; i++)
		sum += messages[i].msg_len;
	return got < 0 ? -1 : sum;
}

/* Looks at everything once before it takes it: what is looked at counts once. */
static ssize_t recv_by_peek(int fd, size_t n)
{
	if (recv(fd, data, at_most(n), MSG_PEEK) < 0)
		return -1;
	return recv(fd, data, at_most(n), 0);
}

/* Out of the socket into a pipe. */
static ssize_t recv_by_splice(int fd, size_t n)
{
	int *ends = own_pipe();
	ssize_t moved = splice(fd, NULL, ends[1], NULL, at_most(n), 0);

	for (ssize_t left = moved; left > 0;) {
		ssize_t taken = read(ends[0], data, at_most((size_t)left));
		if (taken <= 0)
			return -1;
		left -= taken;
	}
	return moved;
}

static ssize_t recv_by_uring(int fd, size_t n)
{
	int result = uring_recv(fd, data, at_most(n));

	errno = result < 0 ? -result : 0;
	return result < 0 ? -1 : result;
}

static const struct {
	const char *name;
	send_call call;
} sends[] = {
	{ "send", send_by_send },         { "write", send_by_write },       { "writev", send_by_writev },
	{ "sendmsg", send_by_sendmsg },   { "sendmmsg", send_by_sendmmsg }, { "sendfile", send_by_sendfile },
	{ "splice", send_by_splice },     { "zerocopy", send_by_zerocopy }, { "uring", send_by_uring },
};

static const struct {
	const char *name;
	recv_call call;
} recvs[] = {
	{ "recv", recv_by_recv },         { "read", recv_by_read },       { "readv", recv_by_readv },
	{ "recvfrom", recv_by_recvfrom }, { "recvmsg", recv_by_recvmsg }, { "recvmmsg", recv_by_recvmmsg },
	{ "peek", recv_by_peek },         { "splice", recv_by_splice },   { "uring", recv_by_uring },
};

send_call find_send(const char *name)
{
	for (size_t i = 0; i < sizeof(sends) / sizeof(sends[0]); i++)
		if (!strcmp(sends[i].name, name))
			return sends[i].call;
	errno = EINVAL;
	die(name);
}

recv_call find_recv(const char *name)
{
	for (size_t i = 0; i < sizeof(recvs) / sizeof(recvs[0]); i++)
		if (!strcmp(recvs[i].name, name))
			return recvs[i].call;
	errno = EINVAL;
	die(name);
}
