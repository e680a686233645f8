import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

const executable = '/usr/bin/chromium';
const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-quic',
];

/** Why no browser can be had here, null when one can. */
export const browserMissing: string | null = existsSync(executable) ? null : `${executable} is not installed`;

/** What a page must not do: what it said on its console, the dialogs it opened, the policies it broke. */
export interface Complaints {
  readonly console: string[];
  readonly dialogs: string[];
  readonly violations: string[];
}

export interface Browser {
  readonly page: Page;
  readonly complaints: Complaints;
  close(): Promise<void>;
}

/** A headless Chromium with an empty profile and one page, 1440 by 900. */
export async function openBrowser(): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'netmon-chromium-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: executable,
    args: flags,
    viewport: { width: 1440, height: 900 },
  });
  const page = context.pages()[0] ?? (await context.newPage());
  page.setDefaultTimeout(60_000);
  const complaints = await watch(context, page);
  return {
    page,
    complaints,
    async close() {
      await context.close();
      rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

async function watch(context: BrowserContext, page: Page): Promise<Complaints> {
  const complaints: Complaints = { console: [], dialogs: [], violations: [] };
  await context.exposeFunction('reportViolation', (what: string) => complaints.violations.push(what));
  await context.addInitScript(`
    document.addEventListener('securitypolicyviolation', (event) =>
      reportViolation(event.violatedDirective + ' ' + event.blockedURI));
  `);
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.console.push(message.text());
  });
  page.on('pageerror', (error) => complaints.console.push(error.stack ?? error.message));
  page.on('dialog', (dialog) => {
    complaints.dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  return complaints;
}
