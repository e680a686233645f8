import assert from 'node:assert/strict';
import { it } from 'node:test';
import { missing } from '../support/needs.ts';
import { type DurabilityOptions, runDurability } from './durability.ts';

const none = { kills: 0, cuts: 0, obstacles: false, agents: 3, rate: 1000, diskMegabytes: 200 };

/** A test that is the short form of a part of the durability run. */
export function testDurability(name: string, options: Partial<DurabilityOptions>): void {
  const skip = missing('root', 'namespaces', 'diskImages');
  it(name, { skip }, async (t) => {
    let output = '';
    const isWell = await runDurability({ ...none, ...options }, (text) => {
      output += text;
    });
    t.diagnostic(output);
    assert.ok(isWell, output);
  });
}
