import { type Command, Option } from 'commander';
import type { Field } from '../cli/monitors/fields.ts';
import type { Answers } from '../cli/monitors/settings.ts';

/** Gives a command a flag for each field of a monitor. */
export function addFields(command: Command, fields: readonly Field[]): Command {
  for (const { name, coding, help } of fields) {
    if (coding.placeholder === null) {
      command.addOption(new Option(`--${name} [yes|no]`, help));
      command.addOption(new Option(`--no-${name}`, 'the same as no').hideHelp());
      continue;
    }
    const option = new Option(`--${name} <${coding.placeholder}>`, help);
    if (coding.many) option.argParser((text: string, before?: string[]) => [...(before ?? []), text]);
    command.addOption(option);
  }
  return command;
}

/** What was given of these fields. */
export function readAnswers(command: Command, fields: readonly Field[]): Answers {
  const given: Record<string, readonly string[]> = {};
  for (const { name } of fields) {
    const key = name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    if (command.getOptionValueSource(key) !== 'cli') continue;
    const value: unknown = command.getOptionValue(key);
    given[name] = Array.isArray(value) ? value.map(String) : [String(value)];
  }
  return given;
}
