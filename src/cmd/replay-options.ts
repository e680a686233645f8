import type { Command } from 'commander';

/** Adds what `netmon replay` takes. */
export function addReplayCommand(command: Command): void {
  command
    .argument('<FILE>', 'capture file, also packed by gzip or zstd; - for standard input')
    .option('--json', 'every record as JSON, one a line, the summary last')
    .option('--mask', 'replace query strings, credentials and session tokens by ***')
    .action(async (path: string, options) => {
      process.exitCode = await (await import('./replay.ts')).runReplay(path, options);
    });
}
