import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { makeVisible } from '../../web/src/lib/visible-text.ts';
import { findFaintText } from '../web/contrast.ts';
import { type Browser, browserMissing, openBrowser } from './browser.ts';
import { hostileNames, Scene } from './scene.ts';
import { type ServerProcess, startServer } from './server.ts';

const connectionCount = 10_000;
const busyCount = 100;
/** The table of connections, in the page. */
const grid = `document.querySelector('[role="grid"]')`;
const pages = [
  '/',
  '/errors',
  '/protocols',
  '/http',
  '/dns',
  '/processes',
  '/interfaces',
  '/status',
] as const;

describe('the dashboard in Chromium', { skip: browserMissing ?? false }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'netmon-dashboard-'));
  const scene = new Scene(connectionCount, busyCount);
  let server: ServerProcess;
  let browser: Browser;
  let page: Page;

  before(async () => {
    server = await startServer(folder);
    scene.start(server.url);
    browser = await openBrowser();
    page = browser.page;
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
  const table = (): Locator => page.getByRole('grid', { name: 'Connections' });
  const rows = (): Locator => table().locator('[role="row"][data-id]');

  it('draws a point for every sample, up to 300', async () => {
    await open('/');
    await page.getByRole('figure', { name: 'Upload and download, last 30 seconds' }).waitFor();
    const { newest, points } = await page.evaluate<{
      newest: number;
      points: number;
    }>(`new Promise((resolve) => {
      const { dataset } = document.querySelector('[data-newest]');
      const first = Number(dataset.newest);
      const observer = new MutationObserver(() => {
        if (Number(dataset.newest) - first < 3000) return;
        observer.disconnect();
        resolve({ newest: Number(dataset.newest), points: Number(dataset.points) });
      });
      observer.observe(document.querySelector('[data-newest]'), { attributeFilter: ['data-newest'] });
    })`);
    assert.equal(points, Math.min(300, scene.countSamples(newest)));
  });

  it('shows each connection with process, both ends, state and rates', async () => {
    await open('/?text=worker-57&sort=pid');
    const row = rows().filter({ hasText: 'worker-57' }).first();
    await row.filter({ hasText: '10.0.0.57:443' }).waitFor();
    const text = await row.innerText();
    for (const part of ['ESTABLISHED', '1057', '10.0.0.1:10057', 'tcp', '/s'])
      assert.match(text, new RegExp(part));
    assert.equal(await page.title(), 'netmon');
  });

  it('holds 10,000 rows and only as many elements as are in sight', async () => {
    await open('/?sort=pid');
    await rows().first().waitFor();
    assert.equal(await table().getAttribute('aria-rowcount'), String(connectionCount + 1));
    assert.ok((await rows().count()) < 60);
    await page.evaluate(`${grid}.scrollTo(0, ${grid}.scrollHeight)`);
    await rows()
      .filter({ hasText: `worker-${connectionCount}` })
      .waitFor();
    assert.ok((await rows().count()) < 60);
  });

  it('tells values under the cursor, and holds still while paused', async () => {
    await open('/');
    const chart = page.getByRole('figure', { name: 'Upload and download, last 30 seconds' });
    await chart.hover({ position: { x: 500, y: 60 } });
    const tooltip = chart.getByRole('tooltip');
    await tooltip.filter({ hasText: /\d\d:\d\d:\d\d.*↓ [\d.]+ [KM]?B\/s.*↑ [\d.]+ [KM]?B\/s/s }).waitFor();
    await page.getByRole('button', { name: 'Pause the chart' }).click();
    const held = await newestOf(page);
    const rates = await table().innerText();
    while ((await table().innerText()) === rates) await page.evaluate('new Promise(requestAnimationFrame)');
    assert.equal(await newestOf(page), held);
    await page.getByRole('button', { name: 'Continue the chart' }).click();
    while ((await newestOf(page)) === held) await page.evaluate('new Promise(requestAnimationFrame)');
  });

  it('shows cards as well as a table', async () => {
    await open('/?view=cards&pid=1057');
    const card = page.getByRole('button').filter({ hasText: 'worker-57' }).first();
    await card.filter({ hasText: '10.0.0.57:443' }).filter({ hasText: 'ESTABLISHED' }).click();
    await page.getByRole('dialog', { name: 'Connection details' }).getByText('/usr/bin/worker-57').waitFor();
  });

  it('shows hostile names as text, in the list, the details and the processes', async () => {
    for (const [index, name] of Object.values(hostileNames).entries()) {
      await open(`/?pid=${1001 + index}`);
      const shown = makeVisible(name);
      const row = rows().filter({ hasText: shown }).first();
      await row.click();
      await page.getByRole('dialog', { name: 'Connection details' }).getByText(shown).first().waitFor();
    }
    await open('/processes');
    await page.getByRole('grid', { name: 'Processes' }).getByText(hostileNames.markup).waitFor();
    assert.equal(await page.locator('img, script:not([src])').count(), 0);
  });

  it('keeps the filter in the address, through a reload', async () => {
    await open('/');
    await page.keyboard.press('/');
    await page.keyboard.type('state:listen user:root');
    await page.keyboard.press('Enter');
    await page.waitForURL(/state=listen.*user=root|user=root.*state=listen/i);
    const footer = page.getByText('1,000 connections');
    await footer.waitFor();
    await page.reload();
    await footer.waitFor();
    await page.getByRole('button', { name: 'Remove the filter State' }).click();
    await page.waitForURL((url) => !url.searchParams.has('state'));
    await page.getByText('5,000 connections').waitFor();
  });

  it('sorts by a column when its name is clicked, both ways', async () => {
    await open('/');
    await page.getByRole('columnheader', { name: 'PID' }).getByRole('button').click();
    await rows().first().filter({ hasText: '1001' }).waitFor();
    await page.getByRole('columnheader', { name: 'PID' }).getByRole('button').click();
    await rows().first().filter({ hasText: '11000' }).waitFor();
    await page.waitForURL(/sort=-pid/);
    assert.equal(
      await page.getByRole('columnheader', { name: 'PID' }).getAttribute('aria-sort'),
      'descending',
    );
  });

  it('groups what the server sends, and says that it is capped', async () => {
    await open('/?group=user');
    await table().getByRole('button', { name: 'www-data' }).waitFor();
    await page.getByText('Grouped over the first 1,000').waitFor();
  });

  it('is driven by keys', async () => {
    await open('/?sort=pid');
    await rows().first().waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('k');
    await table().locator('[aria-selected="true"]').filter({ hasText: hostileNames.markup }).waitFor();
    await page.keyboard.press('Enter');
    const details = page.getByRole('dialog', { name: 'Connection details' });
    await details.waitFor();
    await page.keyboard.press('Escape');
    await details.waitFor({ state: 'detached' });
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog', { name: 'Commands' }).waitFor();
    await page.keyboard.type('interf');
    await page.keyboard.press('Enter');
    await page.getByRole('article', { name: 'Interface eth0' }).waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('h');
    await page.waitForURL('**/status');
  });

  it('freezes the list', async () => {
    await open('/');
    await rows().first().waitFor();
    await page.keyboard.press('f');
    await page.getByText('are held as they were').waitFor();
    const before = await table().innerText();
    const seen = await newestOf(page);
    while ((await newestOf(page)) < seen + 500) await page.evaluate('new Promise(requestAnimationFrame)');
    assert.equal(withoutDurations(await table().innerText()), withoutDurations(before));
  });

  it('lists failures as they come, and over time', async () => {
    await open('/errors');
    scene.fail({
      process_name: hostileNames.markup,
      remote_addr: '10.9.9.9:81',
      error: 'ECONNREFUSED',
      phase: 'connecting',
    });
    const row = page
      .getByRole('grid', { name: 'Failures' })
      .locator('[role="row"]')
      .filter({ hasText: '10.9.9.9:81' });
    await row.filter({ hasText: 'ECONNREFUSED' }).filter({ hasText: hostileNames.markup }).waitFor();
    await page.getByRole('figure', { name: 'Failures over time, by errno' }).waitFor();
    await page.getByRole('region', { name: 'Failing destinations' }).getByText('10.9.9.9:81').waitFor();
  });

  it('says what netmon costs, what is degraded and why, and what was lost', async () => {
    await open('/status');
    const agent = page.getByRole('region', { name: 'Agent scene' });
    await agent.getByText('the driver states no speed').waitFor();
    await agent.getByText('ask the driver').waitFor();
    await page.getByRole('region', { name: 'Cost' }).getByText('7', { exact: true }).waitFor();
  });

  it('is dark, and light on request, which it remembers', async () => {
    await open('/');
    const background = (): Promise<string> =>
      page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
    const dark = await background();
    await page.getByRole('button', { name: 'Switch to light' }).click();
    const light = await background();
    assert.notEqual(light, dark);
    await page.reload();
    assert.equal(await background(), light);
    await page.getByRole('button', { name: 'Switch to dark' }).click();
    assert.equal(await background(), dark);
  });

  for (const width of [390, 1024, 1440]) {
    it(`fits ${width} pixels on every page, and can be read in both themes`, async () => {
      await page.setViewportSize({ width, height: 844 });
      for (const path of pages) {
        await open(path);
        await page.getByRole('main').first().waitFor();
        const beyond = await page.evaluate<number>(
          `Math.max(document.documentElement.scrollWidth - innerWidth,
            ...[...document.querySelectorAll('main')].map((main) => main.scrollWidth - main.clientWidth))`,
        );
        assert.equal(beyond, 0, `${path} is ${beyond} pixels too wide`);
        assert.deepEqual(await findFaintText(page), [], `what is too faint on ${path}`);
      }
      await page.setViewportSize({ width: 1440, height: 900 });
    });
  }

  it('has a page for addresses that are none', async () => {
    await open('/');
    await page.evaluate(
      "history.pushState({}, '', '/nowhere'); dispatchEvent(new PopStateEvent('popstate'))",
    );
    await page.getByRole('heading', { name: 'There is no such page' }).waitFor();
  });

  it('did nothing of what the names asked for, broke no policy and complained of nothing', () => {
    assert.deepEqual(browser.complaints, { console: [], dialogs: [], violations: [] });
  });

  it('says that it is disconnected and how old the picture is, and comes back by itself', async () => {
    await open('/?sort=pid');
    await rows().first().waitFor();
    await server.stop();
    const alert = page.getByRole('alert').filter({ hasText: 'Disconnected' });
    await alert.filter({ hasText: /What you see is \d+ s old/ }).waitFor();
    await rows().first().waitFor();
    server = await startServer(folder, server.port);
    await alert.waitFor({ state: 'detached' });
    await page.getByRole('status', { name: 'Connected, the picture is live' }).waitFor();
    await rows().filter({ hasText: 'worker-5' }).first().waitFor();
    assert.deepEqual(browser.complaints.dialogs, []);
    assert.deepEqual(browser.complaints.violations, []);
  });
});

/** Unix milliseconds of the chart's newest point. */
function newestOf(page: Page): Promise<number> {
  return page.evaluate<number>("Number(document.querySelector('[data-newest]').dataset.newest)");
}

/** Durations of open connections go on while the list is frozen. */
function withoutDurations(text: string): string {
  return text.replace(/\b(\d+[dhm] )?\d+(\.\d)?(h|m|s| s| ms)\b/g, '');
}
