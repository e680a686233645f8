import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { browserMissing, openBrowser } from './browser.ts';
import { startServer } from './server.ts';

const token = 'a-token-of-enough-length';

describe('a server with a token, in Chromium', { skip: browserMissing ?? false }, () => {
  it('shows the dashboard only after the token, and documentation that runs no script', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'netmon-login-'));
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, token, { mode: 0o600 });
    const server = await startServer(folder, 0, ['--token-file', tokenFile]);
    const browser = await openBrowser();
    t.after(async () => {
      await browser.close();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    });
    const { page, complaints } = browser;
    await page.goto(`${server.url}/docs`);
    assert.equal(page.url(), `${server.url}/login`);
    await page.getByLabel('Token').fill('not the token');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    await page.getByLabel('Token').fill(token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('status', { name: /^Connected/ }).waitFor();
    await page.goto(`${server.url}/docs`);
    await page.getByRole('heading', { name: 'GET /api/connections', exact: true }).waitFor();
    assert.deepEqual(complaints.violations, []);
  });
});
