import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { cleanHostname } from './hostname.ts';
import { parseHosts } from './hosts.ts';
import { Names } from './names.ts';

/** A DNS server of PTR records (RFC 1035): answers with the labels given for a question's name, else NXDOMAIN. */
async function serveDns(answers: Map<string, string[]>, asked: string[]): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.on('message', (query, peer) => {
    const labels: string[] = [];
    let at = 12;
    for (; query[at] !== 0; at += query[at] + 1)
      labels.push(String(query.subarray(at + 1, at + 1 + query[at])));
    const name = labels.join('.');
    asked.push(name);
    const answer = answers.get(name);
    const header = Buffer.from(query.subarray(0, 12));
    header.writeUInt16BE(answer ? 0x8180 : 0x8183, 2);
    header.writeUInt16BE(answer ? 1 : 0, 6);
    header.writeUInt32BE(0, 8);
    const question = query.subarray(12, at + 5);
    const target = Buffer.concat([
      ...(answer ?? []).map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])),
      Buffer.from([0]),
    ]);
    const record = Buffer.alloc(12);
    record.writeUInt16BE(0xc00c, 0);
    record.writeUInt16BE(12, 2);
    record.writeUInt16BE(1, 4);
    record.writeUInt32BE(60, 6);
    record.writeUInt16BE(target.length, 10);
    const parts = answer ? [header, question, record, target] : [header, question];
    socket.send(Buffer.concat(parts), peer.port, peer.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

describe('Names', () => {
  const dir = mkdtempSync(join(tmpdir(), 'netmon-names-'));
  const hostsPath = join(dir, 'hosts');
  const asked: string[] = [];
  const answers = new Map([
    ['5.2.0.192.in-addr.arpa', ['Web-1', 'example', 'com']],
    ['6.2.0.192.in-addr.arpa', ['<img src=x onerror=alert(1)>', 'com']],
  ]);
  let dns: Socket;
  let servers: string[];
  before(async () => {
    writeFileSync(hostsPath, '127.0.0.1 localhost\n192.0.2.9\tprinter.lan printer # in the hall\n');
    dns = await serveDns(answers, asked);
    servers = [`127.0.0.1:${dns.address().port}`];
  });
  beforeEach(() => asked.splice(0));
  after(() => {
    dns.close();
    rmSync(dir, { recursive: true });
  });

  const find = (names: Names, ip: string): Promise<readonly string[]> =>
    new Promise((resolve) => names.lookUp(ip, (name, source) => resolve([name, source])));

  it('finds the name of an address by reverse DNS and keeps it', async () => {
    using names = new Names({ dns: true, servers, hostsPath });
    assert.deepEqual(await find(names, '192.0.2.5'), ['web-1.example.com', 'ptr']);
    let again: string | null = null;
    names.lookUp('192.0.2.5', (name) => {
      again = name;
    });
    assert.equal(again, 'web-1.example.com', 'at once the second time');
    assert.equal(asked.length, 1);
  });

  it('asks once for all that wait for the same address', async () => {
    using names = new Names({ dns: true, servers, hostsPath });
    await Promise.all([find(names, '192.0.2.5'), find(names, '192.0.2.5'), find(names, '192.0.2.5')]);
    assert.equal(asked.length, 1);
  });

  it('takes names of the hosts file first and asks nobody for them', async () => {
    using names = new Names({ dns: true, servers, hostsPath });
    assert.deepEqual(await find(names, '192.0.2.9'), ['printer.lan', 'hosts']);
    assert.deepEqual(await find(names, '127.0.0.1'), ['localhost', 'hosts']);
    assert.equal(asked.length, 0);
  });

  it('asks the DNS nothing when it is switched off', async () => {
    using names = new Names({ dns: false, servers, hostsPath });
    names.lookUp('192.0.2.5', () => assert.fail('no name was to be found'));
    assert.deepEqual(await find(names, '192.0.2.9'), ['printer.lan', 'hosts']);
    assert.equal(asked.length, 0);
  });

  it('gives no name that is not a host name, and remembers that there is none', async () => {
    using names = new Names({ dns: true, servers, hostsPath });
    for (const ip of ['192.0.2.6', '192.0.2.7']) {
      names.lookUp(ip, () => assert.fail('no name was to be found'));
    }
    await find(names, '192.0.2.5');
    const before = asked.length;
    assert.equal(before, 3);
    for (const ip of ['192.0.2.6', '192.0.2.7']) {
      names.lookUp(ip, () => assert.fail('no name was to be found'));
    }
    await find(names, '192.0.2.5');
    assert.equal(asked.length, before);
  });

  const names: ReadonlyArray<readonly [string, string | null]> = [
    ['WWW.Example.COM.', 'www.example.com'],
    ['_ldap._tcp.example.com', '_ldap._tcp.example.com'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['', null],
    ['.', null],
    ['a..b', null],
    ['-a.example', null],
    ['a b.example', null],
    ['a\u0000b', null],
    ['\u001b]0;title\u0007', null],
    ['\u202eevil', null],
    [`${'a'.repeat(64)}.example`, null],
    [`${'a.'.repeat(150)}b`, null],
  ];
  for (const [text, expected] of names) {
    it(`reads ${JSON.stringify(text.slice(0, 24))} as ${expected}`, () => {
      assert.equal(cleanHostname(text), expected);
    });
  }

  it('reads a hosts file with comments, IPv6 in any form and nonsense', () => {
    const text =
      '#10.0.0.1 no\n::1 localhost ip6-localhost\n2001:DB8:0::5 six\n10.0.0.2 <b>\n10.0.0.3\nx y\n10.0.0.4 a\n10.0.0.4 b\n';
    assert.deepEqual(
      [...parseHosts(text)],
      [
        ['::1', 'localhost'],
        ['2001:db8::5', 'six'],
        ['10.0.0.4', 'a'],
      ],
    );
  });
});
