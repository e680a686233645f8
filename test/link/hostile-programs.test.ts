import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import type { z } from 'zod';
import { linkPath, linkSubprotocol, type ServerMessage } from '../../src/wire/link.ts';
import { monitorRowSchema } from '../../src/wire/monitor.ts';
import {
  type AgentRow,
  agentListSchema,
  evidenceSchema,
  historySchema,
  incidentListSchema,
  monitorListSchema,
  resultListSchema,
} from '../../src/wire/monitor-api.ts';
import { consolePath, consoleSubprotocol } from '../../src/wire/orders.ts';
import { makeDataFolder } from '../support/netmon.ts';
import { until } from '../support/until.ts';
import { attacks, hello, records } from './attacks.ts';

const program = join(import.meta.dirname, '../../bin/netmon');
const patient = { withinMs: 60_000 };

/** A `netmon` as a user runs it, until it has said what the group of a pattern matches. */
class Program {
  readonly child: ChildProcess;
  #output = '';

  constructor(...args: readonly string[]) {
    this.child = spawn(program, [...args, '--log-format', 'json'], { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.on('data', (text: Buffer) => {
        this.#output += String(text);
      });
    }
  }

  find(pattern: RegExp): Promise<string> {
    return until(String(pattern), () => pattern.exec(this.#output)?.[1], {
      ...patient,
      describe: () => this.#output,
    });
  }

  /** Ends it; throws when it has ended by itself. */
  async stop(): Promise<void> {
    assert.equal(this.child.exitCode, null, this.#output);
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }
}

/** An agent that waits and says what it is made to: its messages after the welcome, one link alone. */
class FakeAgent {
  readonly #http = createServer();
  readonly #server = new WebSocketServer({ server: this.#http, handleProtocols: () => linkSubprotocol });
  readonly received: ServerMessage[] = [];
  readonly #messages: readonly (string | object)[];
  closedWith: number | null = null;
  #links = 0;

  constructor(agent: string, messages: readonly (string | object)[]) {
    this.#messages = messages;
    this.#server.on('connection', (socket) => {
      socket.on('error', () => {});
      if (this.#links++ > 0) {
        socket.terminate();
        return;
      }
      socket.on('close', (code) => {
        this.closedWith = code;
      });
      socket.on('message', (data) => this.#onMessage(socket, JSON.parse(String(data))));
      socket.send(JSON.stringify({ ...hello, agent }));
    });
  }

  async listen(): Promise<string> {
    this.#http.listen(0, '127.0.0.1');
    await once(this.#http, 'listening');
    return `127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  close(): void {
    for (const socket of this.#server.clients) socket.terminate();
    this.#http.closeAllConnections();
    this.#http.close();
  }

  #onMessage(socket: WebSocket, message: ServerMessage): void {
    this.received.push(message);
    if (message.kind !== 'welcome') return;
    for (const each of this.#messages) socket.send(typeof each === 'string' ? each : JSON.stringify(each));
  }
}

const evil = '\u001b[2J\u202e<script>x</script>\r\n"';
const plainRound = {
  monitor: 'm',
  revision: 1,
  outcome: 'up',
  duration_ms: 1,
  reason: null,
  attempts: 1,
  address: null,
  phases: { resolve_ms: null, connect_ms: null, tls_ms: null, processing_ms: null, transfer_ms: null },
  echoes: [],
  detail: {},
};
/** Rounds of a liar, the last of them with nothing odd. */
const extremes: readonly object[] = [
  { at: '0000-01-01T00:00:00Z', outcome: 'down' },
  { at: '9999-12-31T23:59:59.999Z', outcome: 'down', reason: { code: evil, message: evil, phase: 'agent' } },
  { echoes: [5e-324, 1e308, null, 0, 1e308], duration_ms: 1e308, attempts: 10 },
  { phases: { resolve_ms: 1e308, connect_ms: 1e308, tls_ms: 5e-324, processing_ms: 0, transfer_ms: 1e308 } },
  { phases: { resolve_ms: 1e308, connect_ms: 1e308, tls_ms: 5e-324, processing_ms: 0, transfer_ms: 1e308 } },
  { revision: Number.MAX_SAFE_INTEGER, address: evil, outcome: 'degraded' },
  { address: '[::1]:99999', detail: { status: Number.MAX_SAFE_INTEGER, banner: evil, rcode: evil } },
  {
    detail: {
      certificate: {
        subject: evil,
        issuer: evil,
        names: [evil],
        not_before: '0000-01-01T00:00:00Z',
        not_after: '9999-12-31T23:59:59Z',
        fingerprint: evil,
        chain: Number.MAX_SAFE_INTEGER,
        problem: evil,
      },
      ntp: {
        offset_ms: -1e308,
        delay_ms: 1e308,
        stratum: 0,
        root_delay_ms: -1e308,
        root_dispersion_ms: 1e308,
        leap: 'none',
        reference: evil,
      },
    },
  },
  { outcome: 'unknown', echoes: new Array(100).fill(null) },
  {},
];

describe('a server that dials hostile agents', () => {
  const folder = makeDataFolder();
  const fakes: FakeAgent[] = [];
  let server: Program;
  let url: string;

  before(async () => {
    const user = process.getuid!() === 0 ? ['--user', 'root'] : [];
    server = new Program(
      'server',
      '--port',
      '0',
      '--data',
      join(folder, 'server'),
      '--public-status',
      ...user,
    );
    url = await server.find(/serves (http:\S+),/);
  });
  after(async () => {
    for (const fake of fakes) fake.close();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function dial(agent: string, messages: readonly (string | object)[]): Promise<FakeAgent> {
    const fake = new FakeAgent(agent, messages);
    fakes.push(fake);
    const { status } = await fetch(`${url}/api/dials`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ address: await fake.listen() }),
    });
    assert.equal(status, 201);
    return fake;
  }

  it('refuses each of them, and nothing is the worse for the others', async () => {
    const good = await dial('good', []);
    await until(
      'the good agent',
      () => good.received.some(({ kind }) => kind === 'welcome') || undefined,
      patient,
    );
    const evil = Object.entries(attacks).map(async ([what, messages], i) => {
      const fake = await dial(`evil-${i}`, messages);
      await until(`the end of ${what}`, () => fake.closedWith ?? undefined, patient);
      const last = fake.received.at(-1);
      assert.ok(
        last?.kind === 'refused' && last.code === 'NM_VALIDATION',
        `${what}: ${JSON.stringify(last)}`,
      );
      assert.equal(fake.closedWith, 1008, what);
    });
    await Promise.all(evil);
    const later = await dial('later', [records]);
    await until(
      'an acknowledgement',
      () => later.received.some(({ kind }) => kind === 'ack') || undefined,
      patient,
    );
    const rows = await until(
      'the good ones alone',
      async () => {
        const { agents } = agentListSchema.parse(await (await fetch(`${url}/api/agents?limit=1000`)).json());
        const linked = agents.filter((row: AgentRow) => row.connected).map(({ agent }) => agent);
        return linked.join() === 'good,later' && agents.length >= fakes.length ? agents : undefined;
      },
      patient,
    );
    assert.ok(rows.every(({ agent }) => /^(?:good|later|evil-\d+)$/.test(agent)));
  });

  it('tells of rounds that no probe would find as of any others', async () => {
    const asJson = { 'content-type': 'application/json' };
    const probe = { kind: 'http', url: 'http://shop.example/' };
    const body = JSON.stringify({ id: 'm', name: 'm', probe, public: true, thresholds: { failures: 1 } });
    const made = await fetch(`${url}/api/monitors`, { method: 'POST', headers: asJson, body });
    assert.equal(made.status, 201, await made.text());
    const rounds = extremes.map((extreme) => ({
      kind: 'probe',
      result: { ...plainRound, at: new Date().toISOString(), ...extreme },
    }));
    const liar = await dial('liar', [{ ...records, records: rounds }]);
    await until(
      'an acknowledgement',
      () => liar.received.some(({ kind }) => kind === 'ack') || undefined,
      patient,
    );
    const read = async <T>(path: string, schema: z.ZodType<T>): Promise<T> => {
      const answer = await fetch(url + path);
      assert.equal(answer.status, 200, `${path}: ${await answer.clone().text()}`);
      return schema.parse(await answer.json());
    };
    const { results } = await read('/api/monitors/m/results?limit=1000', resultListSchema);
    assert.equal(results.length, extremes.length);
    const { status } = await read('/api/monitors/m', monitorRowSchema);
    assert.equal(status.agents.find(({ agent }) => agent === 'liar')?.last?.outcome, 'up');
    await read('/api/monitors?limit=10', monitorListSchema);
    await read('/api/incidents', incidentListSchema);
    await read('/api/monitors/m/evidence', evidenceSchema);
    const { agents } = await read('/api/monitors/m/history?since=2h', historySchema);
    assert.ok(agents.liar.length > 0);
    for (const path of [
      '/metrics',
      '/public',
      '/public/badge/m/response.svg',
      '/public/badge/m/uptime.svg',
    ]) {
      const answer = await fetch(url + path);
      const text = await answer.text();
      assert.ok(
        answer.status === 200 || (answer.status === 404 && path.startsWith('/public')),
        `${path} ${text}`,
      );
      // biome-ignore lint/suspicious/noControlCharactersInRegex: a control character is what may not be there
      assert.doesNotMatch(text, /[\u0000-\u0008\u001b\u202e]|<script>/, path);
    }
  });

  it('links no name that is dangerous, or another’s', async () => {
    for (const name of ['good', 'x\u001b[2J', 'a\r\nb', '\u202egood', '', 'n'.repeat(129), 7]) {
      const fake = await dial(name as string, []);
      await until(`the end of ${JSON.stringify(name)}`, () => fake.closedWith ?? undefined, patient);
      assert.equal(fake.received.at(-1)?.kind, 'refused', JSON.stringify(name));
    }
  });

  it('goes on when what it dialled is no agent: noise, an endless head, silence, a redirect', async () => {
    const noises: readonly string[] = [
      '\0'.repeat(1000),
      `HTTP/1.1 101 Switching Protocols\r\n${'X-Long: y\r\n'.repeat(20_000)}`,
      'HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n',
    ];
    for (const noise of noises) {
      const http = createServer();
      let heard = 0;
      http.on('connection', (socket) => {
        heard++;
        socket.on('error', () => {});
        socket.end(noise);
      });
      http.listen(0, '127.0.0.1');
      await once(http, 'listening');
      const address = `127.0.0.1:${(http.address() as AddressInfo).port}`;
      await fetch(`${url}/api/dials`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ address }),
      });
      await until('a second try', () => heard > 1 || undefined, patient);
      const gone = await fetch(`${url}/api/dials?address=${address}`, { method: 'DELETE' });
      assert.equal(gone.status, 204);
      http.closeAllConnections();
      http.close();
    }
    assert.equal((await fetch(`${url}/health`)).status, 200);
  });
});

describe('an agent that waits, with hostile servers and consoles', () => {
  const folder = makeDataFolder();
  let agent: Program;
  let address: string;

  before(async () => {
    const flags = ['--agent-name', 'box', '--sensor', 'proc', '--no-inspect'];
    agent = new Program('agent', '--listen', '127.0.0.1:0', '--data', folder, ...flags);
    address = await agent.find(/"address":"(127\.0\.0\.1:\d+)"/);
  });
  after(async () => {
    await agent.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A connection to the agent, after its hello; tried again while another holds the link. */
  async function open(path: string): Promise<WebSocket> {
    const subprotocol = path === linkPath ? linkSubprotocol : consoleSubprotocol;
    return until(
      'a connection',
      async () => {
        const socket = new WebSocket(`ws://${address}${path}`, [subprotocol]);
        socket.on('error', () => {});
        const hello = once(socket, 'message').then(() => socket);
        return Promise.race([hello, once(socket, 'close').then(() => undefined)]);
      },
      patient,
    );
  }

  /** What the agent says of itself to a console that is all right. */
  async function describeAgent(): Promise<string> {
    const socket = await open(consolePath);
    const id = randomUUID();
    const [issued_at, expires_at] = [0, 60_000].map((ms) => new Date(Date.now() + ms).toISOString());
    const body = JSON.stringify({
      id,
      agent: 'box',
      issued_at,
      expires_at,
      order: { type: 'agent.describe' },
    });
    socket.send(JSON.stringify({ kind: 'order', body, signature: null }));
    const [data] = await once(socket, 'message');
    socket.terminate();
    return JSON.parse(String(data)).answer.type;
  }

  const messages: Readonly<Record<string, string | Buffer>> = {
    'no JSON': '{',
    'a number': '1',
    'a binary frame': Buffer.from('{"kind":"order"}'),
    'an unknown kind': '{"kind":"exec","command":"id"}',
    'a __proto__': '{"kind":"order","__proto__":{"isAdmin":true},"body":"{}","signature":null}',
    'deep nesting': '['.repeat(1_000_000),
    'a body that is no text': '{"kind":"order","body":{},"signature":null}',
    'a body beyond the limit': JSON.stringify({
      kind: 'order',
      body: 'x'.repeat(1_100_000),
      signature: null,
    }),
    'a frame beyond the limit': 'x'.repeat(5 * 1024 * 1024),
    'a credit of 2^63': '{"kind":"welcome","committed":9223372036854775807,"live_interval_ms":1000}',
  };
  for (const path of [linkPath, consolePath]) {
    it(`ends ${path} for what is no message of it, and takes the next`, async () => {
      for (const [what, message] of Object.entries(messages)) {
        const socket = await open(path);
        socket.send(message);
        await until(
          `the end for ${what}`,
          () => socket.readyState === WebSocket.CLOSED || undefined,
          patient,
        );
      }
      assert.equal(await describeAgent(), 'agent');
    });

    it(`ends ${path} for frames that are none of RFC 6455, and takes the next`, async () => {
      const frames: readonly number[][] = [
        [0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        [0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0],
        [0x81, 0x05, 1, 2, 3, 4, 5],
        [0xf1, 0x80, 0, 0, 0, 0],
        [0x83, 0x80, 0, 0, 0, 0],
        [0x89, 0xfe, 0xff, 0xff, 0, 0, 0, 0],
        [0x80, 0x80, 0, 0, 0, 0],
      ];
      const subprotocol = path === linkPath ? linkSubprotocol : consoleSubprotocol;
      for (const frame of frames) {
        const refused = await until(
          'a connection',
          async () => {
            const socket = connect(Number(address.split(':')[1]), '127.0.0.1');
            socket.on('error', () => {});
            socket.write(
              `GET ${path} HTTP/1.1\r\nHost: ${address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
                `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: ${subprotocol}\r\n\r\n`,
            );
            const [head] = await once(socket, 'data');
            if (!String(head).startsWith('HTTP/1.1 101')) return undefined;
            socket.write(Buffer.from(frame));
            await once(socket.resume(), 'close');
            return true;
          },
          patient,
        );
        assert.equal(refused, true);
      }
      assert.equal(await describeAgent(), 'agent');
    });
  }

  it('answers a flood of pings with no more than its peer takes', async () => {
    const socket = await open(consolePath);
    socket.pause();
    const closed = once(socket, 'close');
    let isOpen = true;
    void closed.then(() => {
      isOpen = false;
    });
    // A peer that takes no pongs is cut off, and sees that when it writes.
    for (let i = 0; isOpen && i < 20_000; i++) {
      for (let j = 0; j < 1000; j++) socket.ping(Buffer.alloc(125));
      await new Promise((resolve) => setImmediate(resolve));
      while (isOpen && socket.bufferedAmount > 4_000_000)
        await new Promise((resolve) => setTimeout(resolve, 1));
    }
    socket.resume();
    await closed;
    assert.equal(await describeAgent(), 'agent');
  });
});
