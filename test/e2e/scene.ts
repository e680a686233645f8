import { AgentLink } from '../../src/agent/link/link.ts';
import type { LiveSource, SourceFrame } from '../../src/agent/link/source.ts';
import { makeReporter } from '../../src/platform/reporter.ts';
import type { ReportedConnection } from '../../src/wire/connection.ts';
import { connectionStates } from '../../src/wire/connection.ts';
import type { DurableRecord, PacketsAnswer } from '../../src/wire/link.ts';
import type { InterfaceRow, ProcessRow, Sample, SensorStatus, SystemRow } from '../../src/wire/machine.ts';
import { reported } from '../../src/wire/reported.fixture.ts';

/** Names as hostile processes give themselves. */
export const hostileNames = {
  markup: '<img src=x onerror=alert(1)>',
  override: 'exe\u202egpj.sh',
  escape: 'a\u001b]0;owned\u0007b\u0000c',
  script: '"><script>alert(2)</script>',
} as const;

const readingMs = 100;

/** A machine as a test says it is, seen by the real link: connections of which some change with every reading. */
export class Scene implements LiveSource {
  readonly connections = new Map<number, ReportedConnection>();
  readonly #busy: readonly number[];
  #link: AgentLink | null = null;
  #listener: () => void = () => {};
  #timer: NodeJS.Timeout | undefined;
  #readings = 0;
  #samples: Sample[] = [];
  readonly #sampledAt: number[] = [];

  /** `count` connections, of which the first `busy` change with every reading. */
  constructor(count: number, busy: number) {
    for (let key = 1; key <= count; key++) this.connections.set(key, makeConnection(key));
    this.#busy = [...this.connections.keys()].slice(0, busy);
  }

  /** Dials the server until `stop`. */
  start(server: string): void {
    const hello = { agent: 'scene', version: '0.0.0', kernel: '6.0', os: 'Test' };
    this.#link = new AgentLink(
      { server, hello, spool: { path: null } },
      this,
      makeReporter({ level: 'error' }),
    );
    this.#link.start();
    this.#timer = setInterval(() => this.#read(), readingMs);
  }

  /** Samples that it has told up to a time, Unix milliseconds. */
  countSamples(until: number): number {
    return this.#sampledAt.filter((at) => at <= until).length;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#link?.stop();
  }

  /** Records a connection that failed. */
  fail(fields: Partial<ReportedConnection>): void {
    const at = new Date().toISOString();
    const connection = reported({ timestamp: at, opened_at: at, closed_at: at, state: 'CLOSED', ...fields });
    this.record({ kind: 'connection', key: null, connection });
  }

  /** Has the link keep and send a record. */
  record(record: DurableRecord): void {
    this.#link?.record(record);
  }

  async packets(): Promise<PacketsAnswer> {
    const packet = { timestamp: new Date().toISOString(), length: 74, captured: 74, protocol: 'tcp' };
    return {
      packets: [
        { ...packet, direction: 'sent', info: hostileNames.markup },
        { ...packet, direction: 'received', info: 'SYN ACK' },
      ],
      left_out: 5,
      pcapng: Buffer.from('not looked into').toString('base64'),
      reason: null,
    };
  }

  onReading(listener: () => void): void {
    this.#listener = listener;
  }

  sensors(): readonly SensorStatus[] {
    return [
      { name: 'sockets', level: 'full', detail: 'all of them', reason: null, remedy: null },
      {
        name: 'interfaces',
        level: 'netlink',
        detail: 'rtnetlink',
        reason: 'the driver states no speed',
        remedy: 'ask the driver',
      },
    ];
  }

  takeFrame(full: boolean): SourceFrame {
    const frame: SourceFrame = {
      at: Date.now(),
      full,
      opened: full ? [...this.connections].map(([key, connection]) => ({ key, connection })) : [],
      revised: [],
      changed: full ? [] : this.#busy.map((key) => toChange(key, this.connections.get(key)!)),
      closed: [],
      samples: this.#samples,
      interface_samples: { eth0: this.#samples },
      process_samples: { '1-1': this.#samples },
      processes: full || this.#readings % 10 === 0 ? [makeProcess()] : [],
      processes_gone: [],
      interfaces: [makeInterface()],
      system: makeSystem(),
    };
    this.#samples = [];
    return frame;
  }

  #read(): void {
    this.#readings++;
    for (const key of this.#busy) {
      const connection = this.connections.get(key)!;
      connection.download_speed = 1000 * (1 + ((key * 7919 + this.#readings * 104_729) % 997));
      connection.upload_speed = connection.download_speed / 10;
      connection.bytes_received = (connection.bytes_received ?? 0) + connection.download_speed / 10;
    }
    const wave = 1 + Math.sin(this.#readings / 12);
    const at = Date.now();
    this.#sampledAt.push(at);
    this.#samples.push([at, Math.round(300_000 * wave), Math.round(4_000_000 * wave)]);
    this.#listener();
  }
}

const names = Object.values(hostileNames);

function makeConnection(key: number): ReportedConnection {
  return reported({
    process_id: 1000 + key,
    process_name: names[key - 1] ?? `worker-${key}`,
    process_path: `/usr/bin/worker-${key}`,
    command_line: `worker-${key} ${'x'.repeat(key === 1 ? 4000 : 10)}`,
    local_addr: `10.0.0.1:${10_000 + (key % 50_000)}`,
    remote_addr:
      key % 10 === 0 ? '0.0.0.0:0' : `10.${(key >> 16) & 255}.${(key >> 8) & 255}.${key & 255}:443`,
    state: key % 10 === 0 ? 'LISTEN' : 'ESTABLISHED',
    direction: key % 10 === 0 ? 'listening' : 'outbound',
    opened_at: new Date(Date.now() - key * 1000).toISOString(),
    user: key % 2 === 0 ? 'root' : 'www-data',
  });
}

function toChange(key: number, c: ReportedConnection): number[] {
  const state = connectionStates.indexOf(c.state!);
  const rates = [c.upload_speed ?? 0, c.download_speed ?? 0];
  return [key, state, c.bytes_sent ?? 0, c.bytes_received ?? 0, 0, 0, ...rates, 2000, 1000, 100, 0, 0, 0, -1];
}

function makeProcess(): ProcessRow {
  return {
    key: '1-1',
    process_id: 1001,
    process_name: hostileNames.markup,
    process_path: '/usr/bin/worker-1',
    command_line: 'worker-1',
    user: 'root',
    user_id: 0,
    parents: [],
    container: null,
    unit: null,
    started_at: null,
    exited_at: null,
    connections: 1,
    connections_total: 1,
    errors: 0,
    bytes_sent: 1000,
    bytes_received: 2000,
    upload_speed: 100,
    download_speed: 200,
  };
}

function makeInterface(): InterfaceRow {
  return {
    name: 'eth0',
    index: 2,
    network_namespace: 1,
    up: true,
    carrier: true,
    kind: 'ether',
    mac: '02:00:00:00:00:01',
    mtu: 1500,
    speed_mbps: 1000,
    addresses: ['10.0.0.1/24'],
    bytes_sent: 1,
    bytes_received: 2,
    packets_sent: 3,
    packets_received: 4,
    errors_sent: 0,
    errors_received: 0,
    drops_sent: 0,
    drops_received: 0,
    upload_speed: 1000,
    download_speed: 2000,
    packets_sent_per_s: 1,
    packets_received_per_s: 2,
    utilization_percent: 1.5,
  };
}

function makeSystem(): SystemRow {
  return {
    cpu_percent: 10,
    cpus: 2,
    load_1: 0.5,
    load_5: 0.4,
    load_15: 0.3,
    memory_total: 8e9,
    memory_used: 2e9,
    agent_cpu_percent: 0.5,
    agent_memory: 60e6,
    kernel_memory: 10e6,
    lost: { slots: 7 },
  };
}
