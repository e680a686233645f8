import { CommanderError } from 'commander';
import { describeError, NetmonError } from '../base/errors.ts';
import { escapeText } from '../cli/escape.ts';

/** Says on standard error, in one line, what went wrong; the answer is the exit code. */
export function reportFailure(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    // The help was printed, as there is no subcommand.
    if (error.code === 'commander.help') return new NetmonError('NM_BAD_FLAG', '').exit;
    const text = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
    process.stderr.write(`netmon: ${escapeText(text)} (netmon --help lists what there is)\n`);
    return new NetmonError('NM_BAD_FLAG', text).exit;
  }
  if (error instanceof NetmonError) {
    process.stderr.write(`netmon: ${escapeText(describeError(error))}\n`);
    return error.exit;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`netmon: internal error: ${stack.split('\n').map(escapeText).join('\n')}\n`);
  return new NetmonError('NM_INTERNAL', '').exit;
}
