import type { Command } from 'commander';

/** Adds what `netmon replay` takes. */
export function addReplayCommand(command: Command): void {
  command
    .argument('<FILE>', 'pcap or pcapng, also packed by gzip or zstd; - for standard input')
    .option('--json', 'each record as a line of JSON, the summary last')
    .option('--csv', 'the records as one CSV table')
    .option('--html <REPORT>', 'write a report with charts to this file, a page that needs nothing else')
    .option('--type <TYPES>', 'with --json or --csv: http, dns, tls, flow, alert; all unless given')
    .option('--filter <EXPR>', 'take only packets that match, in the syntax of pcap-filter(7)')
    .option('--mask', 'replace query strings, credentials and session tokens by ***')
    .action(async (path: string, options) => {
      process.exitCode = await (await import('./replay.ts')).runReplay(path, options);
    });
}
