// The short form of the durability run (durability.ts).
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { missing } from '../support/needs.ts';
import { runDurability } from './durability.ts';

const skip = missing('root', 'namespaces', 'diskImages');

it('what is acknowledged outlives kills of the server and power cuts, and is stored once', {
  skip,
}, async (t) => {
  let output = '';
  const options = { kills: 3, cuts: 3, agents: 3, rate: 1000, diskMegabytes: 200 };
  const isWell = await runDurability(options, (text) => {
    output += text;
  });
  t.diagnostic(output);
  assert.ok(isWell, output);
});
