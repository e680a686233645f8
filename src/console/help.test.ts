import assert from 'node:assert/strict';
import { it } from 'node:test';
import { kindNames } from '../cli/monitors/probe-fields.ts';
import { listFields } from '../cli/monitors/settings.ts';
import { consoleCommands } from './commands.ts';
import { describeCommands } from './help.ts';

it('lists every command, and of each what it takes', () => {
  const all = describeCommands([], 80).join('\n');
  for (const [name, { usage }] of Object.entries(consoleCommands)) {
    assert.match(all, new RegExp(`^  ${name} `, 'm'));
    assert.ok(describeCommands([name], 80).some((line) => line.includes(usage)));
  }
});

it('lists every setting of a kind whole, in a narrow terminal as well', () => {
  for (const width of [80, 120])
    for (const kind of kindNames) {
      const lines = describeCommands(['add', kind], width);
      const text = lines.join(' ').replace(/\s+/g, ' ');
      for (const { name, help } of listFields(kind)) assert.ok(text.includes(help), `${kind} ${name}`);
      assert.ok(lines.every((line) => line.length <= width));
    }
});

it('says what there is in place of what there is not', () => {
  assert.throws(() => describeCommands(['wacth'], 80), /"wacth" is no command/);
  assert.throws(() => describeCommands(['add', 'gopher'], 80), /expected one of http, https, icmp/);
});
