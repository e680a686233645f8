import assert from 'node:assert/strict';
import { copyFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { NetmonError } from '../../base/errors.ts';
import {
  type EnrolledRole,
  identityPath,
  readIdentity,
  renewalDue,
  writeIdentity,
} from '../../platform/certificates/identity.ts';
import { makeKey, makeRequest } from '../../platform/certificates/request.ts';
import { dialServerTls } from '../../platform/certificates/tls.ts';
import { ask, type Entrance, openEntrance } from '../../server/identities/entrance.fixture.ts';
import { enroll } from './enroll.ts';
import { renewWhenDue } from './renew-now.ts';

const is = (code: string) => (thrown: unknown) => thrown instanceof NetmonError && thrown.code === code;
const dayMs = 86_400_000;
const signal = AbortSignal.timeout(120_000);

describe('the identity of a console', () => {
  let entrance: Entrance;
  before(async () => {
    entrance = await openEntrance();
  });
  after(() => entrance[Symbol.asyncDispose]());

  /** A console that was enrolled so many days ago, as far as the server knows. */
  async function enrollConsole(name: string, daysAgo: number, role: EnrolledRole = 'console') {
    entrance.clock.aheadMs = 0;
    const path = identityPath(join(entrance.folder, name), role);
    writeIdentity(path, await enroll((await entrance.identities.give(name, role, 60_000)).token));
    entrance.clock.aheadMs = daysAgo * dayMs;
    const identity = readIdentity(path)!;
    return { path, identity, dueAt: renewalDue(identity) };
  }

  it('is another in its last third, and as it was before that and past its end', async () => {
    const { path, identity, dueAt } = await enrollConsole('desk', 21);
    assert.equal(await renewWhenDue(path, signal, dueAt - 1), false);
    assert.equal(await renewWhenDue(path, signal, identity.until), false);
    assert.deepEqual(readIdentity(path), identity);
    assert.equal(await renewWhenDue(path, signal, dueAt), true);
    const next = readIdentity(path)!;
    assert.notEqual(next.serial, identity.serial);
    assert.notEqual(next.key, identity.key);
    assert.deepEqual([next.role, next.name, next.server], ['console', 'desk', entrance.url]);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    entrance.identities.check(next, 'console');
    assert.ok(entrance.logged.some((line) => line.includes('"reason":"renewal"')));
  });

  it('is given anew once when two ask at a time', async () => {
    const { path, dueAt } = await enrollConsole('twice', 21);
    const beside = `${path}.beside`;
    copyFileSync(path, beside);
    const answers = await Promise.all([
      renewWhenDue(path, signal, dueAt),
      renewWhenDue(beside, signal, dueAt),
    ]);
    assert.deepEqual(answers.toSorted(), [false, true]);
  });

  it('is not renewed once it was revoked, by an agent, or without a certificate', async () => {
    const { path, identity, dueAt } = await enrollConsole('lost', 21);
    await entrance.identities.revoke('console', 'lost');
    await assert.rejects(renewWhenDue(path, signal, dueAt), is('NM_FORBIDDEN'));
    assert.deepEqual(readIdentity(path), identity);
    const agent = await enrollConsole('web-1', 21, 'agent');
    const body = JSON.stringify({ csr: await makeRequest(makeKey()) });
    const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
    for (const [tls, status, code] of [
      [dialServerTls(agent.identity), 403, 'NM_FORBIDDEN'],
      [{ ca: entrance.authority.certificate }, 401, 'NM_UNAUTHORIZED'],
    ] as const) {
      const answer = await ask(entrance, '/api/renew', post, tls);
      assert.deepEqual([answer.status, answer.code], [status, code], answer.text);
    }
    const desk = await enrollConsole('desk-2', 21);
    const wrong = await ask(
      entrance,
      '/api/renew',
      { ...post, body: '{"csr":"x"}' },
      dialServerTls(desk.identity),
    );
    assert.equal(wrong.status, 400, wrong.text);
  });

  it('stays what it is when the server cannot be reached', async () => {
    const { path, identity, dueAt } = await enrollConsole('alone', 21);
    const elsewhere = { ...identity, server: 'https://127.0.0.1:1' };
    writeIdentity(path, elsewhere);
    await assert.rejects(renewWhenDue(path, signal, dueAt), is('NM_UNAVAILABLE'));
    assert.deepEqual(readIdentity(path), elsewhere);
  });
});
