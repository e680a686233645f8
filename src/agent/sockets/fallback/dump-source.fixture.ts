import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { makeReporter } from '../../../platform/reporter.ts';
import type { ReportedConnection } from '../../../wire/connection.ts';
import type { SensorStatus } from '../../../wire/machine.ts';
import { makeProcessTable } from '../../processes/table.ts';
import { SocketSensor } from '../socket-sensor.ts';
import { DumpSource, type DumpSourceOptions } from './dump-source.ts';

/** A sensor of sockets that dumps, on a clock of its own, with the live rows as a viewer would hold them. */
export class DumpBench implements Disposable {
  readonly recorded: ReportedConnection[] = [];
  readonly rows = new Map<number, ReportedConnection>();
  /** Bytes sent and received of each row, by change. */
  readonly counts = new Map<number, [number, number]>();
  readonly #processes = makeProcessTable();
  readonly #sensor: SocketSensor;
  #nowNs = 100e9;

  constructor(level: DumpSourceOptions['level']) {
    const source = new DumpSource({ level, maxSockets: 4096, reason: 'a test', clock: () => 0 });
    this.#processes.explainUnknown(source.unknownOwner);
    this.#sensor = new SocketSensor(source, {
      owners: this.#processes,
      clock: { toUnixMs: (bootNs) => bootNs / 1e6 },
      reporter: makeReporter({ write: () => {} }),
      isLocalAddress: () => false,
      onProcessEvent: () => {},
      record: (row) => this.recorded.push(row),
    });
  }

  /** Lets `ms` pass in one reading and takes over what changed. */
  tick(ms: number): void {
    this.#nowNs += ms * 1e6;
    this.#sensor.tick(this.#nowNs, ms);
    const { opened, revised, changed, closed } = this.#sensor.takeChanges(false, this.#nowNs / 1e6);
    for (const { key, connection } of [...opened, ...revised]) this.rows.set(key, connection);
    for (const [key, , sent, received] of changed) this.counts.set(key, [sent, received]);
    for (const key of closed) this.rows.delete(key);
  }

  /**
   * Lets seconds pass, `least` and more until the process of each live row with one of these ports is found, of which a
   * second looks for a bounded part; how many it were.
   */
  tickUntilOwned(ports: readonly number[], least: number): number {
    const isOwned = (): boolean =>
      ports.every((port) => this.#ofPort(port).every(({ process_id }) => process_id !== null));
    let seconds = 0;
    while (seconds < least || (seconds < 200 && !isOwned())) {
      this.tick(1000);
      seconds++;
    }
    return seconds;
  }

  #ofPort(port: number): ReportedConnection[] {
    return [...this.rows.values()].filter(({ local_addr }) => local_addr.endsWith(`:${port}`));
  }

  /** The live row with these ports, and its key. */
  find(localPort: number, remotePort: number): readonly [number, ReportedConnection] | undefined {
    const ends = ({ local_addr, remote_addr }: ReportedConnection): boolean =>
      local_addr.endsWith(`:${localPort}`) && remote_addr.endsWith(`:${remotePort}`);
    return [...this.rows].find(([, row]) => ends(row));
  }

  status(): SensorStatus {
    return this.#sensor.status();
  }

  [Symbol.dispose](): void {
    this.#sensor[Symbol.dispose]();
  }
}

export interface Pair extends AsyncDisposable {
  readonly client: Socket;
  readonly server: Socket;
  readonly port: number;
}

/** A TCP connection of this process with itself over loopback. */
export async function connectPair(host: '127.0.0.1' | '::1'): Promise<Pair> {
  const listener = createServer();
  listener.listen(0, host);
  await once(listener, 'listening');
  const { port } = listener.address() as { port: number };
  const client = connect(port, host);
  const [[server]] = await Promise.all([once(listener, 'connection'), once(client, 'connect')]);
  return {
    client,
    server,
    port,
    [Symbol.asyncDispose]: async () => {
      const closed = Promise.all([once(listener, 'close'), client.destroyed || once(client, 'close')]);
      client.destroy();
      server.destroy();
      listener.close();
      await closed;
    },
  };
}

/** Has the other end read all of it. */
export async function transfer(from: Socket, to: Socket, bytes: number): Promise<void> {
  let left = bytes;
  const read = Promise.withResolvers<void>();
  const take = (data: Buffer): void => {
    left -= data.length;
    if (left === 0) read.resolve();
  };
  to.on('data', take);
  from.write(Buffer.alloc(bytes));
  await read.promise;
  to.off('data', take);
}
