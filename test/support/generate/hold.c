// SPDX-License-Identifier: MIT
// Long-lived TCP connections to `serve`: `hold` keeps many, some of them active; `pulse` makes single events whose
// times are printed, so that a watcher's delay can be measured.
#include "common.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static bool input_ended(void)
{
	struct pollfd p = { .fd = 0, .events = POLLIN };

	return poll(&p, 1, 0) != 0;
}

static int connect_to(const endpoint *to)
{
	int fd = open_socket(to, SOCK_STREAM);

	if (connect(fd, &to->any, endpoint_length(to)))
		die("connect");
	return fd;
}

/*
 * --count connections, of which the first --active send --bytes each, --rate times a second, until input ends. With
 * --step they are quiet until a line comes.
 */
int run_hold(const options *o)
{
	endpoint to = parse_address(option(o, "--address", "127.0.0.1"), (int)option_number(o, "--port", 0));
	long count = option_number(o, "--count", 100), active = option_number(o, "--active", 0);
	long rate = option_number(o, "--rate", 10);
	size_t bytes = (size_t)option_number(o, "--bytes", 100);
	int *fds = calloc((size_t)count, sizeof(int));
	unsigned long long sent = 0;
	struct rlimit files;
	char line[80];

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	for (long i = 0; i < count; i++)
		fds[i] = connect_to(&to);
	snprintf(line, sizeof(line), "{\"pid\":%d,\"start\":%llu,\"held\":%ld}", getpid(),
		 (unsigned long long)start_ticks(), count);
	if (option_flag(o, "--step")) {
		active = step(line) ? active : 0;
	} else {
		puts(line);
		fflush(stdout);
	}
	if (!active) {
		struct pollfd p = { .fd = 0, .events = POLLIN };
		poll(&p, 1, -1);
	}
	uint64_t begin = now_us();
	for (uint64_t tick = 0; active && !input_ended(); tick++) {
		sleep_until_us(begin + tick * 1000000 / (uint64_t)rate);
		for (long i = 0; i < active; i++) {
			send_all(fds[i], bytes);
			sent += bytes;
		}
	}
	printf("{\"pid\":%d,\"sent\":%llu}\n", getpid(), sent);
	return 0;
}

/* --count new connections, --gap-us apart, each kept for --hold-us; prints the local port and the time of each. */
int run_pulse(const options *o)
{
	endpoint to = parse_address(option(o, "--address", "127.0.0.1"), (int)option_number(o, "--port", 0));
	long count = option_number(o, "--count", 100), gap = option_number(o, "--gap-us", 30000);
	int keep = (int)option_number(o, "--keep", 20);
	int *fds = malloc((size_t)count * sizeof(int));

	for (long i = 0; i < count; i++) {
		/* Uneven gaps, so that no period of the watcher hides. */
		sleep_until_us(now_us() + (uint64_t)(gap + (i * 7919) % gap));
		uint64_t at = wall_us();
		fds[i] = connect_to(&to);
		endpoint own = local_of(fds[i]);
		printf("{\"port\":%d,\"at_us\":%llu}\n", endpoint_port(&own), (unsigned long long)at);
		fflush(stdout);
		if (i >= keep)
			close(fds[i - keep]);
	}
	sleep_until_us(now_us() + 1000000);
	return 0;
}
