import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import type { Locator, Page } from 'playwright-core';
import { type Browser, browserMissing, openBrowser } from '../e2e/browser.ts';
import { type ServerProcess, startServer } from '../e2e/server.ts';
import { until } from '../support/until.ts';
import { findFreePort } from './free-port.ts';

const program = join(import.meta.dirname, '../../src/cmd/netmon.ts');
const run = promisify(execFile);

describe('an agent of another machine, in Chromium', { skip: browserMissing ?? false }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'netmon-enrolled-'));
  const data = join(folder, 'agent');
  let server: ServerProcess;
  let browser: Browser;
  let page: Page;
  let agentPort: number;
  let agent: ChildProcess | undefined;
  let said = '';

  before(async () => {
    agentPort = await findFreePort();
    server = await startServer(folder, 0, ['--agent-port', String(agentPort), '--agent-host', '127.0.0.1']);
    browser = await openBrowser();
    page = browser.page;
  });
  after(async () => {
    await browser?.close();
    if (agent && agent.exitCode === null && agent.signalCode === null) {
      agent.kill('SIGKILL');
      await once(agent, 'exit');
    }
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const row = (): Locator =>
    page.getByRole('grid', { name: 'Agents' }).locator('[role="row"][data-id]').filter({ hasText: 'web-1' });

  it('comes in by the token that the page shows, over TLS', async () => {
    await page.goto(`${server.url}/agents?add=true`);
    const form = page.getByRole('form', { name: 'Enrol an agent' });
    await form.getByRole('textbox', { name: 'Name' }).fill('web-1');
    await form.getByRole('button', { name: 'Make a token' }).click();
    const command = page.getByRole('region', { name: 'Token' }).getByText(/netmon enroll --token \S{20,}/);
    const [, token] = /--token (\S+)/.exec(await command.innerText())!;
    await run(process.execPath, [program, 'enroll', '--token', token, '--data', data]);
    const url = `https://127.0.0.1:${agentPort}`;
    const flags = ['--sensor', 'proc', '--no-inspect', '--probe-networks', 'loopback'];
    agent = spawn(
      process.execPath,
      [program, 'agent', '--server', url, '--data', data, '--agent-name', 'web-1', ...flags],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    agent.stderr!.on('data', (text: Buffer) => {
      said += text;
    });
    await row().filter({ hasText: 'Linked' }).waitFor();
    await row().click();
    await page.getByRole('dialog', { name: 'Agent details' }).getByText('yes, TLS').waitFor();
  });

  it('tries a probe before it is saved', async () => {
    await page.goto(`${server.url}/new-monitor`);
    await page.getByRole('radiogroup').getByText('TCP', { exact: true }).click();
    await page.getByRole('textbox', { name: 'Host', exact: true }).fill('127.0.0.1');
    await page.getByRole('textbox', { name: 'Port', exact: true }).fill(String(server.port));
    await page.getByRole('button', { name: 'Try', exact: true }).click();
    const found = page.getByRole('region', { name: 'Result of the try' });
    await found.filter({ hasText: 'web-1' }).filter({ hasText: 'Up' }).waitFor();
  });

  it('is shut out at once when its certificate is revoked, as the page tells', async (context) => {
    await page.goto(`${server.url}/agents?name=web-1`);
    await page.getByRole('button', { name: 'Revoke its certificate' }).click();
    const revokedAt = performance.now();
    await page.getByRole('button', { name: 'Revoke for good' }).click();
    const tellTime = (what: string): void =>
      context.diagnostic(`${what} ${((performance.now() - revokedAt) / 1000).toFixed(2)} s after the click`);
    await Promise.all([
      until('the end of the link', () => said.includes('the link to the server is down') || undefined).then(
        () => tellTime('the link ended'),
      ),
      row()
        .filter({ hasText: 'Revoked' })
        .waitFor()
        .then(() => tellTime('the page showed it')),
    ]);
    await page.getByRole('heading', { name: '1 agent, 0 linked' }).waitFor();
  });

  it('breaks no policy', () => {
    assert.deepEqual(browser.complaints, { console: [], dialogs: [], violations: [] });
  });
});
