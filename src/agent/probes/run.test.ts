import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NetmonError } from '../../base/errors.ts';
import { explainUnusable, makeReason } from './run.ts';

test('what this machine has run out of is the fault of the agent, not of the target', () => {
  assert.equal(makeReason('EMFILE', '', 'connect').phase, 'agent');
  assert.equal(makeReason('ECONNREFUSED', '', 'connect').phase, 'connect');
});

test('what cannot be opened says which errno it was', async () => {
  const refused = Promise.reject(new NetmonError('NM_SYSTEM', 'unable to open a raw socket: EPERM'));
  assert.deepEqual(await explainUnusable('ICMP', refused), {
    code: 'EPERM',
    message: 'ICMP cannot be used here: unable to open a raw socket: EPERM',
    phase: 'agent',
  });
  assert.equal(await explainUnusable('ICMP', Promise.resolve()), null);
});
