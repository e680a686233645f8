// Real servers in the network namespace of a test, and what netmon's inspection tells of them.
import { execFileSync, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Inspection } from '../../src/agent/capture/inspection.ts';
import { makeInspectorCommand } from '../../src/cmd/inspector-command.ts';
import type { Account } from '../../src/platform/account.ts';
import { makeReporter } from '../../src/platform/reporter.ts';
import type { ApplicationRecord } from '../../src/wire/traffic.ts';
import { until } from './until.ts';

const loopback = { index: 1, name: 'lo', up: true, loopback: true, ethernet: true } as const;

/** A server that runs until it is killed. */
export interface Server {
  kill(): void;
}

/** Starts a server in the foreground; what it says goes nowhere. */
export function startServer(file: string, args: readonly string[]): Server {
  const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'ignore'] });
  return { kill: () => void child.kill('SIGKILL') };
}

/** nginx in one process that logs into `folder`/log, with these `server` blocks and whatever else belongs into `http`. */
export function startNginx(folder: string, blocks: string): Server {
  const config = join(folder, 'nginx.conf');
  writeFileSync(
    config,
    `daemon off; master_process off; user root; pid ${folder}/pid; error_log stderr crit;
     events { worker_connections 1024; }
     http { access_log ${folder}/log; client_body_temp_path ${folder}; keepalive_requests 1000000; ${blocks} }`,
  );
  return startServer('nginx', ['-p', folder, '-c', config]);
}

/** dnsmasq on port 53 that knows these names and no others. */
export function startDnsmasq(folder: string, names: Readonly<Record<string, string>>): Server {
  const known = Object.entries(names).flatMap(([name, address]) => ['-A', `/${name}/${address}`]);
  const quiet = ['-k', '-C', '/dev/null', '-p', '53', '-R', '-h', '-a', '127.0.0.1', '-z', '--user=root'];
  return startServer('dnsmasq', [...quiet, ...known, `--pid-file=${folder}/dns.pid`]);
}

/** A self-signed certificate of shop.test in `folder`/cert with its key in `folder`/key. */
export function makeCertificate(folder: string): void {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${folder}/key`];
  const names = ['-subj', '/CN=shop.test', '-addext', 'subjectAltName=DNS:shop.test'];
  execFileSync('openssl', ['req', '-x509', ...key, '-out', `${folder}/cert`, ...names, '-days', '2'], {
    stdio: 'ignore',
  });
}

/** Whether something listens on that TCP port of loopback, in the manner of `until`. */
export async function accepts(port: number): Promise<true | undefined> {
  const { promise, resolve } = Promise.withResolvers<true | undefined>();
  const socket = connect(port, '127.0.0.1');
  socket.once('connect', () => resolve(true)).once('error', () => resolve(undefined));
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}

/** Inspection of loopback as the agent runs it, with all that it tells in `records`. */
export class InspectedLoopback implements AsyncDisposable {
  readonly records: ApplicationRecord[] = [];
  readonly inspection: Inspection;
  #timer: NodeJS.Timeout | undefined;

  constructor(account: Account | null) {
    this.inspection = new Inspection(makeInspectorCommand(account, true, 'inherit'), {
      reporter: makeReporter({ level: 'error' }),
      onRecord: (record) => this.records.push(record),
      onRevised: () => {},
      record: () => {},
    });
  }

  /** Starts it and waits until packets are read. */
  async start(): Promise<void> {
    this.inspection.start();
    this.#timer = setInterval(() => this.inspection.tick(() => [loopback], Date.now()), 50);
    await until('the inspector', () => this.inspection.works || undefined);
  }

  /** The records of a kind that it has told of since a number of records. */
  since<K extends ApplicationRecord['type']>(
    first: number,
    type: K,
  ): Extract<ApplicationRecord, { type: K }>[] {
    return this.records
      .slice(first)
      .filter((one): one is Extract<ApplicationRecord, { type: K }> => one.type === type);
  }

  /** Waits until nothing new is told of: what was under way is over. */
  async settle(): Promise<void> {
    let last = -1;
    await until(
      'the end of what was under way',
      () => {
        const grown = this.records.length > last;
        last = this.records.length;
        return grown ? undefined : true;
      },
      { everyMs: 700, withinMs: 60_000 },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.inspection.stop(Date.now());
  }
}
