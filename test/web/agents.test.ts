import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { type Browser, browserMissing, openBrowser } from '../e2e/browser.ts';
import { type ServerProcess, startServer } from '../e2e/server.ts';
import { findFaintText } from './contrast.ts';
import { findFreePort } from './free-port.ts';
import { ProbeAgent } from './monitor-scene.ts';

describe('agents in Chromium', { skip: browserMissing ?? false }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'netmon-agents-'));
  const agents = ['ash', 'birch'].map((name) => new ProbeAgent(name));
  const [, birch] = agents;
  let server: ServerProcess;
  let browser: Browser;
  let page: Page;

  before(async () => {
    server = await startServer(folder, 0, ['--agent-port', String(await findFreePort())]);
    browser = await openBrowser();
    page = browser.page;
  });
  after(async () => {
    await browser?.close();
    await Promise.all(agents.map((agent) => agent.stop()));
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const row = (text: string): Locator =>
    page.getByRole('grid', { name: 'Agents' }).locator('[role="row"][data-id]').filter({ hasText: text });

  it('tell a newcomer how to add the first one', async () => {
    await page.goto(`${server.url}/agents`);
    await page.getByText('No agent yet').waitFor();
    await page.getByRole('form', { name: 'Enrol an agent' }).waitFor();
  });

  it('are listed with how they are linked, and those that are away as well', async () => {
    for (const agent of agents) agent.start(server.url);
    await row('ash').filter({ hasText: 'Linked' }).filter({ hasText: '0.0.0' }).waitFor();
    await row('birch').filter({ hasText: 'Linked' }).waitFor();
    await birch.stop();
    await row('birch').filter({ hasText: 'Away' }).waitFor();
    await page.getByRole('heading', { name: '2 agents, 1 linked' }).waitFor();
  });

  it('have details, and ways to their monitors and connections', async () => {
    await row('ash').click();
    const details = page.getByRole('dialog', { name: 'Agent details' });
    await details.getByText('Test 1').waitFor();
    await details.getByRole('link', { name: 'Its monitors' }).click();
    await page.waitForURL('**/monitors?agent=ash');
  });

  it('can be read in both themes, at full width without a part beyond the edge', async () => {
    await page.goto(`${server.url}/agents?add=true&name=ash`);
    await page.getByRole('dialog', { name: 'Agent details' }).getByText('Test 1').waitFor();
    assert.deepEqual(await findFaintText(page), []);
    const beyond = await page
      .getByRole('grid', { name: 'Agents' })
      .evaluate((grid: { scrollWidth: number; clientWidth: number }) => grid.scrollWidth - grid.clientWidth);
    assert.equal(beyond, 0);
  });

  it('are chosen above every page, one or several, and stay chosen from page to page', async () => {
    birch.start(server.url);
    await page.goto(`${server.url}/errors`);
    const menu = page.getByRole('button', { name: 'Agents shown' });
    await menu.click();
    const choice = (name: string): Locator => page.getByRole('checkbox', { name, exact: true });
    await choice('ash').check();
    await menu.filter({ hasText: 'ash' }).waitFor();
    await choice('birch').check();
    await menu.filter({ hasText: '2 agents' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: 'Health', exact: true }).click();
    await page.waitForURL(/\/status\?agent=ash%2Cbirch$/);
    await menu.click();
    await choice('birch').uncheck();
    await page.keyboard.press('Escape');
    await page.getByText('birch', { exact: true }).waitFor({ state: 'detached' });
    await page.keyboard.press('g');
    await page.keyboard.press('c');
    await page.waitForURL(/\/\?agent=ash$/);
    await page.getByRole('button', { name: 'Remove the filter Agent' }).click();
    await menu.filter({ hasText: 'All agents' }).waitFor();
  });

  it('get a token that is shown once, with the commands to run', async () => {
    await page.goto(`${server.url}/agents?add=true`);
    const form = page.getByRole('form', { name: 'Enrol an agent' });
    await form.getByRole('textbox', { name: 'Name' }).fill('no name at all');
    await form.getByRole('button', { name: 'Make a token' }).click();
    await form.getByRole('alert').filter({ hasText: 'expected letters, digits, dots, dashes' }).waitFor();
    await form.getByRole('textbox', { name: 'Name' }).fill('web-1');
    await form.getByRole('button', { name: 'Make a token' }).click();
    const token = page.getByRole('region', { name: 'Token' });
    await token.getByText(/netmon enroll --token \S{20,}/).waitFor();
    await token.getByRole('button', { name: 'Done' }).click();
    await token.waitFor({ state: 'detached' });
  });

  it('are dialled at an address, until that is taken out', async () => {
    const address = `127.0.0.1:${await findFreePort()}`;
    await page.getByRole('textbox', { name: 'Address' }).fill(address);
    await page.getByRole('button', { name: 'Dial', exact: true }).click();
    const dialled = page.getByRole('list', { name: 'Dialled' });
    await dialled.filter({ hasText: address }).filter({ hasText: 'not linked' }).waitFor();
    await page.getByRole('button', { name: /^Dial .* no more$/ }).click();
    await dialled.waitFor({ state: 'detached' });
  });

  it('break no policy', () => {
    const said = browser.complaints.console.filter((text) => !/status of (400|422)/.test(text));
    assert.deepEqual({ ...browser.complaints, console: said }, { console: [], dialogs: [], violations: [] });
  });
});
