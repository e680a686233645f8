import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { randomBytes } from '../../hex.fixture.ts';
import { hex, join } from '../../packet/build.fixture.ts';
import { decodeCertificate } from './certificate.ts';
import { DerReader, readOid, readTime } from './der.ts';
import { readName } from './distinguished-name.ts';
import { certificate } from './hello.fixture.ts';

const decode = (bytes: Uint8Array): ReturnType<typeof decodeCertificate> =>
  decodeCertificate(bytes, 0, bytes.length);
const reader = (bytes: Uint8Array): DerReader => new DerReader(bytes, { start: 0, end: bytes.length });

describe('certificates', () => {
  it('are read down to their names', () => {
    assert.deepEqual(decode(certificate)?.names, [
      'www.example.com',
      '*.example.net',
      '192.0.2.7',
      '2001:db8::1',
    ]);
  });

  it('are none when they are cut anywhere', () => {
    for (let length = 0; length < certificate.length; length++)
      assert.equal(decode(certificate.subarray(0, length)), null);
  });

  it('may be damaged anywhere', () => {
    for (let at = 0; at < certificate.length; at++)
      for (const value of [0, 0x30, 0x7f, 0x80, 0x84, 0xff]) {
        const damaged = certificate.slice();
        damaged[at] = value;
        decode(damaged);
      }
    for (let seed = 1; seed < 200; seed++) decode(new Uint8Array(randomBytes(300, seed).buffer));
  });

  it('have names in each kind of string, with what has a meaning there escaped', () => {
    // SET of SEQUENCE: CN (2.5.4.3) as BMPString "Ä,", then 1.2.3 as UTF8String " x"
    const name = join(
      hex('31 0d 30 0b 06 03 55 04 03 1e 04 00 c4 00 2c'),
      hex('31 0a 30 08 06 02 2a 03 0c 02 20 78'),
    );
    assert.equal(readName(reader(name)), '1.2.3=\\ x,CN=Ä\\,');
  });

  it('name at most 32 attributes', () => {
    const one = hex('31 0c 30 0a 06 03 55 04 03 0c 03 61 61 61');
    const name = join(...Array.from({ length: 100 }, () => one));
    assert.equal(readName(reader(name)).split(',').length, 32);
  });
});

describe('DER', () => {
  it('refuses lengths that are indefinite, too long or past the end', () => {
    for (const bytes of ['30 80 00 00', '30 84 00 00 00 01 00', '30 05 01', '1f 01 00', '30'])
      assert.equal(reader(hex(bytes)).next(), null, bytes);
  });

  it('reads object identifiers', () => {
    const oidOf = (bytes: Uint8Array): string => readOid(bytes, { tag: 6, start: 0, end: bytes.length });
    assert.equal(oidOf(hex('55 1d 11')), '2.5.29.17');
    assert.equal(oidOf(hex('2a 86 48 86 f7 0d 01 09 01')), '1.2.840.113549.1.9.1');
    assert.equal(oidOf(new Uint8Array(100).fill(0xff)), '');
  });

  it('reads times of both kinds, and none that is impossible', () => {
    const timeOf = (tag: number, text: string): string | null => {
      const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
      return readTime(bytes, { tag, start: 0, end: bytes.length });
    };
    assert.equal(timeOf(0x17, '490101000000Z'), '2049-01-01T00:00:00.000Z');
    assert.equal(timeOf(0x17, '500101000000Z'), '1950-01-01T00:00:00.000Z');
    assert.equal(timeOf(0x18, '99991231235959Z'), '9999-12-31T23:59:59.000Z');
    for (const text of ['491301000000Z', '4901010000Z', '490101000000+', '4901010000x0Z'])
      assert.equal(timeOf(0x17, text), null, text);
  });
});
