import type { ProbeOf } from '../../wire/probe.ts';
import { type Conversation, ProbeFailure } from './conversation.ts';
import { showText } from './payload.ts';
import { makeReason } from './run.ts';

/** Lines of one answer at most. */
const maxLines = 100;
/** Bytes of one MySQL packet at most; a greeting has about a hundred. */
const maxPacketBytes = 4096;

type StartTlsProtocol = NonNullable<ProbeOf<'tcp'>['starttls']>;

/** Asks the server for TLS in a protocol's own words, from its greeting to its consent. Throws ProbeFailure. */
export const askForTls: Readonly<
  Record<StartTlsProtocol, (with_: Conversation, host: string) => Promise<void>>
> = {
  /** RFC 3207. */
  async smtp(talk) {
    await takeReply(talk, '220', 'the greeting of SMTP');
    talk.send('EHLO netmon.invalid\r\n');
    const words = await takeReply(talk, '250', 'an answer to EHLO');
    if (!words.some((word) => /^STARTTLS\b/i.test(word))) refuse('the server does not offer STARTTLS');
    talk.send('STARTTLS\r\n');
    await takeReply(talk, '220', 'consent to STARTTLS');
  },
  /** RFC 4217. */
  async ftp(talk) {
    await takeReply(talk, '220', 'the greeting of FTP');
    talk.send('AUTH TLS\r\n');
    await takeReply(talk, '234', 'consent to AUTH TLS');
  },
  /** RFC 2595 section 4. */
  async pop3(talk) {
    await takeWord(talk, /^\+OK/, 'the greeting of POP3');
    talk.send('STLS\r\n');
    await takeWord(talk, /^\+OK/, 'consent to STLS');
  },
  /** RFC 9051 section 6.2.1; what has no tag comes in between. */
  async imap(talk) {
    await takeWord(talk, /^\* OK/i, 'the greeting of IMAP');
    talk.send('a1 STARTTLS\r\n');
    await takeWord(talk, /^a1 OK/i, 'consent to STARTTLS', /^\* /);
  },
  /** RFC 4511 section 4.14: an extended request with the OID of StartTLS, and its response. */
  async ldap(talk) {
    talk.send(Buffer.from('301d02010177188016312e332e362e312e342e312e313436362e3230303337', 'hex'));
    const { type, result } = await takeLdapResponse(talk);
    if (type !== 0x78) refuse('the answer is none of LDAP to StartTLS');
    if (result !== 0) refuse(`the server refuses StartTLS with result ${result}`);
  },
  /** SSLRequest: its length, and a number that is no version. */
  async postgresql(talk) {
    talk.send(Buffer.from('0000000804d2162f', 'hex'));
    const [answer] = await talk.takeBytes(1, 'an answer to SSLRequest');
    if (answer === 0x4e) refuse('the server does not offer TLS');
    if (answer !== 0x53) refuse('the answer is none of PostgreSQL to SSLRequest');
  },
  async mysql(talk) {
    const greeting = await takeMysqlPacket(talk);
    if (greeting[0] === 0xff) refuse(`the server refuses: ${showText(greeting.subarray(3))}`);
    const version = greeting.indexOf(0, 1);
    if (greeting[0] !== 10 || version < 0 || version + 16 > greeting.length)
      refuse('the greeting is none of MySQL');
    // Behind the version: number of the connection, 8 bytes of salt, a zero, then the lower capabilities.
    if ((greeting.readUInt16LE(version + 14) & mysqlTls) === 0) refuse('the server does not offer TLS');
    const request = Buffer.alloc(36);
    request.writeUInt32LE(0x01000020, 0);
    request.writeUInt32LE(mysqlTls | mysqlProtocol41 | mysqlSecureConnection, 4);
    request.writeUInt32LE(1 << 24, 8);
    request[12] = 45;
    talk.send(request);
  },
  /** RFC 6120 section 5.4. */
  async xmpp(talk, host) {
    const to = host.replace(/[<>&'"]/g, '');
    talk.send(
      `<?xml version='1.0'?><stream:stream to='${to}' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>`,
    );
    const features = await takeUntil(talk, '</stream:features>', 'the features of XMPP');
    if (!features.includes('urn:ietf:params:xml:ns:xmpp-tls')) refuse('the server does not offer STARTTLS');
    talk.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    const answer = await takeUntil(talk, '>', 'consent to STARTTLS');
    if (!/<(?:\w+:)?proceed\b/.test(answer)) refuse(`the server refuses STARTTLS: ${answer.slice(0, 100)}`);
  },
};

/** Capabilities of a MySQL client. */
const mysqlTls = 0x0800;
const mysqlProtocol41 = 0x0200;
const mysqlSecureConnection = 0x8000;

function refuse(message: string): never {
  throw new ProbeFailure(makeReason('PROTOCOL', message, 'tls'));
}

/** All lines of an answer of SMTP or FTP, without the code; it must be that one. */
async function takeReply(talk: Conversation, code: string, what: string): Promise<string[]> {
  const first = await talk.takeLine(what);
  const lines = [first.slice(4)];
  if (!first.startsWith(code)) throw new ProbeFailure(unexpected(first, what));
  for (let last = first; last[3] === '-' || !last.startsWith(code); lines.push(last.slice(4))) {
    if (lines.length === maxLines) refuse(`the answer has more than ${maxLines} lines`);
    last = await talk.takeLine(what);
  }
  return lines;
}

/** A line that begins so; `between` may come before it. */
async function takeWord(talk: Conversation, word: RegExp, what: string, between?: RegExp): Promise<void> {
  for (let i = 0; i < maxLines; i++) {
    const line = await talk.takeLine(what);
    if (word.test(line)) return;
    if (!between?.test(line)) throw new ProbeFailure(unexpected(line, what));
  }
  refuse(`there is no ${what} in ${maxLines} lines`);
}

async function takeUntil(talk: Conversation, end: string, what: string): Promise<string> {
  const find = (pending: Buffer): number => {
    const at = pending.indexOf(end);
    return at < 0 ? -1 : at + end.length;
  };
  return (await talk.take(find, what)).toString('utf8');
}

async function takeLdapResponse(talk: Conversation): Promise<{ type: number; result: number }> {
  const what = 'an answer to StartTLS';
  const head = await talk.takeBytes(2, what);
  if (head[0] !== 0x30) refuse('the answer is none of LDAP to StartTLS');
  // Lengths of more than 127 say first of how many bytes they are (X.690 section 8.1.3).
  const lengthBytes = head[1] < 0x80 ? 0 : head[1] & 0x7f;
  if (lengthBytes > 2) refuse('the answer is none of LDAP to StartTLS');
  const long =
    lengthBytes === 0 ? head[1] : (await talk.takeBytes(lengthBytes, what)).readUIntBE(0, lengthBytes);
  const body = await talk.takeBytes(Math.min(long, maxPacketBytes), what);
  // INTEGER of the message, then the response with an ENUMERATED in front.
  const at = 2 + (body[1] ?? 0);
  const inner = at + 2 + ((body[at + 1] ?? 0) < 0x80 ? 0 : body[at + 1] & 0x7f);
  const isResult = body[0] === 0x02 && body[inner] === 0x0a && body[inner + 1] === 1;
  return { type: isResult ? body[at] : 0, result: isResult ? body[inner + 2] : -1 };
}

async function takeMysqlPacket(talk: Conversation): Promise<Buffer> {
  const head = await talk.takeBytes(4, 'the greeting of MySQL');
  const length = head.readUIntLE(0, 3);
  if (length > maxPacketBytes || head[3] !== 0) refuse('the greeting is none of MySQL');
  return await talk.takeBytes(length, 'the greeting of MySQL');
}

function unexpected(line: string, what: string): ReturnType<typeof makeReason> {
  const message = `the server says ${JSON.stringify(line.slice(0, 200))}, not ${what}`;
  return makeReason('UNEXPECTED_REPLY', message, 'tls');
}
