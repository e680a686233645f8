import { type Command, CommanderError } from 'commander';
import { describeError, NetmonError } from '../base/errors.ts';
import { escapeText } from '../cli/escape.ts';

/** Longest that is said of a failure; a server may say more. */
const maxText = 2000;

/**
 * Says on standard error, in one line, what went wrong; the answer is the exit code. `program` and the words that it was
 * called with tell whose help has what was missed.
 */
export function reportFailure(
  error: unknown,
  program: Command | null = null,
  words: readonly string[] = [],
): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    // The help was printed, as there is no subcommand.
    if (error.code === 'commander.help') return new NetmonError('NM_BAD_FLAG', '').exit;
    const text = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
    process.stderr.write(
      `netmon: ${escapeText(text)} (${findCommand(program, words)} --help lists what there is)\n`,
    );
    return new NetmonError('NM_BAD_FLAG', text).exit;
  }
  if (error instanceof NetmonError) {
    const text = escapeText(describeError(error));
    process.stderr.write(`netmon: ${text.length > maxText ? `${text.slice(0, maxText)}…` : text}\n`);
    return error.exit;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`netmon: internal error: ${stack.split('\n').map(escapeText).join('\n')}\n`);
  return new NetmonError('NM_INTERNAL', '').exit;
}

/** `netmon monitor add`, as far as the words name commands. */
function findCommand(program: Command | null, words: readonly string[]): string {
  const names = ['netmon'];
  let command = program;
  for (const word of words) {
    const next = command?.commands.find((each) => each.name() === word || each.aliases().includes(word));
    if (!next) break;
    names.push(next.name());
    command = next;
  }
  return names.join(' ');
}
