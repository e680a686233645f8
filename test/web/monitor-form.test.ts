import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { MonitorRest } from '../../src/client/monitor-rest.ts';
import { RestClient } from '../../src/client/rest.ts';
import { type Browser, browserMissing, openBrowser } from '../e2e/browser.ts';
import { type ServerProcess, startServer } from '../e2e/server.ts';
import { makeResult, ProbeAgent } from './monitor-scene.ts';

const phases = { resolve_ms: 1, connect_ms: 2, tls_ms: 3, processing_ms: 4, transfer_ms: 5 };

describe('the form of a monitor', { skip: browserMissing ?? false }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'netmon-form-'));
  const agents = ['ash', 'birch'].map((name) => new ProbeAgent(name));
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
    page.setDefaultTimeout(7000);
  });
  after(async () => {
    await browser?.close();
    await Promise.all(agents.map((agent) => agent.stop()));
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const type = (label: string, text: string): Promise<void> =>
    page.getByRole('textbox', { name: label, exact: true }).fill(text);
  const press = (name: string | RegExp): Promise<void> =>
    page.getByRole('button', { name, exact: true }).click();

  it("shows the server's message at the field that it is about, and keeps what was typed", async () => {
    await page.goto(`${server.url}/new-monitor`);
    await type('URL', 'gopher://shop.test/');
    await type('Every, seconds', 'often');
    await press('Add an assertion');
    await type('Assertion 1', '[STATUS] ==');
    await press('Save');
    const url = page.getByRole('textbox', { name: 'URL', exact: true });
    await page.locator('input[aria-invalid="true"]').first().waitFor();
    assert.equal(await url.getAttribute('aria-invalid'), 'true');
    assert.equal(await url.inputValue(), 'gopher://shop.test/');
    const interval = page.getByRole('textbox', { name: 'Every, seconds' });
    assert.equal(await interval.getAttribute('aria-invalid'), 'true');
    await page.getByText('is empty: expected something', { exact: true }).waitFor();
    await type('Name', 'Shop');
    await type('URL', 'https://shop.test/');
    await type('Every, seconds', '0.1');
    await press('Save');
    await page.getByText('expected at least 1 s', { exact: true }).waitFor();
    await type('Every, seconds', '30');
    await press('Save');
    await page.locator('input[aria-label="Assertion 1"][aria-invalid="true"]:focus').waitFor();
    await type('Assertion 1', '[STATUS] == 200');
  });

  it('tries the probe from the agents before it is saved', async () => {
    for (const agent of agents) agent.trial = makeResult({ phases, detail: { status: 200 } });
    await press('Try');
    const found = page.getByRole('region', { name: 'Result of the try' });
    await found.getByText('birch').waitFor();
    await found.getByText('processing 4.0 ms').first().waitFor();
    assert.deepEqual(await rest.list().then(({ monitors }) => monitors), []);
    const order = agents[0].orders.find(({ type: kind }) => kind === 'probe.run');
    assert.ok(order?.type === 'probe.run');
    assert.deepEqual(order.assertions, [{ test: '[STATUS] == 200', severity: 'down' }]);
  });

  it('saves a new monitor, and changes it', async () => {
    await press('Save');
    await page.waitForURL('**/monitors/shop');
    await page.getByRole('link', { name: 'Change' }).click();
    await page.waitForURL('**/monitors/shop/edit');
    await type('Labels', 'site=north\nenv=live');
    await press('Each week');
    await type('Down after so many failures', '4');
    await press('Save');
    await page.waitForURL('**/monitors/shop');
    const { labels, thresholds, maintenance, interval_ms, assertions } = await rest.read('shop');
    assert.deepEqual(labels, { site: 'north', env: 'live' });
    assert.equal(thresholds.failures, 4);
    assert.deepEqual(maintenance, [{ weekdays: [0], at: '02:00', minutes: 60, note: '' }]);
    assert.equal(interval_ms, 30_000);
    assert.deepEqual(assertions, [{ test: '[STATUS] == 200', severity: 'down' }]);
  });

  it('makes each of the kinds', async () => {
    const kinds = [
      ['HTTP', async () => type('URL', 'http://a.test/')],
      ['ICMP', async () => type('Host', '192.0.2.1')],
      ['DNS', async () => type('Name asked for', 'a.test')],
      ['NTP', async () => type('Host', 'a.test')],
      ['TCP', async () => type('Host', 'a.test').then(() => type('Port', '25'))],
      ['UDP', async () => type('Host', 'a.test').then(() => type('Port', '7'))],
      ['Traceroute', async () => type('Host', 'a.test')],
    ] as const;
    for (const [kind, fill] of kinds) {
      await page.goto(`${server.url}/new-monitor`);
      await page.getByRole('radiogroup').getByText(kind, { exact: true }).click();
      await type('Name', `The ${kind}`);
      await fill();
      await press('Save');
      await page.waitForURL(`**/monitors/the-${kind.toLowerCase()}`);
    }
    const { monitors } = await rest.list();
    assert.deepEqual(monitors.map(({ probe }) => probe.kind).toSorted(), [
      'dns',
      'http',
      'http',
      'icmp',
      'ntp',
      'tcp',
      'traceroute',
      'udp',
    ]);
  });

  it('stops and starts on all agents or on one, and keeps that when settings change', async () => {
    await page.goto(`${server.url}/monitors/shop`);
    await press('Start or stop on an agent');
    await press('Stop on ash');
    await page.getByRole('button', { name: 'Start on ash' }).waitFor();
    assert.deepEqual((await rest.read('shop')).stopped_on, ['ash']);
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: 'Change' }).click();
    await press('Save');
    await page.waitForURL('**/monitors/shop');
    assert.deepEqual((await rest.read('shop')).stopped_on, ['ash']);
    await press('Stop');
    await page.getByRole('button', { name: 'Start', exact: true }).waitFor();
    assert.equal((await rest.read('shop')).enabled, false);
  });

  it('removes a monitor when asked twice', async () => {
    await page.goto(`${server.url}/monitors/the-ntp`);
    await press('Remove');
    await press('Remove for good');
    await page.waitForURL('**/monitors');
    await assert.rejects(rest.read('the-ntp'), { code: 'NM_NOT_FOUND' });
  });

  it('takes monitors in from YAML, and tells before what it would do', async () => {
    await page.goto(`${server.url}/monitors`);
    await press('Export and import');
    assert.ok(await page.getByRole('link', { name: 'Export all monitors' }).getAttribute('href'));
    const yaml = await (await fetch(`${server.url}/api/monitors/export`)).text();
    await type('YAML', yaml.replace('name: The ICMP', 'name: The other'));
    await press('Check');
    await page.getByText(/It would be: \d+ new, \d+ changed, \d+ as they are/).waitFor();
    await press('Import');
    await page.getByText(/^Done: /).waitFor();
    assert.ok((await rest.list()).monitors.some(({ name }) => name === 'The other'));
  });

  it('breaks no policy', () => {
    // A refused save is told of by the browser as well.
    const said = browser.complaints.console.filter((text) => !/status of (400|404|422)/.test(text));
    assert.deepEqual({ ...browser.complaints, console: said }, { console: [], dialogs: [], violations: [] });
  });
});
