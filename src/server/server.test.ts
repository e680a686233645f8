import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type ErrorCode, NetmonError } from '../base/errors.ts';
import { startServer } from './server.fixture.ts';

const token = 'a-token-of-enough-length';

function makeFolder(t: { after(work: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'netmon-http-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

async function assertRefused(starting: Promise<unknown>, code: ErrorCode, message: RegExp): Promise<void> {
  await assert.rejects(
    starting,
    (thrown) => thrown instanceof NetmonError && thrown.code === code && message.test(thrown.message),
  );
}

/** The status that a server answers on its Unix socket. */
async function askSocket(socketPath: string, path: string, headers = {}): Promise<number | undefined> {
  const sent = request({ socketPath, path, headers: { host: 'localhost', ...headers } }).end();
  const [response] = await once(sent, 'response');
  response.resume();
  return response.statusCode;
}

describe('the server', () => {
  it('gives the dashboard to browsers and its address list to programs', async () => {
    await using running = await startServer();
    const page = await fetch(running.url, { headers: { accept: 'text/html,*/*;q=0.8' } });
    assert.match(await page.text(), /<title>dashboard/);
    const program = await fetch(running.url, { headers: { accept: 'application/json' } });
    const about = (await program.json()) as { name: string; version: string; links: Record<string, string> };
    assert.deepEqual([about.name, about.version], ['netmon', '1.2.3']);
    for (const [name, path] of Object.entries(about.links)) {
      if (name !== 'live') assert.equal((await fetch(running.url + path)).status, 200, path);
    }
    const deep = await fetch(`${running.url}/errors?error=any`);
    assert.match(await deep.text(), /<title>dashboard/);
  });

  it('sends its files packed, and not again to who has them', async () => {
    await using running = await startServer();
    const url = `${running.url}/assets/main-0a1b2c3d.js`;
    const first = await fetch(url);
    assert.equal(first.headers.get('content-encoding'), 'gzip');
    assert.match(first.headers.get('cache-control') ?? '', /immutable/);
    assert.match(await first.text(), /^export const text/);
    const again = await fetch(url, { headers: { 'if-none-match': first.headers.get('etag') ?? '' } });
    assert.equal(again.status, 304);
    const head = await fetch(url, { method: 'HEAD' });
    assert.equal(head.status, 200);
    assert.equal(await head.text(), '');
  });

  it('says so where the dashboard is not built', async () => {
    await using running = await startServer({ webRoot: '/nonexistent' });
    assert.match(await (await fetch(running.url)).text(), /not built: run/);
  });

  it('refuses a public address without a token, and says why', async () => {
    for (const host of ['0.0.0.0', '::', '192.0.2.1', 'example.org']) {
      await assertRefused(startServer({ host }), 'NM_PUBLIC_ADDRESS', /other machines.*--token-file/);
    }
    await using running = await startServer({ host: '0.0.0.0', token });
    assert.equal((await fetch(`http://127.0.0.1:${running.port}/health`)).status, 401);
  });

  it('refuses a token that is short, or that others may read', async (t) => {
    const folder = makeFolder(t);
    const tokenFile = join(folder, 'token');
    await assertRefused(startServer({ tokenFile }), 'NM_BAD_CONFIG', /unable to read/);
    writeFileSync(tokenFile, 'short\n', { mode: 0o600 });
    await assertRefused(startServer({ tokenFile }), 'NM_BAD_CONFIG', /at least 16/);
    writeFileSync(tokenFile, token);
    chmodSync(tokenFile, 0o604);
    await assertRefused(startServer({ tokenFile }), 'NM_BAD_CONFIG', /chmod 600/);
  });

  it('says which port is in use', async (t) => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    t.after(() => other.close());
    const address = other.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    await assertRefused(startServer({ port }), 'NM_PORT_IN_USE', new RegExp(`port ${port} .* is in use`));
    await assertRefused(
      startServer({ host: '192.0.2.1', token }),
      'NM_BAD_FLAG',
      /no address of this machine/,
    );
  });

  it('listens on a Unix socket too, where the directory is the token', async (t) => {
    const socketPath = join(makeFolder(t), 'run', 'netmon.sock');
    {
      await using running = await startServer({ socketPath, token });
      assert.equal((statSync(join(socketPath, '..')).mode & 0o777).toString(8), '750');
      assert.equal((statSync(socketPath).mode & 0o777).toString(8), '660');
      assert.equal(await askSocket(socketPath, '/health'), 200);
      assert.equal(await askSocket(socketPath, '/health', { host: 'evil.example' }), 421);
      assert.equal((await fetch(`${running.url}/health`)).status, 401);
      await assertRefused(startServer({ socketPath }), 'NM_SYSTEM', /another netmon/);
    }
    assert.equal(existsSync(socketPath), false);
  });

  it('takes the place of a socket that a killed server left, and of nothing else', async (t) => {
    const folder = makeFolder(t);
    const left = join(folder, 'left.sock');
    const script =
      "require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))";
    await once(spawn(process.execPath, ['-e', script, left]), 'exit');
    assert.equal(existsSync(left), true);
    writeFileSync(join(folder, 'file'), 'text');
    await assertRefused(startServer({ socketPath: join(folder, 'file') }), 'NM_SYSTEM', /is no socket/);
    mkdirSync(join(folder, 'open'));
    chmodSync(join(folder, 'open'), 0o777);
    await assertRefused(startServer({ socketPath: join(folder, 'open', 's') }), 'NM_SYSTEM', /other users/);
    await using running = await startServer({ socketPath: left });
    assert.equal(await askSocket(left, '/health'), 200);
    assert.ok(running.port > 0);
  });
});
