// SPDX-License-Identifier: MIT
// Makes network traffic of exactly known kind and amount, and prints what it did as lines of JSON.
#include "common.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

static const struct {
	const char *name;
	int (*run)(const options *o);
} commands[] = {
	{ "transfer", run_transfer }, /* bytes by one kind of call, both ends */
	{ "peers", run_peers },       /* one UDP socket and several peers */
	{ "serve", run_serve },       /* accepts, reads, answers */
	{ "storm", run_storm },       /* many short connections */
	{ "hold", run_hold },         /* many long connections, some of them active */
	{ "pulse", run_pulse },       /* single events at known times */
	{ "failure", run_failure },   /* a connection that fails or breaks */
	{ "quiet", run_quiet },       /* what looks like a failure and is none */
	{ "states", run_states },     /* sockets kept in each state */
};

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_TIMERSLACK, 1000);
	/* Never outlives the test that started it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(argv[1], commands[i].name)) {
			options o = { argc - 2, argv + 2 };
			return commands[i].run(&o);
		}
	fprintf(stderr, "usage: generate COMMAND [--OPTION VALUE ...]\n");
	return 2;
}
