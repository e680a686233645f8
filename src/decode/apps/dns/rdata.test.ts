import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hex } from '../../packet/build.fixture.ts';
import { dnsType, nameOfType } from './codes.ts';
import { describeData } from './rdata.ts';

function show(type: number, text: string): string {
  const bytes = hex(text);
  return describeData(type, { bytes, message: 0, messageEnd: bytes.length, start: 0, end: bytes.length });
}

const cases: readonly [string, number, string, string][] = [
  ['an address', dnsType.a, 'c0000201', '192.0.2.1'],
  ['an address of IPv6', dnsType.aaaa, '20010db8 00000000 00000000 00000001', '2001:db8::1'],
  ['a name', dnsType.cname, '03 777777 00', 'www'],
  ['a mail server', dnsType.mx, '000a 02 6d78 00', '10 mx'],
  ['no mail', dnsType.mx, '0000 00', '0 .'],
  ['a service', dnsType.srv, '0001 0002 1466 01 61 00', '1 2 5222 a'],
  ['texts', dnsType.txt, '03 613d31 03 623d32', 'a=1 b=2'],
  [
    'the start of a zone',
    dnsType.soa,
    '016e00 016d00 00000001 00000002 00000003 00000004 00000005',
    'n m 1 2 3 4 5',
  ],
  ['an authority for certificates', dnsType.caa, '00 05 6973737565 61 2e 62', '0 issue "a.b"'],
  ['a rule for names', dnsType.naptr, '0001 0002 01 73 01 74 00 0161 00', '1 2 "s" "t" "" a'],
  ['a signer of the delegation', dnsType.ds, 'ec45 05 01 aabb', '60485 5 1 aabb'],
  ['a key', dnsType.dnskey, '0101 03 08 aabb', '257 3 8 aabb'],
  ['a fingerprint', dnsType.sshfp, '02 01 aabb', '2 1 aabb'],
  [
    'a signature',
    dnsType.rrsig,
    '0001 08 02 00000e10 00000001 00000002 ec45 0161 00 ff',
    'A 8 2 3600 1 2 60485 a',
  ],
  [
    'a service over HTTPS',
    dnsType.https,
    '0001 00 0001 0006 02 6832 02 6833 0003 0002 01bb 0004 0004 c0000201 0005 0002 beef fde8 0000',
    '1 . alpn=h2,h3 port=443 ipv4hint=192.0.2.1 ech=beef key65000',
  ],
  // the example of RFC 1876: 42 21 54 N 71 06 18 W -24m 30m
  [
    'a place',
    dnsType.loc,
    '00 33 16 13  89 17 2d d0  70 be 15 f0  00 98 8d 20',
    '42 21 54.000 N 71 6 18.000 W -24.00m 30m 10000m 10m',
  ],
  ['a place of a version that is not known', dnsType.loc, `01${'00'.repeat(15)}`, `01${'00'.repeat(15)}`],
  ['a place beyond the pole', dnsType.loc, `00000000 ${'ff'.repeat(12)}`, `00000000${'ff'.repeat(12)}`],
  ['a resource', dnsType.uri, '000a 0001 6674703a2f2f61', '10 1 "ftp://a"'],
  // TCP: 25 (SMTP) is the second bit of the fourth byte
  ['services', dnsType.wks, 'c0000201 06 00 00 00 40', '192.0.2.1 6 25'],
  ['who is responsible', dnsType.rp, '016d 016e 00 0174 00', 'm.n t'],
  ['where mail of a list goes', dnsType.minfo, '016d 00 0174 00', 'm t'],
  ['a cell', dnsType.afsdb, '0001 0161 00', '1 a'],
  ['a mailbox', dnsType.mb, '0161 00', 'a'],
  ['a number of X.25', dnsType.x25, '04 31323334', '1234'],
  ['a certificate', dnsType.cert, '0001 ec45 08 aabb', '1 60485 8 aabb'],
  ['a certificate of a mailbox', dnsType.smimea, '03 01 01 aabb', '3 1 1 aabb'],
  // A MX RRSIG NSEC TYPE1234, as in RFC 4034 section 4.3
  [
    'the next name',
    dnsType.nsec,
    '0161 00 0006 400100000003 041b 0000000000000000000000000000000000000000000000000000 20',
    'a A MX RRSIG NSEC TYPE1234',
  ],
  // RFC 5155 appendix A
  [
    'the hash of the next name',
    dnsType.nsec3,
    '01 01 000c 04 aabbccdd 14 174eb2409fe28bcb4887a1836f957f0a8425e27b 0007 22010000000290',
    '1 1 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr NS SOA MX RRSIG DNSKEY NSEC3PARAM',
  ],
  ['how names are hashed', dnsType.nsec3param, '01 00 000a 00', '1 0 10 -'],
  ['a digest of the zone', dnsType.zonemd, '00000007 01 02 aabb', '7 1 2 aabb'],
  ['a hardware address', dnsType.eui48, '00005e0053 2a', '00-00-5e-00-53-2a'],
  ['a delegation signed elsewhere', dnsType.dlv, 'ec45 05 01 aabb', '60485 5 1 aabb'],
  ['a type without a form', 1234, 'c0ffee', 'c0ffee'],
  ['no data', 1234, '', ''],
];

describe('data of a resource record', () => {
  for (const [what, type, bytes, text] of cases)
    it(`shows ${what}`, () => assert.equal(show(type, bytes), text));

  it('shows bytes that break the form of their type as such, wherever they end', () => {
    for (const [what, type, bytes] of cases) {
      const whole = hex(bytes);
      for (let end = 0; end < whole.length; end++) {
        const cut = whole.subarray(0, end);
        assert.equal(
          typeof describeData(type, { bytes: cut, message: 0, messageEnd: end, start: 0, end }),
          'string',
          what,
        );
      }
    }
    assert.equal(show(dnsType.a, 'c00002'), 'c00002');
    assert.equal(show(dnsType.mx, '000a'), '000a');
    assert.equal(show(dnsType.https, '0001 00 0001 ffff 00'), '0001000001ffff00');
  });

  it('goes by types that have the names of IANA', () => {
    const named: readonly [number, string][] = [
      [1, 'A'],
      [11, 'WKS'],
      [23, 'NSAP-PTR'],
      [28, 'AAAA'],
      [29, 'LOC'],
      [41, 'OPT'],
      [50, 'NSEC3'],
      [53, 'SMIMEA'],
      [54, 'TYPE54'],
      [55, 'HIP'],
      [65, 'HTTPS'],
      [68, 'BRID'],
      [69, 'TYPE69'],
      [255, 'ANY'],
      [256, 'URI'],
      [32769, 'DLV'],
      [0, 'TYPE0'],
    ];
    for (const [type, name] of named) assert.equal(nameOfType(type), name);
  });

  it('has an end', () => {
    assert.equal(show(1234, 'ab'.repeat(1000)), `${'ab'.repeat(64)}…`);
    assert.equal(show(dnsType.txt, `ff${'61'.repeat(255)}`.repeat(9)).length, 1025);
  });

  it('joins the strings of a long text without a gap', () => {
    assert.equal(show(dnsType.txt, `ff${'61'.repeat(255)}0162`), `${'a'.repeat(255)}b`);
  });
});
