import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOtherPath } from './paths.ts';

const target = '10.0.0.9';
/** A word for each hop: addresses with `|` between them, `-` for no answer. */
const path = (text: string) =>
  text.split(' ').map((hop, i) => ({
    ttl: i + 1,
    addresses: hop === '-' ? [] : hop.split('|'),
    name: null,
    rtt_ms: [],
  }));

for (const [before, now, expected, why] of [
  ['a b 10.0.0.9', 'a b 10.0.0.9', false, 'the same'],
  ['a b 10.0.0.9', 'a c 10.0.0.9', true, 'another router'],
  ['a b 10.0.0.9', 'a - 10.0.0.9', false, 'an answer that is lost'],
  ['a - 10.0.0.9', 'a c 10.0.0.9', false, 'an answer that was lost before'],
  ['a b|c 10.0.0.9', 'a c 10.0.0.9', false, 'one way of a fork'],
  ['a b 10.0.0.9', 'a b c 10.0.0.9', true, 'farther'],
  ['a - - 10.0.0.9', 'a - 10.0.0.9', true, 'nearer, with silence in between'],
  ['a b', 'a b 10.0.0.9', false, 'reached again'],
] as const)
  test(`${why} is ${expected ? 'another' : 'the same'} path`, () => {
    assert.equal(isOtherPath(path(before), path(now), target), expected);
  });
