import assert from 'node:assert/strict';
import { it } from 'node:test';
import { describeLoss } from './describe-loss.ts';

it('says what a gap lost, by kind as far as that is known', () => {
  const cases = [
    [{ lost: 4, lost_by: { failure: 1, connection: 3 } }, '3 connections, 1 failure'],
    [{ lost: 4, lost_by: { probe: 1 } }, '1 round, 3 of unknown kind'],
    [{ lost: 2, lost_by: null }, '2 of unknown kind'],
    [{ lost: 0, lost_by: null }, 'an unknown number of records'],
  ] as const;
  for (const [gap, text] of cases) assert.equal(describeLoss(gap), text);
});
