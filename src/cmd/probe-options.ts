import type { Command } from 'commander';
import { roundFields } from '../cli/monitors/fields.ts';
import { kindForms, kindNames } from '../cli/monitors/probe-fields.ts';
import { addFields, readAnswers } from './field-options.ts';
import type { ProbeFlags } from './probe.ts';

/** Adds a subcommand for each kind of probe. */
export function addProbeCommands(probe: Command): void {
  for (const name of kindNames) {
    const { title, target, fields } = kindForms[name];
    const shown = [...fields, ...roundFields];
    const kind = probe
      .command(`${name} <${target.placeholder}>`)
      .description(`one round of ${title}, such as ${target.example}`)
      .option('--json', 'the result as one JSON document');
    addFields(kind, shown).action(async (text: string, flags: ProbeFlags, self: Command) =>
      (await import('./probe.ts')).runProbe(name, text, flags, readAnswers(self, shown)),
    );
  }
}
