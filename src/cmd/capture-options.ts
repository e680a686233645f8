import type { Command } from 'commander';
import type { CaptureFlags } from './capture.ts';

/** Adds what `netmon capture` takes. */
export function addCaptureCommand(command: Command): void {
  command
    .requiredOption('--write <FILE>', 'pcapng file to write; - for standard output')
    .option('--interface <NAME...>', 'interfaces to record; by default all that are up', [])
    .option('--filter <EXPR>', 'what to record, as tcpdump has it: "tcp port 443"')
    .option('--process <NAME|PID>', 'only packets that this process sends or receives')
    .option('--duration <DURATION>', 'how long; until Ctrl-C unless given')
    .option('--last <DURATION>', 'keep in memory, and write only the last of it when it ends')
    .option('--promiscuous', 'also packets for other machines')
    .action(async (flags: CaptureFlags) => (await import('./capture.ts')).runCapture(flags));
}
