import type { Command } from 'commander';
import type { CaptureFlags } from './capture.ts';

/** Adds what `netmon capture` takes. */
export function addCaptureCommand(command: Command): void {
  command
    .requiredOption('--write <FILE>', 'pcapng file to write; - for standard output')
    .option('--interface <NAME...>', 'interfaces to record; by default all that are up', [])
    .option('--filter <EXPR>', 'what to record, as tcpdump has it: "tcp port 443"')
    .option('--process <NAME|PID>', 'only packets that this process sends or receives')
    .option('--duration <DURATION>', 'how long, such as 10s; until Ctrl-C unless given')
    .option('--last <DURATION>', 'keep in memory, and write only the last of it when it ends')
    .option(
      '--on-alert',
      'write the last of it whenever the server raises an alert, to a file each, and go on',
    )
    .option('--after <DURATION>', 'with --on-alert, also what comes so long after it', '5s')
    .option('--server <URL>', 'with --on-alert, server whose alerts count (default: http://127.0.0.1:8080)')
    .option('--token-file <PATH>', 'file with the token that the server wants')
    .option('--promiscuous', 'also packets for other machines')
    .action(async (flags: CaptureFlags) => (await import('./capture.ts')).runCapture(flags));
}
