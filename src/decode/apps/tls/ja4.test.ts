import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nodeCiphers } from '../../../platform/ciphers.ts';
import { hex } from '../../packet/build.fixture.ts';
import { decodeClientHello } from './client-hello.ts';
import {
  alpn,
  buildHelloBody,
  extension,
  type HelloParts,
  numbers,
  serverName,
  signatureAlgorithms,
  supportedVersions,
} from './hello.fixture.ts';
import { computeJa4 } from './ja4.ts';

const empty = new Uint8Array(0);

function ja4Of(parts: HelloParts, protocol: 't' | 'q' | 'd' = 't'): string | null {
  const body = buildHelloBody(parts);
  return computeJa4(decodeClientHello(body, 0, body.length)!, protocol, nodeCiphers);
}

/** The example of the specification, with a GREASE value in each list. */
const ciphers = [
  0x0a0a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c,
  0x009d, 0x002f, 0x0035,
];
const algorithms = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601];
const extensions = [
  extension(0x1a1a, empty),
  extension(0x001b, hex('02 00 02')),
  serverName('example.com'),
  extension(0x0033, empty),
  alpn('h2', 'http/1.1'),
  extension(0x4469, empty),
  extension(0x0017, empty),
  extension(0x002d, hex('01 01')),
  signatureAlgorithms(...algorithms),
  extension(0x0005, hex('01 00 00 00 00')),
  extension(0x0023, empty),
  extension(0x0012, empty),
  supportedVersions(0x2a2a, 0x0304, 0x0303),
  extension(0xff01, hex('00')),
  extension(0x000b, hex('01 00')),
  extension(0x000a, hex('00 02 00 1d')),
  extension(0x0015, new Uint8Array(40)),
];

describe('JA4', () => {
  it('agrees with the example of its specification', () => {
    assert.equal(ja4Of({ ciphers, extensions }), 't13d1516h2_8daaf6152771_e5627efa2ab1');
  });

  it('hashes extensions alone without signature algorithms', () => {
    const fewer = extensions.map((one) => (one[1] === 13 ? extension(13, hex('00 00')) : one));
    assert.equal(ja4Of({ ciphers, extensions: fewer }), 't13d1516h2_8daaf6152771_6d807ffa2a79');
  });

  it('leaves GREASE out of signature algorithms', () => {
    const greased = extensions.map((one) =>
      one[1] === 13 && one[0] === 0 ? signatureAlgorithms(0x3a3a, ...algorithms) : one,
    );
    assert.equal(ja4Of({ ciphers, extensions: greased }), 't13d1516h2_8daaf6152771_e5627efa2ab1');
  });

  it('writes zeros for what is not there', () => {
    assert.equal(ja4Of({ ciphers: [], extensions: [] }), 't12i000000_000000000000_000000000000');
    assert.match(
      ja4Of({ ciphers: [0x0a0a], extensions: [serverName('x')] }) ?? '',
      /^t12d000100_0{12}_0{12}$/,
    );
  });

  it('counts to 99', () => {
    const many = Array.from({ length: 150 }, (_, i) => i);
    assert.match(ja4Of({ ciphers: many }) ?? '', /^t12i9900/);
  });

  it('is not made of lists that no client sends', () => {
    const many = Array.from({ length: 513 }, (_, i) => i);
    assert.equal(ja4Of({ ciphers: many }), null);
  });

  const protocols: readonly (readonly [string, string])[] = [
    ['68 32', 'h2'],
    ['68 74 74 70 2f 31 2e 31', 'h1'],
    ['7a', 'zz'],
    ['ab', 'ab'],
    ['ab cd', 'ad'],
    ['30 ab', '3b'],
    ['30 31 ab cd', '3d'],
    ['30 ab cd 31', '01'],
  ];
  for (const [bytes, shown] of protocols)
    it(`shows the protocol ${bytes} as ${shown}`, () => {
      assert.equal(ja4Of({ extensions: [alpn(hex(bytes))] })?.slice(8, 10), shown);
    });

  const versions: readonly (readonly [number, readonly number[], string])[] = [
    [0x0303, [0x0304, 0x0303], '13'],
    [0x0303, [], '12'],
    [0x0302, [], '11'],
    [0x0301, [], '10'],
    [0x0300, [], 's3'],
    [0xfeff, [], 'd1'],
    [0xfefd, [], 'd2'],
    [0xfefd, [0xfefd, 0xfefc], 'd3'],
    [0x0999, [], '00'],
  ];
  for (const [version, offered, shown] of versions)
    it(`shows version ${version.toString(16)} with ${offered.length} in the extension as ${shown}`, () => {
      const list =
        offered.length > 0 ? [extension(43, Uint8Array.of(2 * offered.length, ...numbers(offered)))] : [];
      assert.equal(ja4Of({ version, extensions: list }, 'q')?.slice(0, 3), `q${shown}`);
    });
});
