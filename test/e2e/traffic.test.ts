import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { makeVisible } from '../../web/src/lib/visible-text.ts';
import { type Browser, browserMissing, openBrowser } from './browser.ts';
import { hostileNames, Scene } from './scene.ts';
import { type ServerProcess, startServer } from './server.ts';
import { reportLastingAlert, reportTraffic } from './traffic-scene.ts';

describe('inspected traffic in the dashboard', { skip: browserMissing ?? false }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'netmon-traffic-'));
  const scene = new Scene(20, 2);
  let server: ServerProcess;
  let browser: Browser;
  let page: Page;

  before(async () => {
    server = await startServer(folder);
    scene.start(server.url);
    browser = await openBrowser();
    page = browser.page;
    await open('/');
    reportTraffic(scene);
  });
  after(async () => {
    await browser?.close();
    await scene.stop();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const open = async (path: string): Promise<void> => {
    await page.goto(server.url + path);
    await page.getByRole('status', { name: 'Connected, the picture is live' }).waitFor();
  };
  const region = (name: string): Locator => page.getByRole('region', { name });

  it('ranks sites and sections with their response times and errors, as text', async () => {
    await open('/http?range=15m');
    const sites = region('Top sites').getByRole('row');
    await sites.filter({ hasText: 'shop.example' }).filter({ hasText: 'ms' }).waitFor();
    await sites.filter({ hasText: hostileNames.markup }).waitFor();
    await page.getByRole('figure', { name: 'Hits over time, by status, with alerts' }).waitFor();
    await page.getByRole('figure', { name: 'Response times over time' }).waitFor();
  });

  it('narrows sections, charts and requests to a chosen site, by keyboard, and keeps that in the address', async () => {
    await open('/http?range=15m');
    await region('Top sites').getByRole('button', { name: 'api.example' }).press('Enter');
    await page.waitForURL(/site=api\.example/);
    await region('Top sections').getByText('shop.example/cart').waitFor({ state: 'detached' });
    await region('Top sections').getByText('api.example/cart').waitFor();
    await region('Requests over time').getByRole('button', { name: 'All sites' }).click();
    await region('Top sections').getByText('shop.example/cart').waitFor();
  });

  it('finds single requests by status and text', async () => {
    await open('/http');
    const requests = region('Newest requests');
    await requests.getByRole('combobox', { name: 'Answered with' }).selectOption('5xx');
    await requests.getByRole('cell', { name: '404' }).first().waitFor({ state: 'detached' });
    await requests.getByRole('cell', { name: '503' }).first().waitFor();
    await requests.getByRole('searchbox', { name: 'Search requests' }).fill('nothing has this');
    await requests.getByText('No request matches').waitFor();
  });

  it('tells of an alert above every page while it lasts, and of the one that is over in the history', async () => {
    await open('/http');
    const over = region('Alerts')
      .getByRole('listitem')
      .filter({ hasText: 'Recovered' })
      .filter({ hasText: '4m 00s' });
    await over.waitFor();
    const link = over.getByRole('link', { name: '1,234 packets' });
    assert.match((await link.getAttribute('href')) ?? '', /^\/api\/alerts\/\d+\/packets$/);
    reportLastingAlert(scene);
    const banner = page.getByRole('alert').filter({ hasText: 'High traffic: hits = 500' });
    await banner.waitFor();
    await open('/errors');
    await banner.waitFor();
    await page.getByRole('link', { name: '1 alert' }).waitFor();
    await page.getByRole('button', { name: 'Put this alert away' }).click();
    await banner.waitFor({ state: 'detached' });
    await page.getByRole('link', { name: '1 alert' }).waitFor();
  });

  it('changes what alerts are held against', async () => {
    await open('/http');
    await page.getByRole('button', { name: 'Thresholds' }).click();
    const form = page.getByRole('form', { name: 'Thresholds of alerts' });
    await form.getByRole('spinbutton', { name: 'Hits' }).fill('250');
    await form.getByRole('button', { name: 'Save' }).click();
    await form.waitFor({ state: 'detached' });
    const settings = await (await fetch(`${server.url}/api/alerts/settings`)).json();
    assert.deepEqual(settings, { hits_threshold: 250, window_ms: 120_000, bandwidth_threshold: null });
  });

  it('distributes bytes and connections over protocols, and says which path is encrypted', async () => {
    await open('/protocols?range=15m');
    await page.getByRole('figure', { name: 'Distribution by bytes' }).waitFor();
    await page.getByRole('figure', { name: 'Distribution by connections' }).waitFor();
    const rows = region('By protocol').getByRole('row');
    await rows.filter({ hasText: 'ftp' }).filter({ hasText: 'by its port alone' }).waitFor();
    await region('Encrypted sites').getByText('encrypted path').waitFor();
    await region('Encrypted sites').getByRole('row').filter({ hasText: hostileNames.markup }).waitFor();
  });

  it('shows who asks for which names, what fails and which resolvers are slow', async () => {
    await open('/dns?range=15m');
    await region('Questions by process').getByRole('row').filter({ hasText: hostileNames.markup }).waitFor();
    await region('Names asked for').getByText(makeVisible(hostileNames.override)).waitFor();
    await region('Resolvers').getByRole('row').filter({ hasText: '192.0.2.54:53' }).waitFor();
    await region('Answer codes').getByRole('row').filter({ hasText: 'NXDOMAIN' }).waitFor();
    await region('Newest questions').getByRole('cell', { name: 'no answer' }).first().waitFor();
  });

  it('reads the packets of a connection from its agent, and offers them as pcapng', async () => {
    await open('/?pid=1001');
    await page.locator('[role="row"][data-id]').first().click();
    const details = page.getByRole('dialog', { name: 'Connection details' });
    await details.getByRole('button', { name: 'Show packets' }).click();
    await details.getByRole('row').filter({ hasText: 'SYN ACK' }).waitFor();
    await details.getByText('5 more passed').waitFor();
    const downloading = page.waitForEvent('download');
    await details.getByRole('link', { name: 'pcapng' }).click();
    assert.match((await downloading).suggestedFilename(), /^netmon-connection-\d+\.pcapng$/);
  });

  it('fits 390 pixels', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    for (const path of ['/http?range=15m', '/dns?range=15m', '/protocols?range=15m']) {
      await open(path);
      await page.getByRole('figure').first().waitFor();
      const overflow = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
      assert.equal(overflow, 0, path);
    }
  });

  it('runs nothing that names say', () => {
    assert.deepEqual(browser.complaints, { console: [], dialogs: [], violations: [] });
  });
});
