import type { z } from 'zod';
import { enroll } from '../agent/identity/enroll.ts';
import { NetmonError } from '../base/errors.ts';
import { escapeText } from '../cli/escape.ts';
import { RestClient } from '../client/rest.ts';
import { maxTokenLength } from '../platform/certificates/enrollment-token.ts';
import { type EnrolledRole, identityPath, writeIdentity } from '../platform/certificates/identity.ts';
import { findPaths } from '../platform/paths.ts';
import type { newEnrollmentSchema, revocationSchema } from '../wire/monitor-api.ts';
import { readServer } from './station-options.ts';

/** Flags of `netmon enroll`, at either end. */
export interface EnrollFlags {
  readonly role?: EnrolledRole;
  readonly lifetime?: string;
  readonly token?: string;
  readonly data?: string;
  readonly server?: string;
  readonly tokenFile?: string;
  readonly json?: boolean;
}

/** Asks the server for a token and prints it, alone on standard output. */
export async function runEnrollServer(name: string, lifetimeMs: number, flags: EnrollFlags): Promise<void> {
  const given = await makeClient(flags).send<z.infer<typeof newEnrollmentSchema>>(
    'POST',
    '/api/enrollments',
    {
      name,
      role: flags.role ?? 'agent',
      lifetime_ms: lifetimeMs,
    },
  );
  if (flags.json) {
    process.stdout.write(`${JSON.stringify(given)}\n`);
    return;
  }
  process.stderr.write(
    `Good once, until ${escapeText(given.expires_at)}, for the ${given.role} ${escapeText(given.name)}. There: netmon enroll --token TOKEN\n`,
  );
  process.stdout.write(`${escapeText(given.token)}\n`);
}

/** Gets an identity for a token and keeps it in the data folder. */
export async function runEnrollAgent(given: string, flags: EnrollFlags): Promise<void> {
  const { data } = findPaths(flags, process.env, process.getuid!());
  const identity = await enroll(given === '-' ? await readInput() : given);
  if (identity.role === 'server') throw new NetmonError('NM_FORBIDDEN', 'the certificate is not for this');
  const { role, name, serial, server, until } = identity;
  const path = identityPath(data, role);
  writeIdentity(path, identity);
  const certificate_until = new Date(until).toISOString();
  if (flags.json) {
    process.stdout.write(`${JSON.stringify({ role, name, serial, server, certificate_until, path })}\n`);
    return;
  }
  const next =
    role === 'agent'
      ? `Start it with: netmon agent${flags.data === undefined ? '' : ` --data ${data}`}\n`
      : 'It is renewed when netmon console or netmon monitor --agent is used in the last third of that time.\n';
  process.stdout.write(
    `enrolled as the ${role} ${name} of ${server}, in ${path}; good until ${certificate_until}, renewed by itself\n${next}`,
  );
}

/** Revokes the certificates of a name. */
export async function runRevoke(name: string, flags: EnrollFlags): Promise<void> {
  const { role, revoked_at } = await makeClient(flags).send<z.infer<typeof revocationSchema>>(
    'POST',
    `/api/agents/${encodeURIComponent(name)}/revoke`,
    { role: flags.role ?? 'agent' },
  );
  if (flags.json) process.stdout.write(`${JSON.stringify({ name, role, revoked_at })}\n`);
  else process.stdout.write(`revoked the ${role} ${escapeText(name)} at ${escapeText(revoked_at)}\n`);
}

function makeClient(flags: EnrollFlags): RestClient {
  return new RestClient(readServer(flags));
}

/** Standard input, as far as a token may be long. */
async function readInput(): Promise<string> {
  let text = '';
  for await (const part of process.stdin.setEncoding('utf8')) {
    text += String(part);
    if (text.length > maxTokenLength) break;
  }
  return text.trim();
}
