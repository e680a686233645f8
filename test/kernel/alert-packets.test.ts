// What an alert saves of the packets before it: real requests in a network of this test's own, downloaded from the server.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { CaptureReader } from '../../src/decode/capture/capture-reader.ts';
import { enterOwnNetwork } from '../../src/sys/network.fixture.ts';
import type { AlertRow } from '../../src/wire/traffic-api.ts';
import type { AlertSettings } from '../../src/wire/traffic-schema.ts';
import { missing } from '../support/needs.ts';
import { makeDataFolder, type Netmon, runNetmon } from '../support/netmon.ts';
import { until } from '../support/until.ts';

const skip = missing('root', 'namespaces', 'bpf');
// What a test asks of the server are requests as well.
const program = join(import.meta.dirname, '../../bin/netmon');
const settings: AlertSettings = { hits_threshold: 200, window_ms: 10_000, bandwidth_threshold: null };
const calm: AlertSettings = { ...settings, hits_threshold: 1_000_000 };
const own = 80;
const slowly = { everyMs: 250, withinMs: 60_000 };

describe('packets saved at an alert', { skip }, () => {
  const data = skip ? '' : makeDataFolder();
  let web: Server;
  let port: number;
  let netmon: Netmon;

  before(async () => {
    enterOwnNetwork();
    web = createServer(({ url }, response) =>
      response.end(url === '/large' ? Buffer.alloc(1_000_000) : 'hello'),
    ).listen(0, '127.0.0.1');
    await until('a web server', () => web.listening || undefined);
    port = (web.address() as AddressInfo).port;
    netmon = await runNetmon({ data, flags: ['--no-mask'] });
    await set(settings);
    await until(
      'the inspector',
      async () => {
        await request('/first');
        const { requests } = await netmon.get<{ requests: object[] }>('/api/http/requests');
        return requests.length > 0 || undefined;
      },
      slowly,
    );
  });
  after(async () => {
    await netmon?.stop();
    web?.close();
    rmSync(data, { recursive: true, force: true });
  });

  const set = (value: AlertSettings): Promise<Response> =>
    fetch(`${netmon.url}/api/alerts/settings`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(value),
    });
  const request = async (path: string): Promise<void> => {
    await (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  };
  const alerts = async (): Promise<AlertRow[]> =>
    (await netmon.get<{ alerts: AlertRow[] }>('/api/alerts')).alerts;

  it('hold the requests that raised it, and can be downloaded', async () => {
    const before = (await alerts())[0]?.id ?? 0;
    for (let i = 0; i < settings.hits_threshold + 5; i++) await request(`/shop/${i}`);
    const alert = await until(
      'an alert whose packets are saved',
      async () => (await alerts()).find(({ id, packets }) => id > before && packets !== null),
      slowly,
    );
    assert.equal(alert.packets_reason, null);
    const response = await fetch(`${netmon.url}/api/alerts/${alert.id}/packets`);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'application/x-pcapng');
    const file = Buffer.from(await response.arrayBuffer());
    assert.equal(file.length, alert.packet_bytes);
    const packets = readPackets(file);
    assert.equal(packets.length, alert.packets);
    for (let i = 0; i < settings.hits_threshold - own; i++)
      assert.equal(packets.filter((text) => text.includes(`GET /shop/${i} HTTP/1.1\r\n`)).length, 1);
    if (existsSync('/usr/bin/tshark')) assert.equal(readByTshark(file), alert.packets);
    const folder = join(data, 'captures');
    const [name, ...others] = readdirSync(folder).filter((one) => one.includes(alert.raised_at.slice(0, 10)));
    assert.match(name, /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z-hits\.pcapng$/);
    assert.deepEqual([others.length, statSync(join(folder, name)).mode & 0o777], [0, 0o600]);
    rmSync(join(folder, name));
    const gone = await fetch(`${netmon.url}/api/alerts/${alert.id}/packets`);
    assert.equal(gone.status, 404);
    assert.match(((await gone.json()) as { detail: string }).detail, /no longer kept/);
    assert.equal((await fetch(`${netmon.url}/api/alerts/999/packets`)).status, 404);
  });

  it('and an alert of an agent that was killed ends when the next one is linked', async () => {
    await set(calm);
    await until(
      'calm',
      async () => (await alerts()).every(({ state }) => state === 'recovered') || undefined,
      slowly,
    );
    await set({ ...settings, window_ms: 600_000 });
    for (let i = 0; i < settings.hits_threshold + 5; i++) await request(`/late/${i}`);
    const open = await until(
      'an alert that lasts',
      async () => (await alerts()).find(({ state, packets }) => state === 'raised' && packets !== null),
      slowly,
    );
    assert.equal(await netmon.stop('SIGKILL'), null);
    netmon = await runNetmon({ data });
    const ended = await until(
      'its end',
      async () => (await alerts()).find(({ id, state }) => id === open.id && state === 'recovered'),
      slowly,
    );
    assert.equal(ended.duration_ms, null);
    assert.match(ended.recovered_message ?? '', /the agent was restarted/);
    const again = await fetch(`${netmon.url}/api/alerts/${open.id}/packets`);
    assert.equal((await again.arrayBuffer()).byteLength, open.packet_bytes);
  });

  it('are those of the interface, the site or the program whose bandwidth is high', async () => {
    await set({ ...calm, window_ms: 2000, bandwidth_threshold: 1_000_000 });
    const scopes = ['interface:lo', `site:127.0.0.1:${port}`, 'process:'];
    let all: AlertRow[] = [];
    const find = async () => {
      await request('/large');
      all = await alerts();
      const found = all.filter(({ kind, packets }) => kind === 'bandwidth' && packets !== null);
      return scopes.every((scope) => found.some((one) => one.scope.startsWith(scope))) ? found : undefined;
    };
    const found = await until('three alerts', find, { ...slowly, describe: () => all });
    for (const { id, scope, packets, packets_reason } of found) {
      assert.equal(packets_reason, null);
      const response = await fetch(`${netmon.url}/api/alerts/${id}/packets`);
      const saved = readPackets(Buffer.from(await response.arrayBuffer()));
      assert.equal(saved.length, packets);
      const ofSite = saved.filter((text) => isOfPort(text, port));
      assert.ok(ofSite.length > 0, `${scope}: none of ${saved.length} packets is of the site`);
      if (scope === scopes[1]) assert.equal(ofSite.length, saved.length);
    }
  });

  it('are written whole by a capture that waits for alerts, also after the server was away', async () => {
    await set(settings);
    const folder = mkdtempSync(join(tmpdir(), 'netmon-on-alert-'));
    const flags = ['--interface', 'lo', '--last', '60s', '--after', '3s', '--on-alert'];
    const child = spawn(
      program,
      ['capture', '--write', join(folder, 'high.pcapng'), ...flags, '--server', netmon.url],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let said = '';
    child.stderr.on('data', (text: Buffer) => {
      said += text.toString();
    });
    const hears = (what: RegExp): Promise<true> =>
      until(`${what}`, () => what.test(said) || undefined, { withinMs: 60_000, describe: () => said });
    const saved = async (path: string, count: number): Promise<void> => {
      for (let i = 0; i < settings.hits_threshold + 5; i++) await request(`/${path}/${i}`);
      await hears(new RegExp(`(saved [^]*){${count}}bytes\n`));
      const names = readdirSync(folder).sort();
      assert.equal(names.length, count, said);
      const packets = readPackets(readFileSync(join(folder, names[count - 1])));
      for (let i = 0; i < settings.hits_threshold + 5; i++) {
        const sent = packets.filter((text) => text.includes(`GET /${path}/${i} HTTP/1.1\r\n`));
        // Loopback shows a packet as it goes out and as it comes in.
        assert.ok(sent.length >= 1 && sent.length <= 2, `${sent.length} times ${i}: ${said}`);
      }
      assert.ok(packets.some((text) => text.endsWith('hello')));
    };
    try {
      await hears(/watching the alerts of/);
      await saved('one', 1);
      const { port: serverPort } = new URL(netmon.url);
      await netmon.stop();
      await hears(/out of reach/);
      netmon = await runNetmon({ data, flags: ['--port', serverPort] });
      await hears(/watching.*watching/s);
      await saved('two', 2);
      child.kill('SIGINT');
      await once(child, 'exit');
      assert.equal(child.exitCode, 0, said);
    } finally {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

/** The packets of a capture file, as text. */
function readPackets(file: Buffer): string[] {
  const packets: string[] = [];
  const reader = new CaptureReader(({ bytes, start, end }) =>
    packets.push(Buffer.from(bytes.subarray(start, end)).toString('latin1')),
  );
  reader.push(file);
  reader.end();
  return packets;
}

/** Whether a TCP packet over IPv4 was sent from or to a port. */
function isOfPort(text: string, port: number): boolean {
  const bytes = Buffer.from(text, 'latin1');
  return [34, 36].some((at) => bytes.length >= at + 2 && bytes.readUInt16BE(at) === port);
}

/** How many packets tshark finds in a capture file. */
function readByTshark(file: Buffer): number {
  const folder = mkdtempSync(join(tmpdir(), 'netmon-tshark-'));
  try {
    const path = join(folder, 'file.pcapng');
    writeFileSync(path, file);
    const args = ['-r', path, '-T', 'fields', '-e', 'frame.number'];
    const text = execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return text.trim().split('\n').length;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
