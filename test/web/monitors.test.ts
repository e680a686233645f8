import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { MonitorRest } from '../../src/client/monitor-rest.ts';
import { RestClient } from '../../src/client/rest.ts';
import { type Browser, browserMissing, openBrowser } from '../e2e/browser.ts';
import { type ServerProcess, startServer } from '../e2e/server.ts';
import { findFaintText } from './contrast.ts';
import { makeFailure, ProbeAgent } from './monitor-scene.ts';

const hostileName = '<img src=x onerror=alert(1)>\u202egnp';

describe('monitors in Chromium', { skip: browserMissing ?? false }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'netmon-monitors-'));
  const agents = ['ash', 'birch', 'cedar'].map((name) => new ProbeAgent(name));
  const [ash, birch] = agents;
  let server: ServerProcess;
  let browser: Browser;
  let page: Page;
  let rest: MonitorRest;

  before(async () => {
    server = await startServer(folder);
    rest = new MonitorRest(new RestClient({ url: server.url }));
    for (const agent of agents) agent.start(server.url);
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
    page.getByRole('grid', { name: 'Monitors' }).locator('[role="row"][data-id]').filter({ hasText: text });

  it('tell a newcomer what a monitor is while there is none', async () => {
    await page.goto(`${server.url}/monitors`);
    await page.getByText('No monitor yet').waitFor();
  });

  it('appear as they are made, and change state as their agents find', async () => {
    const names = agents.map(({ name }) => name);
    await rest.add({
      id: 'shop',
      name: 'Shop',
      probe: { kind: 'http', url: 'https://shop.test/' },
      labels: { site: 'north' },
      agents: names,
      quorum: 2,
      thresholds: { failures: 1 },
    });
    await rest.add({
      id: 'gate',
      name: 'Gate',
      probe: { kind: 'icmp', host: '192.0.2.1' },
      labels: { site: 'south' },
    });
    await rest.add({ id: 'odd', name: hostileName, probe: { kind: 'tcp', host: 'odd.test', port: 25 } });
    await row('Shop').filter({ hasText: 'No round yet' }).waitFor();
    for (const agent of agents) agent.find('shop');
    await row('Shop')
      .filter({ hasText: 'Up' })
      .filter({ hasText: '12.5 ms' })
      .filter({ hasText: '3/3' })
      .waitFor();
    ash.find('shop', makeFailure('ECONNREFUSED', 'connection refused'));
    await row('Shop').filter({ hasText: 'Partially down' }).filter({ hasText: 'ash' }).waitFor();
    birch.find('shop', makeFailure('ECONNREFUSED', 'connection refused'));
    await row('Shop').filter({ hasText: /^Down/ }).waitFor();
    await page.getByRole('button', { name: 'Down: 1', exact: true }).waitFor();
    await row('Shop')
      .getByRole('img', { name: 'Last 5 rounds: 2 failed, 12.5 ms in the median', exact: true })
      .waitFor();
  });

  it('are found by state, kind, label, agent and text, all in the address', async () => {
    const finds = async (query: string, names: readonly string[]): Promise<void> => {
      await page.goto(`${server.url}/monitors?${query}`);
      for (const name of names) await row(name).waitFor();
      assert.equal(await page.locator('[role="row"][data-id]').count(), names.length, query);
    };
    await finds('state=down', ['Shop']);
    await finds('kind=https,tcp&sort=name', ['Shop', 'gnp']);
    await finds('label=site%3Dsouth', ['Gate']);
    await finds('label=site', ['Shop', 'Gate']);
    await finds('agent=cedar&text=shop', ['Shop']);
    await page.goto(`${server.url}/monitors`);
    await page.getByRole('searchbox', { name: 'Search monitors' }).fill('192.0.2');
    await row('Gate').waitFor();
    await row('Shop').waitFor({ state: 'detached' });
    assert.equal(new URL(page.url()).search, '?text=192.0.2');
  });

  it('are grouped by a label', async () => {
    await page.goto(`${server.url}/monitors?group=site`);
    const north = page.getByRole('button', { name: /^north/ });
    await north.filter({ hasText: '1 down' }).click();
    await row('Shop').waitFor({ state: 'detached' });
    await row('Gate').waitFor();
    await page.getByRole('button', { name: /^without site/ }).waitFor();
  });

  it('open by a click or by keys, and tell how each agent sees them', async () => {
    await page.goto(`${server.url}/monitors?text=shop`);
    await row('Shop').waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/monitors/shop');
    const seen = page.getByRole('region', { name: 'Agents' }).getByRole('row');
    await seen.filter({ hasText: 'ash' }).filter({ hasText: 'connection refused' }).waitFor();
    await seen.filter({ hasText: 'cedar' }).filter({ hasText: 'Up' }).waitFor();
    await page.getByText('down when 2 of 3 agree').waitFor();
    await page.goto(`${server.url}/monitors/nothing`);
    await page.getByText('No such monitor').waitFor();
  });

  it('have charts, uptime, incidents, rounds and evidence on their page', async () => {
    await page.goto(`${server.url}/monitors/shop?range=1h`);
    await page.getByRole('figure', { name: 'Medians of all agents' }).locator('canvas').waitFor();
    await page.getByRole('combobox', { name: 'From' }).selectOption('ash');
    await page.getByRole('figure', { name: 'Spread of response times from ash' }).locator('canvas').waitFor();
    assert.equal(new URL(page.url()).searchParams.get('from'), 'ash');
    await page.getByRole('img', { name: 'Last 90 days: rounds on 1 of them, failures on 1' }).waitFor();
    const incidents = page.getByRole('region', { name: 'Incidents' }).getByRole('listitem');
    const down = incidents.filter({ hasText: /^Down/ });
    await down.filter({ hasText: 'ECONNREFUSED' }).filter({ hasText: 'seen from ash, birch' }).waitFor();
    const rounds = page.getByRole('region', { name: 'Last rounds' });
    assert.equal(await rounds.getByRole('listitem').filter({ hasText: 'birch' }).count(), 0);
    await page.getByText('Connections of any program to 127.0.0.1:443').waitFor();
    await rounds.getByRole('button').filter({ hasText: 'connection refused' }).click();
    await rounds.getByRole('button', { name: 'What the sensors saw then' }).click();
    await page.waitForURL(/[?&]seen=/);
    await page.getByRole('button', { name: 'Newest' }).click();
    await page.waitForURL((url) => !url.searchParams.has('seen'));
  });

  it('tell all that a round found', async () => {
    ash.find('shop', {
      echoes: [777],
      phases: { resolve_ms: 1, connect_ms: 2, tls_ms: 3, processing_ms: 4, transfer_ms: 5 },
      detail: {
        status: 200,
        redirects: [{ url: 'http://shop.test/', status: 301, duration_ms: 3 }],
        hops: [{ ttl: 1, addresses: ['192.0.2.9'], name: hostileName, rtt_ms: [1, null] }],
        path_changed: true,
      },
    });
    const rounds = page.getByRole('region', { name: 'Last rounds' });
    await rounds.getByRole('button').filter({ hasText: '777 ms' }).click();
    await rounds.getByRole('list', { name: 'Phases' }).getByText('processing 4.0 ms').waitFor();
    await rounds.getByRole('table', { name: 'Redirects' }).getByText('http://shop.test/').waitFor();
    await rounds.getByRole('table', { name: 'Hops' }).getByText('192.0.2.9').waitFor();
    await rounds.getByText('The path is another than in the round before').waitFor();
  });

  it('have the certificate that their target showed last', async () => {
    const day = 86_400_000;
    const certificate = {
      subject: 'CN=shop.test',
      issuer: 'CN=Test',
      names: ['shop.test'],
      not_before: new Date(Date.now() - day).toISOString(),
      not_after: new Date(Date.now() + 20.5 * day).toISOString(),
      fingerprint: 'ab',
      chain: 1,
      problem: null,
    };
    ash.find('shop', { echoes: [778], detail: { certificate } });
    const rounds = page.getByRole('region', { name: 'Last rounds' });
    await rounds.getByRole('button').filter({ hasText: '778 ms' }).waitFor();
    await page.reload();
    await page.getByRole('region', { name: 'Certificate', exact: true }).getByText('CN=shop.test').waitFor();
    await page.getByRole('region', { name: 'Figures' }).getByText(/^20/).waitFor();
  });

  it('can be read in both themes', async () => {
    for (const [path, heading] of [
      ['/monitors', 'Monitors'],
      ['/monitors/shop?from=ash', 'Last rounds from ash'],
      ['/new-monitor', 'Monitors'],
    ] as const) {
      await page.goto(server.url + path);
      await page.getByRole('heading', { name: heading, exact: true }).first().waitFor();
      assert.deepEqual(await findFaintText(page), [], path);
    }
  });

  it('show hostile names as text and break no policy', () => {
    assert.deepEqual(browser.complaints, { console: [], dialogs: [], violations: [] });
  });
});
