import { NetmonError } from '../base/errors.ts';
import type { Field } from '../cli/monitors/fields.ts';
import { kindForms } from '../cli/monitors/probe-fields.ts';
import { listFields, readKind } from '../cli/monitors/settings.ts';
import { type ConsoleCommand, consoleCommands } from './commands.ts';

/** The command of that name. Throws NM_BAD_FLAG. */
export function findCommand(name: string): ConsoleCommand {
  const command = Object.hasOwn(consoleCommands, name) ? consoleCommands[name] : undefined;
  if (command) return command;
  throw new NetmonError('NM_BAD_FLAG', `${JSON.stringify(name)} is no command: "help" lists what there is`);
}

/** Lines of `help`, `help COMMAND` and `help add KIND`. Throws NM_BAD_FLAG for what there is not. */
export function describeCommands([name, kind]: readonly string[], width: number): string[] {
  if (name === undefined) return listCommands();
  const { usage, help } = findCommand(name);
  const lines = [`  ${usage}`, `  ${help}`];
  if (name !== 'add' && name !== 'edit') return lines;
  if (kind === undefined)
    return [...lines, `  "help ${name} KIND" lists the settings of a kind, as "help ${name} tcp" does`];
  return [...lines, '', ...describeKind(kind, width)];
}

function listCommands(): string[] {
  return [
    ...Object.entries(consoleCommands).map(([name, { help }]) => `  ${name.padEnd(12)} ${help}`),
    '  help         this, or with a command what it takes',
    '  quit         end the console (or Ctrl-D); monitors go on',
    'A monitor is named by its id or name, and @STATION where several have it.',
  ];
}

/** Columns before what a setting is. */
const indent = 26;

function describeKind(text: string, width: number): string[] {
  const kind = readKind(text);
  const { title, target } = kindForms[kind];
  return [
    `  ${title}: ${target.placeholder} such as ${target.example}`,
    ...listFields(kind).flatMap((field) => describeField(field, Math.max(20, width - indent - 1))),
  ];
}

function describeField({ name, coding: { placeholder }, help }: Field, width: number): string[] {
  const flag = placeholder === null ? `  --[no-]${name}` : `  --${name} ${placeholder}`;
  const lines = wrap(help, width);
  const first = flag.length < indent ? [flag.padEnd(indent) + lines.shift()] : [flag];
  return [...first, ...lines.map((line) => ' '.repeat(indent) + line)];
}

/** Words in lines of that width at most; a longer word has a line of its own. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
