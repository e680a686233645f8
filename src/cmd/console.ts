import { homedir } from 'node:os';
import { join } from 'node:path';
import { NetmonError } from '../base/errors.ts';
import { isLoopback } from '../base/ip.ts';
import { runConsole } from '../console/console.ts';
import { ServerStation } from '../console/server-station.ts';
import type { Station } from '../console/station.ts';
import { healthSchema } from '../wire/api.ts';
import { keepConsoleEnrolled } from './console-identity.ts';
import { openAgent } from './station-options.ts';
import { readToken } from './token.ts';

/** Until a server has said that it is one. */
const detectMs = 5_000;

/** Runs `netmon console` until its user ends it. Throws NM_BAD_CONFIG for files that cannot be used. */
export async function runConsoleCommand(
  addresses: readonly string[],
  { tokenFile }: { readonly tokenFile?: string },
): Promise<void> {
  const end = new AbortController();
  process.once('SIGTERM', () => end.abort()).once('SIGHUP', () => end.abort());
  const failure = await runConsole({
    addresses,
    folder: join(process.env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'netmon'),
    input: process.stdin,
    output: process.stdout,
    errors: process.stderr,
    open,
    tokenFile: tokenFile ?? process.env.NETMON_TOKEN_FILE,
    keepEnrolled: keepConsoleEnrolled,
    end: end.signal,
  });
  // What is left are sockets that are closing.
  process.exit(failure?.exit ?? 0);
}

/** An address with a scheme is a server's; of any other it is asked whether it is one. */
async function open(address: string, tokenFile: string | undefined): Promise<Station> {
  const token = readToken(tokenFile);
  const headers: Readonly<Record<string, string>> =
    token === undefined ? {} : { authorization: `Bearer ${token}` };
  const hasScheme = /^https?:\/\//.test(address);
  const url = hasScheme ? address.replace(/\/+$/, '') : `http://${address}`;
  if (hasScheme && !URL.canParse(url)) throw new NetmonError('NM_BAD_FLAG', `${address} is no address`);
  const isServer = hasScheme || (await answersAsServer(url));
  if (!isServer) return openAgent(address, token);
  // Whatever answers there may say that it is a server, to be told the token.
  if (!hasScheme && token !== undefined && !isHere(url)) {
    throw new NetmonError(
      'NM_BAD_FLAG',
      `${address} may be a server, which would be told the token: write http://${address} if it is meant to be`,
    );
  }
  return new ServerStation({ url, headers });
}

/** Asked without a token, since it may be anybody's. */
async function answersAsServer(url: string): Promise<boolean> {
  if (!URL.canParse(url)) return false;
  try {
    const response = await fetch(`${url}/health`, {
      signal: AbortSignal.timeout(detectMs),
      redirect: 'error',
    });
    // One that wants a token is a server as well: an agent that waits has nothing at this path.
    return response.status === 401 || healthSchema.safeParse(await response.json()).success;
  } catch {
    return false;
  }
}

function isHere(url: string): boolean {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
  return host === 'localhost' || isLoopback(host);
}
