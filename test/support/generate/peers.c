// SPDX-License-Identifier: MIT
// One unconnected UDP socket that talks with several peers, a different amount with each.
#include "common.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST 64
#define SIZE 500

static char data[SIZE];

/* Peer i gets i+2 datagrams of 500 bytes and answers each with one of 100. */
static void serve_peer(int fd, int datagrams)
{
	for (int i = 0; i < datagrams; i++) {
		endpoint from;
		socklen_t length = sizeof(from);
		if (recvfrom(fd, data, sizeof(data), 0, &from.any, &length) != SIZE)
			die("recvfrom");
		if (sendto(fd, data, 100, 0, &from.any, length) != 100)
			die("sendto");
	}
	_exit(0);
}

int run_peers(const options *o)
{
	endpoint like = parse_address(option(o, "--address", "127.0.0.1"), 0);
	int count = (int)option_number(o, "--count", 4);
	endpoint peers[MOST];
	int fd = open_socket(&like, SOCK_DGRAM);

	if (count > MOST || bind(fd, &like.any, endpoint_length(&like)))
		die("bind");
	for (int i = 0; i < count; i++) {
		int peer = open_socket(&like, SOCK_DGRAM);
		if (bind(peer, &like.any, endpoint_length(&like)))
			die("bind");
		peers[i] = local_of(peer);
		if (fork() == 0) {
			close(fd);
			serve_peer(peer, i + 2);
		}
		close(peer);
	}
	endpoint own = local_of(fd);
	printf("{\"pid\":%d,\"start\":%llu,\"local\":\"%s\",\"peers\":[", getpid(), (unsigned long long)start_ticks(),
	       text_of(&own));
	for (int i = 0; i < count; i++) {
		for (int turn = 0; turn < i + 2; turn++) {
			if (sendto(fd, data, SIZE, 0, &peers[i].any, endpoint_length(&peers[i])) != SIZE)
				die("sendto");
			endpoint from;
			socklen_t length = sizeof(from);
			if (recvfrom(fd, data, sizeof(data), 0, &from.any, &length) != 100)
				die("recvfrom");
		}
		printf("%s{\"remote\":\"%s\",\"sent\":%d,\"received\":%d,\"datagrams\":%d}", i ? "," : "", text_of(&peers[i]),
		       (i + 2) * SIZE, (i + 2) * 100, i + 2);
	}
	while (wait(NULL) > 0)
		;
	close(fd);
	printf("]}\n");
	return 0;
}
