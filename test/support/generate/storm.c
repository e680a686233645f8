// SPDX-License-Identifier: MIT
// Many short TCP connections at a rate, from one process or from a process each, with failures among them.
#include "common.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
	int pid, port, error;
} outcome;

typedef struct {
	endpoint to, refused, reset;
	/* Each k-th connection goes where it is refused, or reset; 0 for none. */
	long refused_every, reset_every;
	long hold_us;
	size_t bytes;
	int spread;
} plan;

/* Connections also alternate between this many loopback addresses, so that the port range suffices. */
static void spread_over(endpoint *to, const plan *p, long turn)
{
	if (p->spread > 1 && to->any.sa_family == AF_INET)
		to->v4.sin_addr.s_addr = htonl(ntohl(to->v4.sin_addr.s_addr) + (uint32_t)(turn % p->spread));
}

static void wait_for_reset(int fd, outcome *out)
{
	char byte;

	if (recv(fd, &byte, 1, 0) < 0)
		out->error = errno;
}

static void connect_once(const plan *p, long turn, outcome *out)
{
	bool refused = p->refused_every && turn % p->refused_every == 0;
	bool reset = !refused && p->reset_every && turn % p->reset_every == 0;
	endpoint to = refused ? p->refused : reset ? p->reset : p->to;
	endpoint own;
	int fd;

	spread_over(&to, p, turn);
	fd = open_socket(&to, SOCK_STREAM);
	out->pid = getpid();
	if (connect(fd, &to.any, endpoint_length(&to))) {
		out->error = errno;
		close(fd);
		return;
	}
	own = local_of(fd);
	out->port = endpoint_port(&own);
	if (reset)
		wait_for_reset(fd, out);
	else if (p->bytes)
		send_all(fd, p->bytes);
	if (p->hold_us)
		sleep_until_us(now_us() + (uint64_t)p->hold_us);
	close(fd);
}

/* What an executed child is: `storm --child FD --turn I`, with the caller's other options. */
static void run_in_new_process(const options *o, const plan *p, long turn, outcome *all, int file, bool execute)
{
	pid_t child = fork();
	char path[4096], number[24], index[24], *argv[64] = { "generate", "storm", "--child", number, "--turn", index };
	int n = 6;

	if (child != 0)
		return;
	if (!execute) {
		connect_once(p, turn, &all[turn]);
		_exit(0);
	}
	snprintf(number, sizeof(number), "%d", file);
	snprintf(index, sizeof(index), "%ld", turn);
	for (int i = 0; i < o->argc && n < 63; i++)
		argv[n++] = o->argv[i];
	/* By its real path, so that the name of the process is the program's. */
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
	path[length < 0 ? 0 : length] = 0;
	execv(path, argv);
	_exit(2);
}

static void print_totals(const outcome *all, long count, uint64_t took, bool list)
{
	long ok = 0, refused = 0, reset = 0, other = 0;

	for (long i = 0; i < count; i++) {
		ok += all[i].error == 0;
		refused += all[i].error == ECONNREFUSED;
		reset += all[i].error == ECONNRESET;
		other += all[i].error && all[i].error != ECONNREFUSED && all[i].error != ECONNRESET;
	}
	printf("{\"pid\":%d,\"start\":%llu,\"count\":%ld,\"ok\":%ld,\"refused\":%ld,\"reset\":%ld,\"other\":%ld,\"took_us\":%llu",
	       getpid(), (unsigned long long)start_ticks(), count, ok, refused, reset, other, (unsigned long long)took);
	if (list) {
		printf(",\"connections\":[");
		for (long i = 0; i < count; i++)
			printf("%s[%d,%d,\"%s\"]", i ? "," : "", all[i].pid, all[i].port, errno_name(all[i].error));
		printf("]");
	}
	printf("}\n");
}

int run_storm(const options *o)
{
	const char *address = option(o, "--address", "127.0.0.1"), *each = option(o, "--each", "one");
	long count = option_number(o, "--count", 1000), rate = option_number(o, "--rate", 0);
	int file = (int)option_number(o, "--child", -1);
	size_t size = (size_t)count * sizeof(outcome);
	plan p = {
		.to = parse_address(address, (int)option_number(o, "--port", 0)),
		.refused = parse_address(address, (int)option_number(o, "--refused-port", 0)),
		.reset = parse_address(address, (int)option_number(o, "--reset-port", 0)),
		.refused_every = option_number(o, "--refused-every", 0),
		.reset_every = option_number(o, "--reset-every", 0),
		.hold_us = option_number(o, "--hold-us", 0),
		.bytes = (size_t)option_number(o, "--bytes", 0),
		.spread = (int)option_number(o, "--spread", 1),
	};

	if (file < 0 && ((file = memfd_create("outcomes", 0)) < 0 || ftruncate(file, (off_t)size)))
		die("memfd");
	outcome *all = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (all == MAP_FAILED)
		die("mmap");
	if (option(o, "--child", NULL)) {
		long turn = option_number(o, "--turn", 0);
		connect_once(&p, turn, &all[turn]);
		return 0;
	}
	uint64_t begin = now_us();
	for (long turn = 0; turn < count; turn++) {
		if (rate)
			sleep_until_us(begin + (uint64_t)turn * 1000000 / (uint64_t)rate);
		if (!strcmp(each, "one"))
			connect_once(&p, turn, &all[turn]);
		else
			run_in_new_process(o, &p, turn, all, file, !strcmp(each, "exec"));
		while (strcmp(each, "one") && waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
	while (wait(NULL) > 0)
		;
	print_totals(all, count, now_us() - begin, option_flag(o, "--list"));
	return 0;
}
