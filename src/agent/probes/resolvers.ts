import { readFile } from 'node:fs/promises';
import { parseIp } from '../../base/ip.ts';

const file = '/etc/resolv.conf';
/** As many as the C library looks at (MAXNS of resolv.h). */
const maxServers = 3;
const maxCharacters = 64 * 1024;

/** The machine's own resolvers in the order of resolv.conf(5), that of this machine itself where none is named. */
export async function listResolvers(): Promise<readonly string[]> {
  try {
    return parseResolvers(await readFile(file, 'utf8'));
  } catch {
    return ['127.0.0.1'];
  }
}

/** The addresses of the lines `nameserver ADDRESS`. */
export function parseResolvers(text: string): readonly string[] {
  const servers = text
    .slice(0, maxCharacters)
    .split('\n')
    .flatMap((line) => /^nameserver[ \t]+(\S+)/.exec(line)?.[1] ?? [])
    .filter((address) => parseIp(address.split('%')[0]) !== null)
    .slice(0, maxServers);
  return servers.length > 0 ? servers : ['127.0.0.1'];
}
