/**
 * `netmon top`. Order of a run:
 *
 * 1. without `--server`, sensors and a server of its own start; with it, that server is asked
 * 2. the terminal is taken over, or where there is none one picture is printed
 * 3. it ends by a key, a signal, its time or an internal error; the terminal is given back before anything is said
 */
import { hostname } from 'node:os';
import { describeError, NetmonError } from '../base/errors.ts';
import { isLoopback } from '../base/ip.ts';
import { readConfig } from '../platform/config.ts';
import { makeReporter } from '../platform/reporter.ts';
import { numberValue } from '../platform/values.ts';
import { signalProcess } from '../sys/pidfd.ts';
import type { Owner } from '../tui/pages/page.ts';
import type { SignalName } from '../tui/state.ts';
import { printTop, runTop, type TopOptions } from '../tui/top.ts';
import { openSocket } from './open-socket.ts';
import { type OwnInstance, startOwnInstance } from './own-instance.ts';
import { listSettings, upSettings } from './setting-names.ts';
import { watchSignals } from './signals.ts';
import { readToken } from './token.ts';

/** Flags of `netmon top`, as they are written. */
export interface TopFlags {
  readonly timeout?: string;
  readonly interface?: string;
  readonly filter?: string;
  readonly server?: string;
  readonly tokenFile?: string;
}

/** Longest run that can be asked for: a day. */
const secondsKind = numberValue(0.1, 86_400, 'SECONDS');
/** Columns of the picture that is printed where there is no terminal. */
const printedColumns = 160;

/** Shows everything in the terminal until it is told to end. Throws NetmonError for what keeps it from starting. */
export async function runTopCommand(flags: TopFlags): Promise<void> {
  const timeoutMs = readTimeout(flags.timeout);
  process.title = 'netmon-top';
  const end = new AbortController();
  let own: OwnInstance | null = null;
  const signal = watchSignals(() => own?.kill());
  void signal.asked.then(() => end.abort());
  let fatal: unknown;
  process.on('uncaughtException', (error) => {
    fatal ??= error;
    end.abort();
  });
  const server = flags.server ?? process.env.NETMON_SERVER;
  own = server === undefined ? await startOwn() : null;
  const timer = timeoutMs === null ? undefined : setTimeout(() => end.abort(), timeoutMs);
  try {
    await show(makeOptions(flags, own ?? readServer(flags), own !== null, end.signal));
  } finally {
    clearTimeout(timer);
    await own?.stop();
  }
  if (fatal !== undefined) throw fatal;
  // What is left are timers of a connection that is closing.
  process.exit();
}

function show(options: TopOptions): Promise<void> {
  const isTerminal = process.stdout.isTTY && process.stdin.isTTY && process.env.TERM !== 'dumb';
  return isTerminal ? runTop(options) : printTop(options, process.stdout.columns || printedColumns);
}

/** The reporter's lines would be written over the picture, so they go nowhere; what matters is on the health page. */
function startOwn(): Promise<OwnInstance> {
  const { values } = readConfig(upSettings, { flags: {}, env: process.env });
  const reporter = makeReporter({ level: 'error', write: () => {} });
  return startOwnInstance(values, reporter);
}

function readServer(flags: TopFlags): { readonly url: string; readonly token: string | undefined } {
  const { values } = readConfig(listSettings, {
    flags: { server: flags.server, 'token-file': flags.tokenFile },
    env: process.env,
  });
  return { url: values.server, token: readToken(values['token-file']) };
}

function makeOptions(
  flags: TopFlags,
  { url, token }: { readonly url: string; readonly token: string | undefined },
  isOwn: boolean,
  end: AbortSignal,
): TopOptions {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return {
    source: {
      url,
      open: (address) => openSocket(address, headers),
      interface: flags.interface ?? null,
    },
    filter: flags.filter ?? '',
    colours: !process.env.NO_COLOR,
    ascii: !knowsUnicode(process.env),
    signal: sendSignal,
    whyNoSignals: (agents) => (isOwn ? null : findForeign(url, agents)),
    end,
  };
}

/** Whether the processes on show are those of another machine: the reason to send them no signals. */
function findForeign(url: string, agents: readonly string[]): string | null {
  const host = new URL(url).hostname.replace(/^\[(.*)\]$/, '$1');
  if (host !== 'localhost' && !isLoopback(host))
    return 'processes of another machine get no signals from here';
  if (agents.length === 1 && agents[0] === hostname()) return null;
  return 'the server shows other machines too: processes get no signals from here';
}

/** Sends it to the process that was meant, and not to one that has its number by now. */
function sendSignal({ pid, key, name }: Owner, signal: SignalName): string {
  const started = Number(/^\d+-(\d+)$/.exec(key ?? '')?.[1] ?? Number.NaN);
  if (pid === 1 || pid === process.pid) return `${name} (${pid}) gets no signals from here`;
  if (Number.isNaN(started)) return `it is not known which process ${pid} is`;
  try {
    const failure = signalProcess(pid, started, signal);
    if (failure === null) return `sent ${signal} to ${name} (${pid})`;
    if (failure === 'ESRCH') return `${name} (${pid}) has ended already`;
    return `unable to send ${signal} to ${name} (${pid}): ${failure}`;
  } catch (error) {
    return `unable to send ${signal}: ${describeError(error)}`;
  }
}

/** Whether the locale can show more than ASCII; one that is not set at all is taken for a modern one. */
function knowsUnicode(env: NodeJS.ProcessEnv): boolean {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG;
  return locale === undefined || locale === '' || /utf-?8/i.test(locale);
}

function readTimeout(text: string | undefined): number | null {
  if (text === undefined) return null;
  const seconds = secondsKind.parse(text);
  if (seconds !== undefined) return seconds * 1000;
  throw new NetmonError(
    'NM_BAD_FLAG',
    `--timeout = ${JSON.stringify(text)}: expected ${secondsKind.expected}`,
  );
}
