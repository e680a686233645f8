import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hex, randomBytes } from './hex.fixture.ts';
import { makeDiagDecoder } from './inet-diag.ts';
import { readError, readText, visitAttributes, visitMessages } from './netlink.ts';
import { decodeAddress, decodeLink, visitStats } from './rtnetlink.ts';

/** An error and a message with two attributes, the first of 5 bytes and so padded. */
const two = hex(`
  14000000 0200 0000 07000000 00000000  # header: 20 bytes, NLMSG_ERROR, sequence 7
  91ffffff                              # -111
  24000000 1400 0200 08000000 2a000000  # header: 36 bytes, type 20, NLM_F_MULTI, sequence 8
  01000000                              # fixed part
  0500 0180 ff 000000                   # attribute 1 with NLA_F_NESTED, 1 byte
  0800 0300 6c6f00ff                    # attribute 3: "lo" and what follows its end
`);

describe('netlink', () => {
  it('visits messages and attributes, flags and padding left out', () => {
    const seen: unknown[] = [];
    const whole = visitMessages(two, two.byteLength, (message) => {
      if (message.type === 2) seen.push(readError(two, message));
      else {
        visitAttributes(two, message.from + 4, message.end, (type, from, end) =>
          seen.push([type, end - from]),
        );
      }
    });
    assert.equal(whole, true);
    assert.deepEqual(seen, [111, [1, 1], [3, 4]]);
    assert.equal(readText(two, 52, 56), 'lo');
  });

  it('says that a message is not whole, at each length at which it is not', () => {
    for (let length = 0; length <= two.byteLength; length++) {
      const messages: number[] = [];
      const whole = visitMessages(two, length, (message) => messages.push(message.type));
      assert.equal(whole, length === 0 || length === 20 || length === 56, `at ${length}`);
      assert.equal(messages.length, length >= 56 ? 2 : length >= 20 ? 1 : 0);
    }
  });

  it('reads a name that is no UTF-8 byte by byte', () => {
    assert.equal(readText(hex('c3bc00'), 0, 3), 'ü');
    assert.equal(readText(hex('41ff42'), 0, 3), 'AÿB');
  });

  it('is not thrown off, or held up, by any bytes', () => {
    const decodeSocket = makeDiagDecoder();
    for (let seed = 1; seed <= 3000; seed++) {
      const view = randomBytes(16 + (seed % 400), seed);
      if (seed % 2) view.setUint32(0, view.byteLength, true);
      visitMessages(view, view.byteLength, ({ from, end }) => {
        decodeLink(view, from, end);
        decodeAddress(view, from, end);
        visitStats(view, from, end, () => {});
        decodeSocket(view, from, end);
      });
    }
  });
});
