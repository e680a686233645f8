import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const program = join(import.meta.dirname, '../../src/cmd/netmon.ts');
const startMs = 60_000;

/** A `netmon server` of this test. */
export interface ServerProcess {
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts a server on 127.0.0.1 with its database in `folder`; port 0 takes a free one; `flags` go to it as they are. */
export async function startServer(
  folder: string,
  port = 0,
  flags: readonly string[] = [],
): Promise<ServerProcess> {
  const args = [program, 'server', '--host', '127.0.0.1', '--port', String(port)];
  const child = spawn(
    process.execPath,
    [...args, '--db', join(folder, 'netmon.db'), '--log-level', 'error', ...flags],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const url = await readUrl(child);
  return {
    url,
    port: Number(new URL(url).port),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

async function readUrl(child: ChildProcess): Promise<string> {
  const late = setTimeout(() => child.kill('SIGKILL'), startMs);
  try {
    for await (const line of createInterface({ input: child.stdout! })) {
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(line);
      if (found) return found[0];
    }
    throw new Error(`the server ended (${child.exitCode ?? child.signalCode}) before it listened`);
  } finally {
    clearTimeout(late);
  }
}
