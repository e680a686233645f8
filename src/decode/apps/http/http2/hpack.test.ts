import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hex, join } from '../../../packet/build.fixture.ts';
import { HpackDecoder } from './hpack.ts';
import { decodeHuffman } from './huffman.ts';

function decode(decoder: HpackDecoder, block: Uint8Array): [boolean, Record<string, string>] {
  const fields: Record<string, string> = {};
  const good = decoder.decode(block, 0, block.length, (name, value) => {
    fields[name] = value;
  });
  return [good, fields];
}

const get = { ':method': 'GET', ':path': '/', ':authority': 'www.example.com' };

describe('HPACK', () => {
  it('reads the requests of RFC 7541 C.3 and C.4, with and without Huffman codes', () => {
    const plain = [
      '82 86 84 41 0f 77 77 77 2e 65 78 61 6d 70 6c 65 2e 63 6f 6d',
      '82 86 84 be 58 08 6e 6f 2d 63 61 63 68 65',
      '82 87 85 bf 40 0a 63 75 73 74 6f 6d 2d 6b 65 79 0c 63 75 73 74 6f 6d 2d 76 61 6c 75 65',
    ];
    const coded = [
      '82 86 84 41 8c f1 e3 c2 e5 f2 3a 6b a0 ab 90 f4 ff',
      '82 86 84 be 58 86 a8 eb 10 64 9c bf',
      '82 87 85 bf 40 88 25 a8 49 e9 5b a9 7d 7f 89 25 a8 49 e9 5b b8 e8 b4 bf',
    ];
    for (const blocks of [plain, coded]) {
      const decoder = new HpackDecoder();
      const fields = blocks.map((block) => decode(decoder, hex(block)));
      assert.deepEqual(fields, [
        [true, get],
        [true, get],
        [true, { ...get, ':path': '/index.html' }],
      ]);
    }
  });

  it('reads the answers of RFC 7541 C.6, whose table of 256 bytes throws entries out', () => {
    const decoder = new HpackDecoder();
    const blocks = [
      // 3f e1 01: the table has 256 bytes.
      '3f e1 01 48 82 64 02 58 85 ae c3 77 1a 4b 61 96 d0 7a be 94 10 54 d4 44 a8 20 05 95 04 0b 81 66 e0 82 a6 2d 1b ff 6e 91 9d 29 ad 17 18 63 c7 8f 0b 97 c8 e9 ae 82 ae 43 d3',
      '48 83 64 0e ff c1 c0 bf',
      '88 c1 61 96 d0 7a be 94 10 54 d4 44 a8 20 05 95 04 0b 81 66 e0 84 a6 2d 1b ff c0 5a 83 9b d9 ab 77 ad 94 e7 82 1d d7 f2 e6 c7 b3 35 df df cd 5b 39 60 d5 af 27 08 7f 36 72 c1 ab 27 0f b5 29 1f 95 87 31 60 65 c0 03 ed 4e e5 b1 06 3d 50 07',
    ];
    assert.deepEqual(
      blocks.map((block) => decode(decoder, hex(block))),
      [
        [true, { ':status': '302' }],
        [true, { ':status': '307' }],
        [true, { ':status': '200' }],
      ],
    );
    // Entries 62 and 63 are fields that are not read; 65 was thrown out.
    assert.deepEqual(decode(decoder, hex('be bf')), [true, {}]);
    assert.equal(decode(decoder, hex('c1'))[0], false);
  });

  it('does not guess at entries from blocks that were missed, and knows those added since', () => {
    const decoder = new HpackDecoder();
    decode(decoder, hex('41 01 61'));
    decoder.lose();
    assert.deepEqual(decode(decoder, hex('82 be')), [true, { ':method': 'GET' }]);
    assert.deepEqual(decode(decoder, hex('41 01 62')), [true, { ':authority': 'b' }]);
    assert.deepEqual(decode(decoder, hex('be bf')), [true, { ':authority': 'b' }]);
  });

  it('refuses what breaks the format', () => {
    const broken = {
      'index 0': '80',
      'an index beyond the table': 'be',
      'a number without an end': 'ff 80 80',
      'a number too large': 'ff ff ff ff ff ff 0f',
      'a string longer than the block': '41 05 61',
      'no string at all': '41',
      'a wrong Huffman code': '41 84 ff ff ff ff',
      'padding of zeros': '41 81 18',
    };
    for (const [what, block] of Object.entries(broken))
      assert.equal(decode(new HpackDecoder(), hex(block))[0], false, what);
  });

  it('bounds its table whatever size the sender says', () => {
    const decoder = new HpackDecoder();
    // 3f e1 ff ff 07: 16 MB; then 10,000 hosts of 127 bytes.
    assert.equal(decode(decoder, hex('3f e1 ff ff 07'))[0], true);
    const entry = join(hex('41 7f 00'), new Uint8Array(127).fill(0x61));
    for (let i = 0; i < 10_000; i++) decode(decoder, entry);
    const [good, fields] = decode(decoder, hex('ff e3 01'));
    assert.deepEqual([good, fields[':authority']?.length], [true, 127]);
    // Entry 62 + 65,536 / 168 is beyond what is kept, which is not the sender's fault.
    assert.deepEqual(decode(decoder, hex('ff 83 08')), [true, {}]);
  });

  it('decodes nothing that is no code, and never writes beyond eight fifths', () => {
    let state = 1;
    for (let round = 0; round < 20_000; round++) {
      const bytes = Uint8Array.from({ length: 16 }, () => {
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        return state & 0xff;
      });
      const into = new Uint8Array(26);
      assert.ok(decodeHuffman(bytes, 0, bytes.length, into) <= 25);
      decode(new HpackDecoder(), bytes);
    }
  });
});
