// The short form of the soak. What memory does in so short a time says little, so its bound is wide here.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { missing } from '../support/needs.ts';
import { judge, runSoak } from './soak.ts';

const skip = missing('root', 'gcc', 'namespaces', 'bpf');

it('3,000 connections a second for 25 s are all accounted for', { skip }, async (t) => {
  const databaseLimitBytes = 100e6;
  const result = await runSoak({ seconds: 25, databaseLimitBytes });
  t.diagnostic(JSON.stringify(result));
  assert.deepEqual(judge(result, { growth: 1, databaseLimitBytes }), []);
});
