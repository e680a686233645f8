import type { Command } from 'commander';

/** Flags of `netmon capture`, as they are written. */
export interface CaptureFlags {
  readonly write: string;
  readonly interface: readonly string[];
  readonly filter?: string;
  readonly process?: string;
  readonly duration?: string;
  readonly last?: string;
  readonly promiscuous?: boolean;
}

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
