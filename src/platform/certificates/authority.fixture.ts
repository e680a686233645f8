import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Authority, type AuthorityOptions } from './authority.ts';
import { type EnrolledRole, type Identity, parseIdentity } from './identity.ts';
import { makeKey, makeRequest } from './request.ts';

/** A folder that goes with its holder. */
export function makeFolder(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'netmon-pki-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

export function openAuthority(folder: string, options: Partial<AuthorityOptions> = {}): Promise<Authority> {
  return Authority.open({ folder, hosts: () => ['localhost', '127.0.0.1', '::1'], ...options });
}

/** An identity as an agent or console of that name gets it. */
export async function enroll(authority: Authority, role: EnrolledRole, name: string): Promise<Identity> {
  const key = makeKey();
  const { answer } = await authority.issue(await makeRequest(key), role, name);
  return parseIdentity(key + answer.certificate + answer.authority + answer.order_key, name);
}
