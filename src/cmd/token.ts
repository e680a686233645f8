import { readFileSync, statSync } from 'node:fs';
import { NetmonError } from '../base/errors.ts';

/** Shortest token that a server takes. */
const shortestToken = 16;

/**
 * The token in a file, without surrounding blanks; undefined without a file. Throws NM_BAD_CONFIG for a file that cannot
 * be read, that others may read, or whose content is too short to be a secret.
 */
export function readToken(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  let text: string;
  let mode: number;
  try {
    text = readFileSync(file, 'utf8').trim();
    mode = statSync(file).mode;
  } catch (cause) {
    throw new NetmonError('NM_BAD_CONFIG', `unable to read the token in ${file}`, { cause });
  }
  if ((mode & 0o007) !== 0) {
    throw new NetmonError('NM_BAD_CONFIG', `${file}: every user may read the token: run "chmod 600 ${file}"`);
  }
  if (text.length >= shortestToken && /^[\x21-\x7e]+$/.test(text)) return text;
  throw new NetmonError(
    'NM_BAD_CONFIG',
    `${file}: a token has at least ${shortestToken} characters, none of them a blank: try "openssl rand -base64 24"`,
  );
}
