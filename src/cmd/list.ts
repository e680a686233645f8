import type { Command } from 'commander';
import { NetmonError } from '../base/errors.ts';
import { type List, lists } from '../cli/lists.ts';
import type { Screen } from '../cli/show.ts';
import { readConfig } from '../platform/config.ts';
import { durationValue } from '../platform/values.ts';
import { listSettings } from './setting-names.ts';
import { readToken } from './token.ts';

/** How often a watched list is read unless said otherwise. */
const watchFallback = '500ms';
const watchKind = durationValue(100, 3_600_000);
/** Rows unless said otherwise, and most of all, which is about 100 MB of JSON. */
const limitFallback = 100;
const maxRows = 100_000;

/** Adds a command for each list. */
export function addListCommands(add: (name: string, summary: string) => Command): void {
  for (const list of Object.values(lists))
    addListCommand(add(list.name, list.summary), list as List<unknown>);
}

function addListCommand(command: Command, list: List<unknown>): void {
  command
    .option('--server <URL>', 'server to ask (default: http://127.0.0.1:8080)')
    .option('--token-file <PATH>', 'file with the token that the server wants')
    .option('--json', "the server's answer, as one JSON document (a line for each with --watch)")
    .option('--csv', 'all fields, as CSV')
    .option('--watch [DURATION]', `again and again, by default every ${watchFallback}`)
    .option('--limit <ROWS>', `most rows to show, from 1 to ${maxRows} (default: ${limitFallback})`);
  if (list.sorts.length > 0)
    command.option('--sort <KEY>', `one of ${list.sorts.join(', ')}; -KEY for descending`);
  for (const name of list.filters)
    command.option(`--${name} <VALUE>`, list.help?.[name] ?? filterHelp[name] ?? `keep what matches`);
  command.action(async (options: Options) => {
    const { showList } = await import('../cli/show.ts');
    const { values } = readConfig(listSettings, {
      flags: { server: options.server, 'token-file': options.tokenFile },
      env: process.env,
    });
    const token = readToken(values['token-file']);
    const query = Object.fromEntries(
      [...list.filters, 'sort'].map((name) => [name, options[name] as string | undefined] as const),
    );
    await showList(
      list,
      {
        url: values.server,
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
        format: readFormat(options),
        watchMs: readWatch(options),
        limit: readLimit(options.limit),
        query,
      },
      makeScreen(),
    );
  });
}

interface Options extends Readonly<Record<string, unknown>> {
  readonly server?: string;
  readonly tokenFile?: string;
  readonly json?: boolean;
  readonly csv?: boolean;
  readonly watch?: string | true;
  readonly limit?: string;
}

const filterHelp: Readonly<Record<string, string>> = {
  error: 'errno names such as ECONNREFUSED, any or none',
  process: 'part of the process name',
  pid: 'process id',
  path: "part of the executable's path",
  local: 'local address, network or ip:port',
  remote: 'remote address, network, ip:port or part of the name',
  port: "either end's port",
  protocol: 'tcp, udp',
  state: 'states such as ESTABLISHED,LISTEN',
  direction: 'outbound, inbound, local, listening',
  active: 'true for open connections, false for ended ones',
  agent: 'name of the agent',
  user: 'user of the process',
  container: 'container or part of its name',
  since: 'from this time on: RFC 3339, or a duration before now such as 15m, 2h, 7d',
  until: 'up to this time',
  text: 'text in any field',
  application: 'exactly this application protocol, such as http or ssh',
  site: 'exactly this host',
  section: 'exactly this host and first path segment, such as example.org/shop',
  method: 'exactly this method',
  kind: 'hits or bandwidth',
  scope: 'all, interface:NAME, process:NAME or site:NAME',
};

function readFormat({ json, csv, watch }: Options): 'table' | 'json' | 'csv' {
  if (json && csv) throw new NetmonError('NM_BAD_FLAG', '--json and --csv exclude each other');
  if (csv && watch !== undefined)
    throw new NetmonError('NM_BAD_FLAG', '--watch shows a table or --json, not --csv');
  if (json) return 'json';
  return csv ? 'csv' : 'table';
}

function readWatch({ watch }: Options): number | null {
  if (watch === undefined) return null;
  const ms = watchKind.parse(watch === true ? watchFallback : watch);
  if (ms !== undefined) return ms;
  throw new NetmonError('NM_BAD_FLAG', `--watch = ${JSON.stringify(watch)}: expected ${watchKind.expected}`);
}

function readLimit(text: string | undefined): number {
  if (text === undefined) return limitFallback;
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= maxRows) return limit;
  throw new NetmonError(
    'NM_BAD_FLAG',
    `--limit = ${JSON.stringify(text)}: expected a number from 1 to ${maxRows}`,
  );
}

/** Standard output. A watch ends on SIGINT or SIGTERM, or when whoever reads it goes away. */
function makeScreen(): Screen {
  const { promise: end, resolve } = Promise.withResolvers<void>();
  let ended = false;
  const stop = (): void => {
    ended = true;
    resolve();
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  process.stdout.on('error', stop);
  return {
    write: (text) => void process.stdout.write(text),
    size: () =>
      process.stdout.isTTY
        ? { columns: process.stdout.columns || 80, rows: process.stdout.rows || 24 }
        : null,
    wait: async (ms) => {
      const { promise, resolve: wake } = Promise.withResolvers<void>();
      const timer = setTimeout(wake, ms);
      await Promise.race([promise, end]);
      clearTimeout(timer);
    },
    ended: () => ended,
  };
}
