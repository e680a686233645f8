/**
 * The demonstration. Order of a run:
 *
 * 1. the servers start on free ports of loopback
 * 2. visitors come at random moments, `rate` of them a second on average
 * 3. once, a burst of requests comes on top, which is more than an alert's threshold
 * 4. at the end of `durationMs`, or when told to, the visitors leave and the servers close
 */
import { setTimeout as wait } from 'node:timers/promises';
import { makeCertificate } from './certificate.ts';
import { startDnsServer } from './dns-server.ts';
import { burstSite, plainSites, secureSites } from './sites.ts';
import { type Places, type Tally, Visitors } from './visitors.ts';
import {
  findClosedPort,
  type Listening,
  loopback,
  startPlainServer,
  startResettingServer,
  startSecureServer,
} from './web-servers.ts';

export interface DemoOptions {
  readonly durationMs: number;
  /** Visits a second, on average. */
  readonly rate: number;
  /** Requests of the burst; 0 for none. */
  readonly burst: number;
  /** Ends it early. */
  readonly signal: AbortSignal;
  /** A line for the user, with the time since the start in front. */
  readonly say: (line: string) => void;
}

/** The burst begins after this long, or after a quarter of a short demonstration, and lasts as long as it may. */
const burstAtMs = 20_000;
const burstLastsMs = 8_000;
/** How long the alert looks back unless it was told otherwise: it recovers that long after the burst. */
const alertWindowMs = 120_000;
const reportMs = 15_000;

/** Runs to its end and says what was done. Resolves when everything is given back. */
export async function runDemo(options: DemoOptions): Promise<Tally> {
  const started = performance.now();
  const say = (text: string): void => options.say(`${writeClock(performance.now() - started)}  ${text}`);
  const { servers, places } = await startServers();
  try {
    await using visitors = new Visitors(places);
    announce(places, say);
    const end = AbortSignal.any([options.signal, AbortSignal.timeout(options.durationMs)]);
    await Promise.all([
      comeAndGo(visitors, options.rate, end),
      comeAllAtOnce(visitors, options, end, say),
      report(visitors.tally, end, say),
    ]);
    say(`end: ${describe(visitors.tally)}`);
    return visitors.tally;
  } finally {
    await Promise.all(servers.map((server) => server.close()));
  }
}

/** What was done so far, in one line. */
export function describe({
  http,
  https,
  dns,
  dnsUnanswered,
  refused,
  reset,
  timedOut,
  skipped,
}: Tally): string {
  const requests = Object.values(http).reduce((sum, count) => sum + count, 0);
  const statuses = Object.entries(http)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, count]) => `${count} ${kind === 'none' ? 'unanswered' : kind}`);
  return [
    `${requests} HTTP requests (${statuses.join(', ') || 'none'})`,
    `${https} over TLS`,
    `${dns} DNS queries (${dnsUnanswered} unanswered)`,
    `${refused} refused, ${reset} reset, ${timedOut} given up`,
    ...(skipped === 0 ? [] : [`${skipped} left out, too many under way`]),
  ].join('; ');
}

async function startServers(): Promise<{ servers: readonly Listening[]; places: Places }> {
  const certificate = makeCertificate(secureSites.map(({ host }) => host));
  const closed = await findClosedPort();
  const servers: Listening[] = [];
  try {
    const starts = [
      startPlainServer,
      () => startSecureServer(certificate),
      startDnsServer,
      startResettingServer,
    ];
    for (const start of starts) servers.push(await start());
  } catch (error) {
    await Promise.all(servers.map((server) => server.close()));
    throw error;
  }
  const [plain, secure, dns, resetting] = servers.map(({ port }) => port);
  return { servers, places: { plain, secure, dns, resetting, closed, authority: certificate.cert } };
}

/** Visits with exponentially distributed pauses, as independent visitors make them (a Poisson process). */
async function comeAndGo(visitors: Visitors, rate: number, end: AbortSignal): Promise<void> {
  while (await pause((-Math.log(1 - Math.random()) / rate) * 1000, end)) visitors.visit();
}

async function comeAllAtOnce(
  visitors: Visitors,
  { burst, durationMs }: DemoOptions,
  end: AbortSignal,
  say: (text: string) => void,
): Promise<void> {
  const atMs = Math.min(burstAtMs, durationMs / 4);
  const lastsMs = Math.min(burstLastsMs, durationMs / 4);
  if (burst === 0 || !(await pause(atMs, end))) return;
  const clears = writeClock(atMs + lastsMs + alertWindowMs);
  say(
    `burst: ${burst} requests within ${Math.round(lastsMs / 1000)} s, enough for the alert of high traffic;`,
  );
  say(`       it recovers when they are 2 minutes old, at about ${clears}`);
  const started = performance.now();
  for (let sent = 0; sent < burst; ) {
    const due = Math.min(burst, Math.ceil(((performance.now() - started) / lastsMs) * burst));
    while (sent < due) {
      visitors.visitSite(burstSite);
      sent++;
    }
    if (!(await pause(20, end))) return;
  }
  say('burst: all sent');
}

async function report(tally: Tally, end: AbortSignal, say: (text: string) => void): Promise<void> {
  while (await pause(reportMs, end)) say(describe(tally));
}

function announce(places: Places, say: (text: string) => void): void {
  const hosts = (sites: readonly { readonly host: string }[]): string =>
    sites.map(({ host }) => host).join(', ');
  say(`HTTP on ${loopback}:${places.plain} for ${hosts(plainSites)}`);
  say(`TLS on ${loopback}:${places.secure} for ${hosts(secureSites)}`);
  say(`DNS on ${loopback}:${places.dns}; some names do not exist, are broken or get no answer`);
  say(`failures: ${loopback}:${places.closed} refuses, ${loopback}:${places.resetting} resets`);
}

/** Whether there is time left after so many milliseconds. */
async function pause(ms: number, end: AbortSignal): Promise<boolean> {
  await wait(ms, undefined, { signal: end }).catch(() => {});
  return !end.aborted;
}

/** `02:05`. */
function writeClock(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`;
}
