import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** Where a running netmon keeps its things. */
export interface Paths {
  /** Kept: the database in `server/`, the agent's spool, packets in `captures/`. */
  readonly data: string;
  /** Gone at the end: the pid file and the agent's socket. One running netmon for each. */
  readonly runtime: string;
  readonly db: string;
  readonly spool: string;
  /** Packets that the agent saved at alerts. */
  readonly captures: string;
  /** Ids of the orders that the agent has accepted. */
  readonly orders: string;
  /** What the agent probes. */
  readonly monitors: string;
  readonly socket: string;
  readonly pidFile: string;
}

/** Longest path of a Unix socket, sun_path of sockaddr_un less its final zero (unix(7)). */
export const maxSocketPath = 107;

/**
 * The folders of a user: /var/lib/netmon and /run/netmon for root, the XDG ones for others. With a data folder of its
 * own an instance keeps its runtime files in there, so that it runs beside others.
 */
export function findPaths(
  given: { readonly data?: string | undefined; readonly db?: string | undefined },
  env: Readonly<Record<string, string | undefined>>,
  uid: number,
): Paths {
  const data = resolve(given.data ?? defaultData(env, uid));
  const runtime = given.data === undefined ? defaultRuntime(env, uid) : join(data, 'run');
  return {
    data,
    runtime,
    db: resolve(given.db ?? join(data, 'server', 'netmon.db')),
    spool: join(data, 'spool.db'),
    captures: join(data, 'captures'),
    orders: join(data, 'orders.seen'),
    monitors: join(data, 'monitors.json'),
    socket: join(runtime, 'link', 'agent.sock'),
    pidFile: join(runtime, 'netmon.pid'),
  };
}

function defaultData(env: Readonly<Record<string, string | undefined>>, uid: number): string {
  if (uid === 0) return '/var/lib/netmon';
  return join(env.XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'netmon');
}

function defaultRuntime(env: Readonly<Record<string, string | undefined>>, uid: number): string {
  if (uid === 0) return '/run/netmon';
  return env.XDG_RUNTIME_DIR ? join(env.XDG_RUNTIME_DIR, 'netmon') : join(tmpdir(), `netmon-${uid}`);
}
