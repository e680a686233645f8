import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  type ConnectionOptions,
  connect,
  createServer,
  type SecureContextOptions,
  type TLSSocket,
} from 'node:tls';
import { enroll, makeFolder, openAuthority } from './authority.fixture.ts';
import type { Authority } from './authority.ts';
import type { Identity } from './identity.ts';
import { dialAgentTls, dialServerTls, listenContext, readPeer } from './tls.ts';

const folder = makeFolder();
let authority: Authority;
let foreign: Authority;
let agent: Identity;
let desk: Identity;

before(async () => {
  authority = await openAuthority(join(folder.path, 'ca'));
  foreign = await openAuthority(join(folder.path, 'foreign'));
  agent = await enroll(authority, 'agent', 'web-1');
  desk = await enroll(authority, 'console', 'desk');
});
after(() => folder[Symbol.dispose]());

interface Met {
  /** What the one who dialled came to know; an error's text where it gave up. */
  readonly dialler: string;
  /** Whom the one who waited saw. */
  readonly listener: string | null;
}

/** One connection between the two. */
async function meet(listen: SecureContextOptions, dial: ConnectionOptions): Promise<Met> {
  const server = createServer({ ...listen, requestCert: true, rejectUnauthorized: false });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  let listener: string | null = null;
  server.on('tlsClientError', () => {});
  server.on('secureConnection', (socket: TLSSocket) => {
    const peer = readPeer(socket);
    listener = peer && `${peer.role} ${peer.name}`;
    socket.on('error', () => {});
    socket.end('hello');
  });
  const { port } = server.address() as AddressInfo;
  const socket = connect({ host: '127.0.0.1', port, ...dial });
  let dialler = 'nobody';
  socket.once('data', () => {
    const peer = readPeer(socket);
    dialler = `${peer?.role} ${peer?.name}`;
  });
  const failed = await Promise.race([once(socket, 'close').then(() => null), once(socket, 'error')]);
  if (failed) dialler = String((failed[0] as Error).message);
  socket.destroy();
  server.close();
  await once(server, 'close');
  return { dialler, listener };
}

describe('TLS between machines of one authority', () => {
  it('lets an agent and its server know each other, whoever dials', async () => {
    assert.deepEqual(await meet(listenContext(authority.server), dialServerTls(agent)), {
      dialler: 'server server',
      listener: 'agent web-1',
    });
    assert.deepEqual(await meet(listenContext(agent), dialAgentTls(authority.server, 'web-1')), {
      dialler: 'agent web-1',
      listener: 'server server',
    });
    assert.deepEqual(await meet(listenContext(agent), dialAgentTls(desk)), {
      dialler: 'agent web-1',
      listener: 'console desk',
    });
  });

  it('has an agent refuse what is not its server', async () => {
    const dial = dialServerTls(agent);
    const refusals: readonly (readonly [SecureContextOptions, ConnectionOptions, RegExp])[] = [
      [listenContext(foreign.server), dial, /self-signed|unable to (verify|get)/],
      [listenContext(agent), dial, /agent web-1 is no server/],
      [listenContext(desk), dial, /console desk is no server/],
      [listenContext(authority.server), { ...dial, servername: 'other.example' }, /Host: other\.example/],
      [{ ...listenContext(authority.server), minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }, dial, /version/],
    ];
    for (const [listen, options, expected] of refusals) {
      assert.match((await meet(listen, options)).dialler, expected);
    }
  });

  it('has a server and a console refuse an agent of another name, and what is no agent', async () => {
    const other = await enroll(authority, 'agent', 'web-2');
    for (const [listen, dial, expected] of [
      [other, dialAgentTls(authority.server, 'web-1'), /web-2, not web-1/],
      [desk, dialAgentTls(authority.server), /console desk is no agent/],
      [authority.server, dialAgentTls(desk), /the server is no agent/],
      [await enroll(foreign, 'agent', 'web-1'), dialAgentTls(desk), /self-signed|unable to (verify|get)/],
    ] as const) {
      assert.match((await meet(listenContext(listen), dial)).dialler, expected);
    }
  });

  it('shows whoever waits nobody behind no certificate, one of another authority, or one past its end', async () => {
    const past = await openAuthority(join(folder.path, 'ca'), { lifetimeMs: -60_000 });
    const expired = await enroll(past, 'agent', 'web-1');
    const impostor = await enroll(foreign, 'agent', 'web-1');
    const { key: _k, cert: _c, ...anonymous } = dialServerTls(agent);
    const listen = listenContext(authority.server);
    for (const dial of [
      anonymous,
      dialServerTls(expired),
      { ...dialServerTls(impostor), ca: authority.certificate },
    ]) {
      assert.deepEqual(await meet(listen, dial), { dialler: 'server server', listener: null });
    }
  });

  it('takes no TLS 1.2 and resumes no session, as openssl sees it', async () => {
    const server = createServer(
      { ...listenContext(authority.server), requestCert: true, rejectUnauthorized: false },
      (socket) => {
        socket.on('error', () => {});
        socket.end('hello\n');
      },
    );
    server.on('tlsClientError', () => {});
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const [identity, ca, session] = ['agent.pem', 'ca.pem', 'session.pem'].map((name) =>
      join(folder.path, name),
    );
    writeFileSync(identity, agent.key + agent.certificate);
    writeFileSync(ca, authority.certificate);
    const client = (...args: string[]): Promise<string> =>
      new Promise((resolve) => {
        const base = [
          's_client',
          '-connect',
          `127.0.0.1:${port}`,
          '-CAfile',
          ca,
          '-cert',
          identity,
          '-key',
          identity,
        ];
        const child = execFile(
          'openssl',
          [...base, '-ign_eof', ...args],
          { timeout: 60_000 },
          (_, out, err) => resolve(out + err),
        );
        child.stdin!.end();
      });
    assert.match(await client('-tls1_2'), /alert protocol version|no protocols available|Cipher is \(NONE\)/);
    const first = await client('-tls1_3', '-sess_out', session);
    assert.match(first, /TLSv1\.3/);
    assert.match(first, /Verify return code: 0 \(ok\)/);
    assert.match(await client('-tls1_3', '-sess_in', session), /^New, TLSv1\.3/m);
    server.close();
  });
});
