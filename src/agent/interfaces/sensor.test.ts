import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { type InterfaceRow, interfaceSchema, type Sample } from '../../wire/machine.ts';
import { InterfaceSensor } from './sensor.ts';

interface Answer {
  readonly interfaces?: InterfaceRow[];
  readonly interface_samples: Record<string, Sample[]>;
  readonly local: string[];
}

/** A network namespace of its own with a sensor in it. */
class Namespace implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #atMs = 0;

  constructor() {
    const fixture = join(import.meta.dirname, 'sensor.fixture.ts');
    this.#child = spawn('unshare', ['--net', process.execPath, fixture], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  async read(): Promise<Answer> {
    const { value } = await this.#lines.next();
    return JSON.parse(value);
  }

  /** Lets the sensor tick half a second later. */
  async tick(): Promise<Answer> {
    this.#atMs += 500;
    this.#child.stdin!.write(`${this.#atMs}\n`);
    return this.read();
  }

  /** Lets it tick until the interface is as it should be: the kernel tells of carriers and IPv6 addresses a little later. */
  async become(
    name: string,
    test: (row: InterfaceRow, local: readonly string[]) => boolean,
  ): Promise<Answer> {
    const deadline = performance.now() + 60_000;
    let last: InterfaceRow | undefined;
    for (;;) {
      const answer = await this.tick();
      last = find(answer, name) ?? last;
      if (last && test(last, answer.local)) return { ...answer, interfaces: [last] };
      assert.ok(performance.now() < deadline, JSON.stringify([last, answer.local]));
      await wait(10);
    }
  }

  run(command: string, ...args: string[]): void {
    const words = args.length > 0 ? [command, ...args] : command.split(' ');
    execFileSync('nsenter', [`--net=/proc/${this.#child.pid}/ns/net`, ...words]);
  }

  /** Runs a command with that input. */
  feed(command: string, input: string): void {
    execFileSync('nsenter', [`--net=/proc/${this.#child.pid}/ns/net`, ...command.split(' ')], { input });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exit = once(this.#child, 'exit');
    this.#child.stdin!.end();
    await exit;
  }
}

const find = (answer: Answer, name: string): InterfaceRow | undefined =>
  answer.interfaces?.find((row) => row.name === name);

const skip = process.getuid?.() === 0 ? false : 'makes network namespaces, for which it needs root';

describe('interfaces', () => {
  it('finds those of this machine', () => {
    using sensor = new InterfaceSensor();
    sensor.start();
    const rows = sensor.rows();
    for (const row of rows) interfaceSchema.parse(row);
    const loopback = rows.find((row) => row.name === 'lo')!;
    assert.deepEqual([loopback.kind, loopback.index, loopback.mtu], ['loopback', 1, 65536]);
    assert.equal(sensor.isLocalAddress('::1'), true);
    assert.equal(sensor.isLocalAddress('198.51.100.1'), false);
    assert.equal(sensor.status().level, 'full');
  });

  it('follows them as they appear, change, are renamed and vanish', { skip }, async () => {
    await using namespace = new Namespace();
    assert.equal(find(await namespace.read(), 'lo')?.up, false);

    namespace.run('ip link set lo up');
    namespace.run('ip link add netmon-a type veth peer name netmon-b');
    const appeared = await namespace.tick();
    assert.equal(find(appeared, 'lo')?.up, true);
    const a = find(appeared, 'netmon-a')!;
    assert.deepEqual([a.kind, a.up, a.carrier, a.mtu, a.speed_mbps], ['veth', false, false, 1500, 10000]);

    namespace.run('ip link set netmon-a up mtu 1400');
    namespace.run('ip link set netmon-b up');
    namespace.run('ip addr add 10.9.8.7/24 dev netmon-a');
    namespace.run('ip addr add fd09::1/64 dev netmon-a nodad');
    const changed = await namespace.become(
      'netmon-a',
      ({ carrier }, local) => carrier && local.includes('fd09::1'),
    );
    const up = find(changed, 'netmon-a')!;
    assert.deepEqual([up.up, up.carrier, up.mtu], [true, true, 1400]);
    assert.ok(up.addresses.includes('10.9.8.7/24') && up.addresses.includes('fd09::1/64'));
    assert.deepEqual(changed.local, ['10.9.8.7', 'fd09::1', '127.0.0.1']);

    namespace.run('ip addr del 10.9.8.7/24 dev netmon-a');
    namespace.run('ip link set netmon-b down');
    const down = await namespace.become('netmon-a', ({ carrier }) => !carrier);
    assert.deepEqual(down.local, ['fd09::1', '127.0.0.1']);

    namespace.run('ip link set netmon-a down');
    namespace.run('ip link set netmon-a name netmon-c');
    const renamed = await namespace.tick();
    assert.equal(find(renamed, 'netmon-a'), undefined);
    assert.equal(find(renamed, 'netmon-c')!.index, a.index);

    namespace.run('ip link del netmon-c');
    const gone = await namespace.tick();
    assert.deepEqual(
      gone.interfaces!.map((row) => row.name).filter((name) => name.startsWith('netmon')),
      [],
    );
    assert.deepEqual(gone.local, ['127.0.0.1']);
  });

  it('finds out what is when more happens at once than the kernel keeps for it', { skip }, async () => {
    await using namespace = new Namespace();
    await namespace.read();
    namespace.run('ip link add netmon-a type veth peer name netmon-b');
    const mtus = Array.from({ length: 4000 }, (_, i) => `link set netmon-a mtu ${1000 + (i % 500)}`);
    namespace.feed('ip -batch -', [...mtus, 'link del netmon-a', 'link add netmon-c type veth'].join('\n'));
    const names = (await namespace.tick()).interfaces!.map((row) => row.name);
    assert.ok(names.includes('netmon-c') && !names.includes('netmon-a'), names.join());
  });

  it('counts exactly what goes over a link, with its rate and how much of its speed that is', {
    skip,
  }, async () => {
    await using namespace = new Namespace();
    await namespace.read();
    namespace.run('sysctl -q net.ipv6.conf.default.disable_ipv6=1');
    namespace.run('ip link add netmon-a type veth peer name netmon-b');
    namespace.run('ip link set netmon-a up arp off address 02:00:00:00:00:01');
    namespace.run('ip link set netmon-b up arp off');
    namespace.run('ip addr add 10.9.8.7/24 dev netmon-a');
    namespace.run('ip neigh add 10.9.8.8 lladdr 02:00:00:00:00:02 dev netmon-a');
    const before = find(await namespace.tick(), 'netmon-a')!;
    const send =
      'require("dgram").createSocket("udp4").send(Buffer.alloc(1000), 9, "10.9.8.8", () => process.exit())';
    for (let i = 0; i < 3; i++) namespace.run(process.execPath, '-e', send);
    const answer = await namespace.tick();
    const after = find(answer, 'netmon-a')!;
    const bytes = 3 * (1000 + 8 + 20 + 14);
    assert.equal(after.bytes_sent - before.bytes_sent, bytes);
    assert.equal(after.packets_sent - before.packets_sent, 3);
    assert.equal(find(answer, 'netmon-b')!.packets_received, after.packets_sent);
    assert.equal(after.upload_speed, bytes * 2);
    assert.equal(after.packets_sent_per_s, 6);
    assert.equal(after.utilization_percent, 0);
    assert.deepEqual(answer.interface_samples['netmon-a'], [[1000, bytes * 2, 0]]);
    const quiet = await namespace.tick();
    assert.deepEqual(quiet.interface_samples['netmon-a'], [[1500, 0, 0]]);
    assert.deepEqual((await namespace.tick()).interface_samples, {});
  });
});
