import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hex, join } from '../packet/build.fixture.ts';
import { type ByteOrder, buildPcap, numbers, pcapngBlocks } from './build.fixture.ts';
import { CaptureReader } from './capture-reader.ts';

interface Seen {
  readonly bytes: string;
  readonly length: number;
  readonly linkType: number;
  readonly timeMs: number;
  readonly interfaceNumber: number;
}

/** Reads a file in pieces of that size; what came of it. */
function read(
  file: Uint8Array,
  piece = file.length,
  bufferBytes = 64,
): { seen: Seen[]; error: string | null } {
  const seen: Seen[] = [];
  const reader = new CaptureReader(({ bytes, start, end, length, linkType, timeMs, interfaceNumber }) => {
    seen.push({
      bytes: Buffer.from(bytes.subarray(start, end)).toString('hex'),
      length,
      linkType,
      timeMs,
      interfaceNumber,
    });
  }, bufferBytes);
  for (let at = 0; at < file.length; at += piece) reader.push(file.subarray(at, at + piece));
  reader.end();
  return { seen, error: reader.error };
}

const timeMs = 1_700_000_000_123.5;
const packets = [
  { bytes: hex('01 02 03'), timeMs },
  { bytes: hex(''), timeMs: timeMs + 1 },
  { bytes: hex('04 05 06 07 08'), timeMs: timeMs + 2, length: 1500 },
];
const orders: readonly ByteOrder[] = ['big', 'little'];
const told = (file: Uint8Array): string[] => read(file).seen.map(({ bytes, length }) => `${bytes} ${length}`);
const expected = ['010203 3', ' 0', '0405060708 1500'];

/** A pcapng file with a section in either order, both clocks, and every block that is passed over. */
function buildBoth(): Uint8Array {
  return join(
    ...orders.flatMap((order) => {
      const { block, section, describe, option, enhanced, obsolete, simple } = pcapngBlocks(order);
      const { u32 } = numbers(order);
      return [
        section(),
        describe(1),
        describe(113, option(9, hex('09'))),
        enhanced(0, 1_700_000_000_123_500n, hex('01 02 03')),
        block(5, join(u32(0), hex('00000000 00000000'))),
        enhanced(1, 1_700_000_000_123_500_000n, hex('04 05 06 07')),
        block(4, hex('00000000')),
        block(0x0000000a, hex('12345678')),
        block(0x40000bad, hex('0000 8126 6162 6300')),
        obsolete(1, 1_700_000_000_124_000_000n, hex('08')),
        simple(hex('09 0a')),
      ];
    }),
  );
}

describe('capture reader', () => {
  it('reads pcap in both byte orders, with micro- and nanoseconds and its variants', () => {
    for (const order of orders)
      for (const magic of [0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34, 0x1c0001ac, 0x1c0001ab]) {
        const { seen, error } = read(buildPcap(packets, { order, magic, linkType: 113 }));
        assert.equal(error, null);
        assert.deepEqual(
          seen.map((one) => `${one.bytes} ${one.length}`),
          expected,
          `${order} ${magic.toString(16)}`,
        );
        assert.deepEqual(
          seen.map((one) => [one.timeMs - timeMs, one.linkType, one.interfaceNumber]),
          [
            [0, 113, 0],
            [1, 113, 0],
            [2, 113, 0],
          ],
        );
      }
  });

  it('takes the lengths of old files in the order in which they wrote them', () => {
    assert.deepEqual(told(buildPcap(packets, { version: [2, 2] })), expected);
    assert.deepEqual(told(buildPcap(packets, { version: [2, 3] })), expected);
  });

  it('leaves out the bits above the link type, and what is beyond the snap length', () => {
    const { seen } = read(buildPcap(packets, { linkType: 0x54000001, snapLength: 2 }));
    assert.deepEqual(
      seen.map((one) => [one.bytes, one.linkType]),
      [
        ['0102', 1],
        ['', 1],
        ['0405', 1],
      ],
    );
  });

  it('reads sections in both byte orders, several interfaces with their own clocks, and old packet blocks', () => {
    const { seen, error } = read(buildBoth());
    assert.equal(error, null);
    const once = [
      ['010203', 3, 1, 0, 0],
      ['04050607', 4, 113, 0, 1],
      ['08', 1, 113, 0.5, 1],
      ['090a', 2, 1, 0.5, 0],
    ];
    assert.deepEqual(
      seen.map((one) => [one.bytes, one.length, one.linkType, one.timeMs - timeMs, one.interfaceNumber]),
      [
        ...once,
        ...once.map(([bytes, length, linkType, time, from]) => [
          bytes,
          length,
          linkType,
          time,
          Number(from) + 2,
        ]),
      ],
    );
  });

  it('counts time in powers of two and from an offset where an interface says so', () => {
    const { section, describe, option, enhanced } = pcapngBlocks('big');
    const options = join(option(9, hex('8a')), option(14, hex('00000000 00000064')), option(0, hex('')));
    const { seen } = read(join(section(), describe(1, options), enhanced(0, 1536n, hex('01'))));
    assert.equal(seen[0].timeMs, 101_500);
  });

  it('shows no time that has no year', () => {
    const { section, describe, option, enhanced } = pcapngBlocks('little');
    const file = join(section(), describe(1, option(9, hex('00'))), enhanced(0, 1n << 63n, hex('01')));
    assert.equal(read(file).seen[0].timeMs, 0);
  });

  it('takes as much of a simple packet as its interface captured', () => {
    const { section, describe, simple } = pcapngBlocks('little');
    const { seen } = read(join(section(), describe(1, hex(''), 2), simple(hex('01 02 00 00'), 9)));
    assert.deepEqual([seen[0].bytes, seen[0].length], ['0102', 9]);
  });

  it('finds the same packets however the file is cut into pieces', () => {
    for (const file of [buildPcap(packets), buildBoth()])
      for (let piece = 1; piece < 40; piece++) assert.deepEqual(read(file, piece), read(file));
  });

  it('counts what was whole before a file ends too early, and says where it ends', () => {
    for (const file of [buildPcap(packets), buildBoth()]) {
      const { seen } = read(file);
      let before = 0;
      for (let length = 0; length < file.length; length++) {
        const { seen: got, error } = read(file.subarray(0, length));
        assert.ok(got.length >= before);
        before = got.length;
        assert.deepEqual(got, seen.slice(0, got.length));
        if (error !== null)
          assert.match(error, /^(the file is empty|the file ends|neither).* \(at byte \d+\)$/);
      }
    }
    assert.equal(
      read(buildPcap(packets).subarray(0, -1)).error,
      'the file ends in the middle of a record, 20 bytes after its start (at byte 59)',
    );
  });

  it('says what a file is damaged by', () => {
    const { u32 } = numbers('little');
    const { block, section, describe, enhanced } = pcapngBlocks('little');
    const good = enhanced(0, 0n, hex('01'));
    const cases: readonly (readonly [Uint8Array, number, string])[] = [
      [hex(''), 0, 'the file is empty (at byte 0)'],
      [hex('7f 45 4c 46 02'), 0, 'neither pcap nor pcapng (at byte 0)'],
      [buildPcap([], { version: [3, 0] }), 0, 'pcap version 3.0 is not known (at byte 0)'],
      [
        join(buildPcap(packets.slice(0, 1)), u32(0), u32(0), u32(262_145), u32(1)),
        1,
        'a packet of 262145 captured bytes, more than 262144 (at byte 43)',
      ],
      [section([2, 0]), 0, 'pcapng version 2.0 is not known (at byte 0)'],
      [join(section(), u32(7), u32(13), u32(13)), 0, 'a block of 13 bytes (at byte 28)'],
      [
        join(section(), u32(7), u32(12), u32(16)),
        0,
        'the lengths before and after a block differ (at byte 28)',
      ],
      [
        join(section(), describe(1), u32(6), u32(0x7ffffffc), new Uint8Array(20)),
        0,
        'a block of 2147483644 bytes, more than 16777216 (at byte 48)',
      ],
      [
        join(u32(0x0a0d0d0a), u32(28), new Uint8Array(20)),
        0,
        'a section without the byte-order magic (at byte 0)',
      ],
      [
        join(section(), good, describe(1), good),
        1,
        'a packet of interface 0, which is not described (at byte 28)',
      ],
      [
        join(section(), describe(1), block(6, join(u32(0), u32(0), u32(0), u32(9), u32(9), u32(0))), good),
        1,
        'a packet of 9 bytes in a block that has fewer (at byte 48)',
      ],
      [join(section(), block(1, u32(1))), 0, 'an interface cut short (at byte 28)'],
    ];
    for (const [file, count, error] of cases) {
      const got = read(file);
      assert.deepEqual([got.seen.length, got.error], [count, error]);
    }
  });

  it('passes over a block of any size that holds no packet', () => {
    const { section, describe, enhanced } = pcapngBlocks('little');
    const { u32 } = numbers('little');
    const large = 17 * 1024 * 1024;
    const custom = join(u32(0xbad), u32(large), new Uint8Array(large - 12), u32(large));
    const { seen, error } = read(
      join(section(), describe(1), custom, enhanced(0, 0n, hex('01'))),
      1 << 20,
      1 << 20,
    );
    assert.deepEqual([seen.length, error], [1, null]);
  });

  it('takes any bytes after a beginning it knows', () => {
    let state = 1;
    const random = (): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 16;
    };
    for (let round = 0; round < 1000; round++) {
      const file = (round & 1 ? buildPcap(packets) : buildBoth()).slice();
      for (let i = 0; i < 6; i++) file[random() % file.length] = random();
      read(file, 1 + (random() % 64));
    }
  });
});
