import { randomBytes } from 'node:crypto';
import { existsSync, lstatSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareFolders } from '../platform/folders.ts';
import { makeLifecycle } from '../platform/lifecycle.ts';
import { makeMemoryTrimmer } from '../platform/memory-trimmer.ts';
import { findPaths } from '../platform/paths.ts';
import type { Reporter } from '../platform/reporter.ts';
import * as ownMemory from '../sys/own-memory.ts';
import { makeAgentProgram, readSensorOptions } from './agent-program.ts';
import { chooseAccount, makeServerConfig } from './server-config.ts';
import { ServerProcess } from './server-process.ts';
import type { UpValues } from './setting-names.ts';

const folderPrefix = 'netmon-top-';

/** A server with the sensors of this machine that nobody else may ask. */
export interface OwnInstance {
  readonly url: string;
  readonly token: string;
  /** Ends it; nothing of it remains. */
  stop(): Promise<void>;
  /** The same without waiting, for when the process is about to end. */
  kill(): void;
}

/**
 * Starts what `netmon up` consists of for as long as one command runs: on a free port of loopback, behind a token of its
 * own, with its data in a temporary folder. Throws NetmonError for what keeps it from starting.
 */
export async function startOwnInstance(values: UpValues, reporter: Reporter): Promise<OwnInstance> {
  removeLeftovers();
  const folder = mkdtempSync(join(tmpdir(), `${folderPrefix}${process.pid}-`));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const token = randomBytes(24).toString('base64url');
  const tokenFile = join(folder, 'token');
  const paths = findPaths({ data: folder }, process.env, process.getuid!());
  const account = chooseAccount(values.user);
  try {
    prepareFolders(paths, account);
    writeFileSync(tokenFile, token, { mode: 0o600 });
    const config = makeServerConfig(
      {
        ...values,
        host: '127.0.0.1',
        port: 0,
        'allow-host': [],
        'token-file': tokenFile,
        'log-level': 'error',
      },
      { db: paths.db, socket: paths.socket, account },
    );
    const server = new ServerProcess(config, reporter, 'ignore');
    const agent = makeAgentProgram(
      {
        server: `unix:${paths.socket}`,
        ordersFile: paths.orders,
        monitorsFile: paths.monitors,
        forbidden: values['forbid-orders'],
        probeNetworks: values['probe-networks'],
        token: undefined,
        spool: { path: paths.spool, maxBytes: values['spool-limit'] },
        name: values['agent-name'],
        intervalMs: values.interval,
        sensors: readSensorOptions(values, account, 'ignore'),
      },
      reporter,
    );
    const lifecycle = makeLifecycle([server, ...agent.components, ...makeMemoryTrimmer(ownMemory)], reporter);
    await lifecycle.start();
    return {
      url: server.url,
      token,
      async stop() {
        await lifecycle.stop();
        remove();
      },
      kill() {
        server.kill();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}

/** What an instance left that was killed: folders of this user that name a process which no longer runs. */
function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(folderPrefix)
      ? /^(\d{1,10})-/.exec(name.slice(folderPrefix.length))?.[1]
      : undefined;
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    const folder = join(tmpdir(), name);
    const found = lstatSync(folder, { throwIfNoEntry: false });
    if (found?.isDirectory() && found.uid === process.getuid!())
      rmSync(folder, { recursive: true, force: true });
  }
}
