import type { Command } from 'commander';
import { NetmonError } from '../base/errors.ts';
import { writeJson } from '../cli/json.ts';
import { parseAgentAddress } from '../console/agent-address.ts';
import { AgentStation } from '../console/agent-station.ts';
import { ServerStation } from '../console/server-station.ts';
import type { Station } from '../console/station.ts';
import { readConfig } from '../platform/config.ts';
import { makeWaitingToken } from '../platform/waiting-token.ts';
import { keepConsoleEnrolled, readConsoleTls } from './console-identity.ts';
import { listSettings } from './setting-names.ts';
import { readToken } from './token.ts';

/** Flags that say who is asked, and how the answer is written. */
export interface StationFlags {
  readonly server?: string;
  /** An agent that waits for consoles, in place of a server. */
  readonly agent?: string;
  readonly tokenFile?: string;
  readonly json?: boolean;
}

/** Adds them to a command that asks a server, or an agent that waits. */
export function addStationOptions(command: Command): Command {
  return addServerOptions(
    command.option('--agent <HOST:PORT>', 'agent that waits (netmon agent --listen), in place of a server'),
  );
}

/** Adds them to a command that only a server can answer. */
export function addServerOptions(command: Command): Command {
  return command
    .option('--server <URL>', 'server to ask (default: http://127.0.0.1:8080)')
    .option('--token-file <PATH>', 'file with the token that it wants')
    .option('--json', 'the answer as one JSON document');
}

/** Where a server is and what it wants, from flags, environment and their defaults. Throws NM_BAD_FLAG, NM_BAD_CONFIG. */
export function readServer(flags: StationFlags): {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly token: string | undefined;
} {
  const { values } = readConfig(listSettings, {
    flags: { server: flags.server, 'token-file': flags.tokenFile },
    env: process.env,
  });
  const token = readToken(values['token-file']);
  const headers = token === undefined ? undefined : { authorization: `Bearer ${token}` };
  return { url: values.server, headers: headers ?? {}, token };
}

/** The station that the flags name. Throws NM_BAD_FLAG, NM_BAD_CONFIG, or why an agent cannot be reached. */
async function openStation(flags: StationFlags): Promise<Station> {
  if (flags.agent === undefined) return new ServerStation(readServer(flags));
  if (flags.server !== undefined)
    throw new NetmonError('NM_BAD_FLAG', '--server and --agent exclude each other');
  const station = openAgent(flags.agent, readServer(flags).token);
  try {
    await Promise.all([station.ready(), keepConsoleEnrolled((line) => process.stderr.write(`${line}\n`))]);
    return station;
  } catch (error) {
    station.close();
    if (!(error instanceof NetmonError) || error.code !== 'NM_NOT_FOUND') throw error;
    throw new NetmonError(
      'NM_UNAVAILABLE',
      `what answers at ${station.address} is no agent that waits; a server is asked with --server`,
    );
  }
}

/** Connects to an agent that waits. Throws NM_BAD_FLAG for what is no address of one. */
export function openAgent(text: string, token: string | undefined): AgentStation {
  const place = parseAgentAddress(text);
  const headers = token === undefined ? undefined : { authorization: `Bearer ${makeWaitingToken(token)}` };
  return new AgentStation(place.address, { place, headers: headers ?? {}, tls: readConsoleTls });
}

/** Asks a station something, and closes it. Throws what it threw, with what to do where nobody answers. */
export async function askStation<Answer>(
  flags: StationFlags,
  ask: (station: Station) => Promise<Answer>,
): Promise<Answer> {
  const station = await openStation(flags);
  try {
    return await ask(station);
  } catch (error) {
    throw station.kind === 'server' ? explainSilence(error, station.address) : error;
  } finally {
    station.close();
  }
}

/** Adds what to do about a server that does not answer, or is none. */
export function explainSilence(error: unknown, address: string): unknown {
  if (error instanceof NetmonError && error.code === 'NM_UNAVAILABLE' && /answered 404/.test(error.message)) {
    return new NetmonError(
      'NM_UNAVAILABLE',
      `what answers at ${address} is no server; an agent that waits is asked with --agent`,
    );
  }
  if (!(error instanceof NetmonError) || error.code !== 'NM_UNAVAILABLE' || error.cause === undefined) {
    return error;
  }
  return new NetmonError(
    'NM_UNAVAILABLE',
    `no server answers at ${address}: run "netmon up", or name one with --server`,
  );
}

/** Columns of the terminal; without one nothing is cut. */
export function outputWidth(): number {
  return process.stdout.isTTY ? process.stdout.columns || 80 : Number.POSITIVE_INFINITY;
}

/** Writes lines, or the document that they were made of. */
export function print(flags: StationFlags, lines: readonly string[], document: unknown): void {
  const text = flags.json ? `${writeJson(document, 2)}\n` : lines.map((line) => `${line}\n`).join('');
  process.stdout.write(text);
}
