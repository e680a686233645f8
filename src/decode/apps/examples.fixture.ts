import { hex, join, type Turn, toBytes } from '../packet/build.fixture.ts';

/** A conversation that proves its protocol, and one that only looks like it. */
export interface Example {
  readonly name: string;
  readonly transport?: 'udp';
  /** Of the server; one that stands for nothing where there is none. */
  readonly port?: number;
  readonly turns: readonly Turn[];
  /** The same port and direction, but not this protocol. */
  readonly nearMiss?: readonly Turn[];
}

const zeros = (length: number): Uint8Array => new Uint8Array(length);
const text = (value: string): Uint8Array => toBytes(value);

export const examples: readonly Example[] = [
  {
    name: 'smtp',
    turns: [
      ['<', '220 mail.example.org ESMTP Postfix\r\n'],
      ['>', 'EHLO client.example.org\r\n'],
      ['<', '250 OK\r\n'],
    ],
    nearMiss: [['<', '220 mail.example.org at your service\r\n']],
  },
  {
    name: 'smtp',
    turns: [
      ['<', '220 at your service\r\n'],
      ['>', 'EHLO client.example.org\r\n'],
    ],
  },
  {
    name: 'ftp',
    turns: [
      ['<', '220 (vsFTPd 3.0.3)\r\n'],
      ['>', 'USER anonymous\r\n'],
    ],
    nearMiss: [['<', '221 FTP says good-bye\r\n']],
  },
  {
    name: 'ftp',
    port: 21,
    turns: [
      ['<', '220 Welcome\r\n'],
      ['>', 'USER someone\r\n'],
    ],
  },
  {
    name: 'pop3',
    turns: [
      ['<', '+OK POP3 server ready <1896.697170952@example.org>\r\n'],
      ['>', 'CAPA\r\n'],
    ],
    nearMiss: [['<', '+OK\r\n']],
  },
  {
    name: 'imap',
    turns: [['<', '* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n']],
    nearMiss: [['<', '* MAYBE\r\n']],
  },
  { name: 'imap', turns: [['>', 'a1 CAPABILITY\r\n']], nearMiss: [['>', 'a1 CAPABLE\r\n']] },
  {
    name: 'nntp',
    turns: [['<', '200 news.example.org ready (posting ok)\r\n']],
    nearMiss: [['<', '200 hello\r\n']],
  },
  {
    name: 'irc',
    turns: [
      ['>', 'NICK alice\r\nUSER alice 0 * :Alice\r\n'],
      ['<', ':irc.example.org 001 alice :Welcome\r\n'],
    ],
    nearMiss: [['>', 'NICK of time, too late\r\n']],
  },
  { name: 'irc', turns: [['<', ':irc.example.org NOTICE * :*** Looking up your hostname\r\n']] },
  // DO TERMINAL-TYPE, DO TERMINAL-SPEED
  {
    name: 'telnet',
    turns: [['<', hex('ff fd 18 ff fd 20')]],
    nearMiss: [['<', hex('ff d8 ff e0 00 10 4a 46')]],
  },
  {
    name: 'smb',
    turns: [['>', join(hex('00 00 00 40 fe 53 4d 42 40 00'), zeros(58))]],
    nearMiss: [['>', join(hex('00 00 00 40 fe 53 4d 43'), zeros(60))]],
  },
  { name: 'smb', port: 445, turns: [['>', join(hex('00 00 00 2f ff 53 4d 42 72'), zeros(42))]] },
  {
    name: 'rdp',
    // TPKT 19, X.224 connection request, negotiation request for TLS and CredSSP
    turns: [
      ['>', hex('03 00 00 13 0e e0 00 00 00 00 00 01 00 08 00 03 00 00 00')],
      ['<', hex('03 00 00 13 0e d0 00 00 12 34 00 03 00 08 00 02 00 00 00')],
    ],
    nearMiss: [['>', hex('03 00 00 13 0e f0 00 00 00 00 00 01 00 08 00 03 00 00 00')]],
  },
  {
    name: 's7comm',
    turns: [['>', hex('03 00 00 19 02 f0 80 32 01 00 00 00 00 00 08 00 00 f0 00 00 01 00 01 01 e0')]],
  },
  // Basic.Ack
  {
    name: 'amqp',
    port: 5672,
    turns: [['>', hex('01 00 01 00 00 00 0d 00 3c 00 50 00 00 00 00 00 00 00 01 00 ce')]],
  },
  {
    name: 's7comm',
    turns: [['>', hex('03 00 00 16 11 e0 00 00 00 01 00 c0 01 0a c1 02 01 00 c2 02 01 02')]],
    nearMiss: [['>', hex('03 00 00 16 11 e0 00 00 00 01 00 b0 01 0a c1 02 01 00 c2 02 01 02')]],
  },
  {
    name: 'ldap',
    // bindRequest 1: version 3, no name, no password
    turns: [
      ['>', hex('30 0c 02 01 01 60 07 02 01 03 04 00 80 00')],
      ['<', hex('30 0c 02 01 01 61 07 0a 01 00 04 00 04 00')],
    ],
    nearMiss: [['>', hex('30 0c 02 01 01 61 07 02 01 03 04 00 80 00')]],
  },
  {
    name: 'mysql',
    turns: [['<', join(hex('4a 00 00 00 0a'), text('8.0.33\0'), zeros(66))]],
    nearMiss: [['<', join(hex('4a 00 00 00 09'), text('8.0.33\0'), zeros(66))]],
  },
  {
    name: 'postgresql',
    turns: [
      ['>', join(hex('00 00 00 14 00 03 00 00'), text('user\0bob\0\0\0\0'))],
      ['<', hex('52 00 00 00 08 00 00 00 00')],
    ],
    nearMiss: [['>', join(hex('00 00 00 14 00 03 00 01'), text('user\0bob\0\0\0\0'))]],
  },
  {
    name: 'postgresql',
    turns: [
      ['>', hex('00 00 00 08 04 d2 16 2f')],
      ['<', 'N'],
    ],
  },
  {
    name: 'redis',
    turns: [
      ['>', '*1\r\n$4\r\nPING\r\n'],
      ['<', '+PONG\r\n'],
    ],
    nearMiss: [['>', '*1\r\n+4\r\nPING\r\n']],
  },
  {
    name: 'mongodb',
    turns: [['>', join(hex('1d 00 00 00 01 00 00 00 00 00 00 00 dd 07 00 00'), zeros(13))]],
    nearMiss: [['>', join(hex('1d 00 00 00 01 00 00 00 00 00 00 00 de 07 00 00'), zeros(13))]],
  },
  { name: 'amqp', turns: [['>', 'AMQP\0\0\t\u0001']], nearMiss: [['>', 'AMQP/1.0 please']] },
  {
    name: 'mqtt',
    turns: [['>', join(hex('10 0f 00 04'), text('MQTT'), hex('04 02 00 3c 00 03'), text('abc'))]],
    nearMiss: [['>', join(hex('10 0f 00 04'), text('MQTX'), hex('04 02 00 3c 00 03'), text('abc'))]],
  },
  {
    name: 'mqtt',
    turns: [['>', join(hex('10 11 00 06'), text('MQIsdp'), hex('03 02 00 3c 00 03'), text('abc'))]],
  },
  {
    name: 'socks',
    turns: [
      ['>', hex('05 01 00')],
      ['<', hex('05 00')],
    ],
    nearMiss: [['>', hex('05 01 33')]],
  },
  {
    name: 'socks',
    turns: [['>', join(hex('04 01 00 50 c0 00 02 01'), text('user\0'))]],
    nearMiss: [['>', join(hex('04 03 00 50 c0 00 02 01'), text('user\0'))]],
  },
  {
    name: 'memcached',
    turns: [['>', 'set key 0 60 5\r\nhello\r\n']],
    nearMiss: [['>', 'set the table for five\r\n']],
  },
  {
    name: 'memcached',
    turns: [['>', join(hex('80 00 00 05 00 00 00 00 00 00 00 05'), zeros(12), text('Hello'))]],
    nearMiss: [['>', join(hex('80 00 00 05 00 01 00 00 00 00 00 05'), zeros(12), text('Hello'))]],
  },
  {
    name: 'kafka',
    turns: [['>', join(hex('00 00 00 14 00 12 00 00 00 00 00 01 00 0a'), text('consumer-1'))]],
    nearMiss: [['>', join(hex('00 00 00 14 00 f2 00 00 00 00 00 01 00 0a'), text('consumer-1'))]],
  },
  {
    name: 'cassandra',
    turns: [['>', hex('04 00 00 00 05 00 00 00 00')]],
    nearMiss: [['>', hex('04 00 00 00 05 00 00 00 01')]],
  },
  {
    name: 'nats',
    turns: [['<', 'INFO {"server_id":"X","version":"2.9.10"}\r\n']],
    nearMiss: [['<', 'INFO: hello\r\n']],
  },
  {
    name: 'git',
    turns: [['>', '0033git-upload-pack /project.git\0host=example.org\0']],
    nearMiss: [['>', '0033git-download-pack /project.git\0host=x\0']],
  },
  { name: 'rsync', turns: [['<', '@RSYNCD: 31.0\n']], nearMiss: [['<', '@RSYNCX: 31.0\n']] },
  { name: 'vnc', turns: [['<', 'RFB 003.008\n']], nearMiss: [['<', 'RFB 005.008\n']] },
  {
    name: 'zabbix',
    turns: [['>', 'ZBXD\u0001\u0005\0\0\0\0\0\0\0hello']],
    nearMiss: [['>', 'ZBXD\u0009\u0005\0\0\0\0\0\0\0hello']],
  },
  {
    name: 'opcua',
    turns: [['>', join(text('HELF'), hex('20 00 00 00'), zeros(24))]],
    nearMiss: [['>', 'HELP me please']],
  },
  {
    name: 'fix',
    turns: [['>', '8=FIX.4.2\u00019=65\u000135=A\u0001']],
    nearMiss: [['>', '8=FIT.4.2\u0001']],
  },
  {
    name: 'gearman',
    turns: [['>', '\0REQ\0\0\0\u0007\0\0\0\0']],
    nearMiss: [['>', '\0REX\0\0\0\u0007\0\0\0\0']],
  },
  {
    name: 'x11',
    turns: [['>', hex('6c 00 0b 00 00 00 00 00 00 00 00 00')]],
    nearMiss: [['>', hex('6c 00 0c 00 00 00 00 00 00 00 00 00')]],
  },
  {
    name: 'bgp',
    turns: [['>', join(zeros(16).fill(0xff), hex('00 13 04'))]],
    nearMiss: [['>', join(zeros(16).fill(0xff), hex('00 12 04'))]],
  },
  {
    name: 'modbus',
    port: 502,
    turns: [['>', hex('00 01 00 00 00 06 01 03 00 00 00 0a')]],
    nearMiss: [['>', hex('00 01 00 01 00 06 01 03 00 00 00 0a')]],
  },
  {
    name: 'dnp3',
    turns: [['>', hex('05 64 05 c0 01 00 00 04 e9 21')]],
    nearMiss: [['>', hex('05 65 05 c0 01 00 00 04 e9 21')]],
  },
  {
    name: 'iec104',
    port: 2404,
    turns: [['>', hex('68 04 07 00 00 00')]],
    nearMiss: [['>', hex('69 04 07 00 00 00')]],
  },
  {
    name: 'rpc',
    transport: 'udp',
    turns: [
      ['>', join(hex('12 34 56 78 00 00 00 00 00 00 00 02 00 01 86 a0 00 00 00 02 00 00 00 03'), zeros(16))],
    ],
    nearMiss: [
      ['>', join(hex('12 34 56 78 00 00 00 00 00 00 00 02 00 21 86 a0 00 00 00 02 00 00 00 03'), zeros(16))],
    ],
  },
  {
    name: 'rpc',
    turns: [
      [
        '>',
        join(
          hex('80 00 00 28 12 34 56 78 00 00 00 00 00 00 00 02 00 01 86 a3 00 00 00 03 00 00 00 00'),
          zeros(16),
        ),
      ],
    ],
  },
  {
    name: 'tds',
    turns: [['>', join(hex('12 01 00 2f 00 00 01 00 00 00 1a 00 06'), zeros(34))]],
    nearMiss: [['>', join(hex('12 01 00 2f 00 00 01 00 01 00 1a 00 06'), zeros(34))]],
  },
  {
    name: 'oracle',
    turns: [
      [
        '>',
        join(
          hex('00 5a 00 00 01 00 00 00 01 36 01 2c 00 00 08 00 7f ff 7f 08 00 00 00 01 00 20 00 3a'),
          zeros(30),
          text('(DESCRIPTION=(CONNECT_DATA=(SID'),
        ),
      ],
    ],
    nearMiss: [
      [
        '>',
        join(
          hex('00 5a 00 00 01 00 00 00 01 36 01 2c 00 00 08 00 7f ff 7f 08 00 00 00 01 00 20 00 3a'),
          zeros(30),
          text('[DESCRIPTION=(CONNECT_DATA=(SID'),
        ),
      ],
    ],
  },
  {
    name: 'xmpp',
    turns: [
      [
        '>',
        "<?xml version='1.0'?><stream:stream to='example.org' xmlns:stream='http://etherx.jabber.org/streams'>",
      ],
    ],
    nearMiss: [['>', "<?xml version='1.0'?><feed/>"]],
  },
  {
    name: 'dcerpc',
    turns: [['>', join(hex('05 00 0b 03 10 00 00 00 48 00 00 00 01 00 00 00'), zeros(56))]],
    nearMiss: [['>', join(hex('05 00 0b 03 11 00 00 00 48 00 00 00 01 00 00 00'), zeros(56))]],
  },
  {
    name: 'kerberos',
    turns: [['>', hex('00 00 00 0c 6a 0a 30 08 a1 03 02 01 05 a2 01 00')]],
    nearMiss: [['>', hex('00 00 00 0c 6a 0a 30 08 a1 03 02 01 04 a2 01 00')]],
  },
  {
    name: 'pptp',
    turns: [['>', join(hex('00 9c 00 01 1a 2b 3c 4d 00 01'), zeros(146))]],
    nearMiss: [['>', join(hex('00 9c 00 01 1a 2b 3c 4e 00 01'), zeros(146))]],
  },
  {
    name: 'bitcoin',
    turns: [['>', join(hex('f9 be b4 d9'), text('version\0\0\0\0\0'), zeros(8))]],
    nearMiss: [['>', join(hex('f9 be b4 da'), text('version\0\0\0\0\0'), zeros(8))]],
  },
  {
    name: 'rtmp',
    port: 1935,
    turns: [['>', join(hex('03'), zeros(1536))]],
    nearMiss: [['>', join(hex('04'), zeros(1536))]],
  },
  { name: 'ajp', turns: [['>', hex('12 34 00 01 0a')]], nearMiss: [['>', hex('12 34 00 01 0b')]] },
  {
    name: 'iscsi',
    turns: [
      [
        '>',
        join(hex('43 87 00 00 00 00 00 40'), zeros(40), text('InitiatorName=iqn.1993-08.org.example:01\0')),
      ],
    ],
    nearMiss: [
      [
        '>',
        join(hex('43 87 00 00 00 00 00 40'), zeros(40), text('TargetName=iqn.1993-08.org.example:0001\0')),
      ],
    ],
  },
  {
    name: 'proxy-protocol',
    turns: [['>', 'PROXY TCP4 192.0.2.1 192.0.2.2 5555 80\r\n']],
    nearMiss: [['>', 'PROXY TCP5 192.0.2.1\r\n']],
  },
];
