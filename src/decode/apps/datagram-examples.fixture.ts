import { hex, join, toBytes } from '../packet/build.fixture.ts';
import type { Example } from './examples.fixture.ts';

const zeros = (length: number): Uint8Array => new Uint8Array(length);
const text = (value: string): Uint8Array => toBytes(value);
const session = hex('aa e0 65 12 39 2a 3d 71');
/** `FRED` and eleven spaces, then a zero, in letters from A to P. */
const netbiosName = join(hex('20'), text('EGFCEFEECACACACACACACACACACACAAA'), hex('00'));

/** Conversations of protocols that are mostly at home on UDP. */
export const datagramExamples: readonly Example[] = [
  {
    name: 'dhcp',
    transport: 'udp',
    // Request, Ethernet, address of 6 bytes; the magic cookie; message type: discover.
    turns: [['>', join(hex('01 01 06 00'), zeros(232), hex('63 82 53 63 35 01 01 ff'))]],
    nearMiss: [['>', join(hex('01 01 06 00'), zeros(232), hex('63 82 53 64 35 01 01 ff'))]],
  },
  {
    name: 'dhcpv6',
    transport: 'udp',
    port: 547,
    // Solicit; elapsed time 0.
    turns: [['>', hex('01 10 08 74 00 08 00 02 00 00')]],
    nearMiss: [['>', hex('01 10 08 74 00 08 00 03 00 00')]],
  },
  {
    name: 'dhcpv6',
    transport: 'udp',
    port: 547,
    // Relay-forward: hops, link and peer address; an option.
    turns: [['>', join(hex('0c 00'), zeros(32), hex('00 09 00 01 00'))]],
  },
  {
    name: 'ntp',
    transport: 'udp',
    port: 123,
    // Client of version 4.
    turns: [['>', join(hex('23 00 06 ec'), zeros(44))]],
    nearMiss: [['>', join(hex('23 00 06 ec'), zeros(43))]],
  },
  {
    name: 'ntp',
    transport: 'udp',
    port: 123,
    // Control message of version 2: read variables.
    turns: [['>', hex('16 02 00 01 00 00 00 00 00 00 00 00')]],
    nearMiss: [['>', hex('16 02 00 01 00 00 00 00 00 00 00 04')]],
  },
  {
    name: 'snmp',
    transport: 'udp',
    // Version 2c, `public`, get: 1.3.6.1.2.1.
    turns: [
      [
        '>',
        hex(
          '30 24 02 01 01 04 06 70 75 62 6c 69 63 a0 17 02 01 01 02 01 00 02 01 00 30 0c 30 0a 06 06 2b 06 01 02 01 01 05 00',
        ),
      ],
    ],
    nearMiss: [
      [
        '>',
        hex(
          '30 24 02 01 02 04 06 70 75 62 6c 69 63 a0 17 02 01 01 02 01 00 02 01 00 30 0c 30 0a 06 06 2b 06 01 02 01 01 05 00',
        ),
      ],
    ],
  },
  {
    name: 'snmp',
    transport: 'udp',
    // Version 3: number, size, flags, model, then security parameters and data left out.
    turns: [['>', hex('30 12 02 01 03 30 0d 02 01 01 02 02 05 dc 04 01 04 02 01 03')]],
  },
  {
    name: 'syslog',
    transport: 'udp',
    turns: [['>', '<34>Oct 11 22:14:15 mymachine su: failed']],
    nearMiss: [['>', '<192>Oct 11 22:14:15 mymachine su: failed']],
  },
  { name: 'syslog', turns: [['>', '83 <165>1 2003-10-11T22:14:15.003Z host app - ID47 - text\n']] },
  { name: 'syslog', transport: 'udp', port: 514, turns: [['>', '<34>no time at all']] },
  {
    name: 'stun',
    transport: 'udp',
    // Binding request and answer.
    turns: [
      ['>', join(hex('0001 0000 2112a442'), zeros(12))],
      ['<', join(hex('0101 0000 2112a442'), zeros(12))],
    ],
    nearMiss: [['>', join(hex('0001 0000 2112a443'), zeros(12))]],
  },
  {
    name: 'stun',
    transport: 'udp',
    port: 3478,
    // Of RFC 3489, without a cookie: change request.
    turns: [['>', join(hex('0001 0008 5112a442'), zeros(12), hex('0003 0004 00000006'))]],
    nearMiss: [['>', join(hex('0001 0008 5112a442'), zeros(12), hex('0003 0005 00000006'))]],
  },
  {
    name: 'turn',
    transport: 'udp',
    // Allocate, with the transport asked for: UDP.
    turns: [['>', join(hex('0003 0008 2112a442'), zeros(12), hex('0019 0004 11000000'))]],
  },
  {
    name: 'sip',
    transport: 'udp',
    turns: [
      ['>', 'REGISTER sip:registrar.example.org SIP/2.0\r\nVia: SIP/2.0/UDP a\r\n\r\n'],
      ['<', 'SIP/2.0 401 Unauthorized\r\n\r\n'],
    ],
    nearMiss: [['>', 'REGISTER sip:registrar.example.org SIP/2.1\r\n\r\n']],
  },
  { name: 'sip', turns: [['<', 'SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n']] },
  {
    name: 'rtsp',
    turns: [
      ['>', 'DESCRIBE rtsp://example.org/film RTSP/1.0\r\nCSeq: 1\r\n\r\n'],
      ['<', 'RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n'],
    ],
    nearMiss: [['>', 'DESCRIBE rtsp://example.org/film HTTP/1.0\r\n\r\n']],
  },
  { name: 'rtsp', turns: [['<', 'RTSP/1.0 404 Not Found\r\n\r\n']] },
  {
    name: 'bittorrent',
    turns: [['>', join(hex('13'), text('BitTorrent protocol'), zeros(48))]],
    nearMiss: [['>', join(hex('12'), text('BitTorrent protocol'), zeros(48))]],
  },
  {
    name: 'bittorrent',
    transport: 'udp',
    turns: [['>', 'd1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe']],
    nearMiss: [['>', 'd1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:x1:qe']],
  },
  {
    name: 'bittorrent',
    transport: 'udp',
    // Micro transport: SYN, version 1, no extension; number 1.
    turns: [['>', hex('41 00 12 34 5a 9e 97 85 00 00 00 00 00 10 00 00 00 01 00 00')]],
    nearMiss: [['>', hex('41 00 12 34 5a 9e 97 85 00 00 00 00 00 10 00 00 00 02 00 00')]],
  },
  {
    name: 'bittorrent',
    transport: 'udp',
    // Connecting to a tracker.
    turns: [['>', hex('00 00 04 17 27 10 19 80 00 00 00 00 12 34 56 78')]],
    nearMiss: [['>', hex('00 00 04 17 27 10 19 80 00 00 00 01 12 34 56 78')]],
  },
  {
    name: 'netbios-ns',
    transport: 'udp',
    turns: [['>', join(hex('1234 0110 0001 0000 0000 0000'), netbiosName, hex('0020 0001'))]],
    nearMiss: [['>', join(hex('1234 0110 0001 0000 0000 0000'), netbiosName, hex('0022 0001'))]],
  },
  {
    name: 'netbios-dgm',
    transport: 'udp',
    turns: [['>', join(hex('11 0a 1234 c0000201 008a 0080 0000'), netbiosName, netbiosName)]],
    nearMiss: [['>', join(hex('17 0a 1234 c0000201 008a 0080 0000'), netbiosName, netbiosName)]],
  },
  {
    name: 'tftp',
    transport: 'udp',
    turns: [['>', join(hex('00 01'), text('boot/image.bin\0octet\0blksize\x001428\0'))]],
    nearMiss: [['>', join(hex('00 01'), text('boot/image.bin\0octets\0'))]],
  },
  {
    name: 'radius',
    transport: 'udp',
    // Access request with a user's name.
    turns: [['>', join(hex('01 07 00 1b'), zeros(16), hex('01 07 61 6c 69 63 65'))]],
    nearMiss: [['>', join(hex('01 07 00 1b'), zeros(16), hex('01 08 61 6c 69 63 65'))]],
  },
  {
    name: 'wireguard',
    transport: 'udp',
    turns: [
      ['>', join(hex('01 00 00 00'), zeros(144))],
      ['<', join(hex('02 00 00 00'), zeros(88))],
    ],
    nearMiss: [['>', join(hex('01 00 00 00'), zeros(145))]],
  },
  {
    name: 'wireguard',
    transport: 'udp',
    port: 51_820,
    turns: [['<', join(hex('04 00 00 00'), zeros(28))]],
    nearMiss: [['<', join(hex('04 00 00 00'), zeros(29))]],
  },
  {
    name: 'openvpn',
    transport: 'udp',
    turns: [['>', join(hex('38'), session, hex('00 00000000'))]],
    nearMiss: [['>', join(hex('38'), session, hex('00 00000001'))]],
  },
  {
    name: 'openvpn',
    transport: 'udp',
    // With a code of 20 bytes, number 1 and a time.
    turns: [['>', join(hex('38'), session, zeros(20), hex('00000001 625a9e97 00 00000000'))]],
    nearMiss: [['>', join(hex('38'), session, zeros(20), hex('00000002 625a9e97 00 00000000'))]],
  },
  {
    name: 'openvpn',
    transport: 'udp',
    // All but the session is encrypted, and the client's key follows.
    turns: [['>', join(hex('50'), session, hex('00000001 625a9e97'), zeros(37 + 297), hex('012b'))]],
    nearMiss: [['>', join(hex('50'), session, hex('00000001 625a9e97'), zeros(37 + 297), hex('012c'))]],
  },
  { name: 'openvpn', turns: [['>', join(hex('00 0e 38'), session, hex('00 00000000'))]] },
  {
    name: 'coap',
    transport: 'udp',
    port: 5683,
    // GET .well-known/core, confirmable, no token.
    turns: [['>', join(hex('40 01 12 34 bb'), text('.well-known'), hex('04'), text('core'))]],
    nearMiss: [['>', join(hex('40 01 12 34 bb'), text('.well-known'), hex('05'), text('core'))]],
  },
  {
    name: 'coap',
    transport: 'udp',
    port: 5683,
    // An option of 13 + 1 bytes, a payload.
    turns: [['<', join(hex('61 45 12 34 aa cd 01'), zeros(14), hex('ff 61'))]],
    nearMiss: [['<', join(hex('61 45 12 34 aa cd 01'), zeros(14), hex('ff'))]],
  },
  {
    name: 'ike',
    transport: 'udp',
    // Version 2, first exchange, from the initiator; 28 bytes.
    turns: [['>', join(session, zeros(8), hex('21 20 22 08 00000000 0000001c'))]],
    nearMiss: [['>', join(session, zeros(8), hex('21 20 22 08 00000000 0000001d'))]],
  },
  {
    name: 'ike',
    transport: 'udp',
    // Version 1, main mode, behind an address translator.
    turns: [['>', join(zeros(4), session, zeros(8), hex('01 10 02 00 00000000 0000001c'))]],
  },
  {
    name: 'rtcp',
    transport: 'udp',
    // A receiver's report without blocks, then a description with one empty source.
    turns: [['>', hex('80 c9 0001 12345678 81 ca 0002 12345678 00000000')]],
    nearMiss: [['>', hex('80 c9 0001 12345678 81 ca 0003 12345678 00000000')]],
  },
  {
    name: 'gtp',
    transport: 'udp',
    port: 2152,
    // Version 1, a packet of the user of 4 bytes.
    turns: [['>', hex('30 ff 0004 00000001 45000000')]],
    nearMiss: [['>', hex('30 ff 0005 00000001 45000000')]],
  },
  {
    name: 'netflow',
    transport: 'udp',
    turns: [['>', join(hex('0005 0001'), zeros(20 + 48))]],
    nearMiss: [['>', join(hex('0005 0002'), zeros(20 + 48))]],
  },
  {
    name: 'netflow',
    transport: 'udp',
    // IPFIX with one set of 8 bytes.
    turns: [['>', join(hex('000a 0018'), zeros(12), hex('0002 0008 00000000'))]],
    nearMiss: [['>', join(hex('000a 0018'), zeros(12), hex('0002 0007 00000000'))]],
  },
  {
    name: 'netflow',
    transport: 'udp',
    turns: [['>', join(hex('0009 0001'), zeros(16), hex('0000 0008 00000000'))]],
  },
  {
    name: 'sflow',
    transport: 'udp',
    // Agent 192.0.2.1; one sample of 4 bytes.
    turns: [
      ['>', join(hex('00000005 00000001 c0000201'), zeros(12), hex('00000001 00000001 00000004 00000000'))],
    ],
    nearMiss: [
      ['>', join(hex('00000005 00000001 c0000201'), zeros(12), hex('00000001 00000001 00000003 00000000'))],
    ],
  },
  {
    name: 'bfd',
    transport: 'udp',
    port: 3784,
    turns: [['>', join(hex('20 c0 03 18'), zeros(20))]],
    nearMiss: [['>', join(hex('20 c0 03 19'), zeros(20))]],
  },
  {
    name: 'raknet',
    transport: 'udp',
    turns: [['>', join(hex('05 00ffff00fefefefefdfdfdfd12345678 0b'), zeros(40))]],
    nearMiss: [['>', join(hex('05 00ffff00fefefefefdfdfdfd12345679 0b'), zeros(40))]],
  },
  {
    name: 'rtps',
    transport: 'udp',
    turns: [['>', join(text('RTPS'), hex('02 01'), zeros(30))]],
    nearMiss: [['>', join(text('RTPS'), hex('09 01'), zeros(30))]],
  },
  {
    name: 'someip',
    transport: 'udp',
    turns: [['>', hex('1234 0001 00000008 0000 0001 01 01 00 00')]],
    nearMiss: [['>', hex('1234 0001 00000009 0000 0001 01 01 00 00')]],
  },
  {
    name: 'nat-pmp',
    transport: 'udp',
    port: 5351,
    turns: [['>', hex('00 00')]],
    nearMiss: [['>', hex('00 00 00')]],
  },
  {
    name: 'dropbox-lan',
    transport: 'udp',
    port: 17_500,
    turns: [['>', '{"host_int": 1, "version": [2, 0], "displayname": "", "port": 17500, "namespaces": []}']],
    nearMiss: [['>', '{"host": 1}']],
  },
  {
    name: 'ws-discovery',
    transport: 'udp',
    port: 3702,
    turns: [
      ['>', '<?xml version="1.0"?><soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope">'],
    ],
    nearMiss: [['>', '<?xml version="1.0"?><feed>']],
  },
  {
    name: 'l2tp',
    transport: 'udp',
    port: 1701,
    turns: [['>', hex('c802 000c 0000 0000 0000 0000')]],
    nearMiss: [['>', hex('c802 000d 0000 0000 0000 0000')]],
  },
  {
    name: 'rip',
    transport: 'udp',
    port: 520,
    turns: [['>', join(hex('02 02 0000'), zeros(20))]],
    nearMiss: [['>', join(hex('02 02 0000'), zeros(21))]],
  },
  {
    name: 'bacnet',
    transport: 'udp',
    turns: [['>', hex('81 0b 000c 0120ffff00ff1008')]],
    nearMiss: [['>', hex('81 0b 000d 0120ffff00ff1008')]],
  },
];
