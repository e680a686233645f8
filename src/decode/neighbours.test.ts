import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeNeighbour } from './neighbours.ts';

/** struct ndmsg with its attributes, as the kernel has answered. */
const message = (text: string): DataView =>
  new DataView(Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex')).buffer);
const decode = (text: string, cut = 0) => {
  const view = message(text);
  return decodeNeighbour(view, 0, view.byteLength - cut);
};

// family, pad; index 3; state; flags; type; NDA_DST
const reachable = '02 00 0000 03000000 0200 00 01  0800 0100 c0000201  0a00 0200 02fc00000005 0000';
const failed = '02 00 0000 03000000 2000 00 01  0800 0100 c0000202';
const incomplete = '0a 00 0000 02000000 0100 80 01  1400 0100 fe80000000000000 0000000000000001';

describe('a neighbour', () => {
  it('is lost while the kernel asks for it in vain', () => {
    assert.deepEqual(decode(reachable), { index: 3, ip: '192.0.2.1', isLost: false });
    assert.deepEqual(decode(failed), { index: 3, ip: '192.0.2.2', isLost: true });
    assert.deepEqual(decode(incomplete), { index: 2, ip: 'fe80::1', isLost: true });
  });

  it('is nothing without an address, of another family, or cut short', () => {
    assert.equal(decode('07 00 0000 03000000 2000 00 01  0800 0100 c0000202'), null);
    assert.equal(decode('02 00 0000 03000000 2000 00 01  0600 0100 c0000000'), null);
    for (let cut = 1; cut <= 20; cut++) assert.equal(decode(failed, cut), null);
  });
});
