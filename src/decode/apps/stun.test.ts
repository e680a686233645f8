import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { analyze } from '../analyze.fixture.ts';
import { buildUdp, hex, join } from '../packet/build.fixture.ts';

const from = '192.0.2.1:40000';
const to = '198.51.100.2:40001';
const binding = buildUdp({ from, to }, join(hex('0001 0000 2112a442'), new Uint8Array(12)));
const media = buildUdp({ from: to, to: from }, join(hex('80 60 0001 00000001 12345678'), new Uint8Array(40)));
const nameOf = (frames: readonly Uint8Array[]): string | null => analyze(frames).flows[0].application;

describe('stun', () => {
  it('is media once some have passed on the same ports', () => {
    assert.equal(nameOf([binding, media, media]), 'stun');
    assert.equal(nameOf([binding, media, media, media, binding]), 'rtp');
  });

  it('goes on as STUN when what follows is nothing known', () => {
    const other = buildUdp({ from, to }, hex('15 00 00 00'));
    assert.equal(nameOf([binding, other, binding]), 'stun');
  });
});
