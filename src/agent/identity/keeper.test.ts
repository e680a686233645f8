import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { NetmonError } from '../../base/errors.ts';
import { enroll, makeFolder, openAuthority } from '../../platform/certificates/authority.fixture.ts';
import type { Authority } from '../../platform/certificates/authority.ts';
import { identityPath, readIdentity, writeIdentity } from '../../platform/certificates/identity.ts';
import { makeKey, makeRequest } from '../../platform/certificates/request.ts';
import { IdentityKeeper } from './keeper.ts';

const folder = makeFolder();
after(() => folder[Symbol.dispose]());
const path = identityPath(folder.path, 'agent');
let authority: Authority;
let foreign: Authority;

before(async () => {
  authority = await openAuthority(join(folder.path, 'ca'));
  foreign = await openAuthority(join(folder.path, 'foreign'));
});

async function makeKeeper(): Promise<IdentityKeeper> {
  writeIdentity(path, { ...(await enroll(authority, 'agent', 'box')), server: 'https://127.0.0.1:1' });
  return new IdentityKeeper(path, readIdentity(path)!);
}

describe('the keeper of an identity', () => {
  it('changes to the certificate that it asked for, on disk as well, and tells of it', async () => {
    const keeper = await makeKeeper();
    const before = keeper.current;
    let told = 0;
    keeper.onChange(() => told++);
    const { answer, subject } = await authority.issue(await keeper.request(), 'agent', 'box');
    keeper.accept(answer);
    assert.deepEqual(
      [keeper.current.serial, keeper.current.server, told],
      [subject.serial, before.server, 1],
    );
    assert.notEqual(keeper.current.key, before.key);
    assert.deepEqual(readIdentity(path), keeper.current);
    assert.throws(() => keeper.accept(answer), NetmonError);
  });

  it('keeps what it has when a server sends a certificate of another key, name, role or authority', async () => {
    const keeper = await makeKeeper();
    const before = keeper.current;
    const csr = await keeper.request();
    const issue = async (by: Authority, request: string, role: 'agent' | 'console', name: string) =>
      (await by.issue(request, role, name)).answer;
    const own = await issue(authority, csr, 'agent', 'box');
    for (const bad of [
      await issue(authority, await makeRequest(makeKey()), 'agent', 'box'),
      await issue(authority, csr, 'agent', 'other'),
      await issue(authority, csr, 'console', 'box'),
      await issue(foreign, csr, 'agent', 'box'),
      { ...own, authority: foreign.certificate },
      { ...own, certificate: own.authority },
      { ...own, order_key: '' },
      { ...own, certificate: 'x'.repeat(16_000) },
    ]) {
      assert.throws(
        () => keeper.accept(bad),
        (thrown) => (thrown as NetmonError).code === 'NM_VALIDATION',
      );
    }
    assert.equal(keeper.current, before);
    assert.deepEqual(readIdentity(path), before);
    keeper.accept(own);
  });

  it('remembers over a restart whom the server shut out', async () => {
    const keeper = await makeKeeper();
    assert.equal(keeper.isShutOut('0a'), false);
    keeper.shutOut(['0a', '0b']);
    const again = new IdentityKeeper(path, readIdentity(path)!);
    assert.deepEqual([again.isShutOut('0a'), again.isShutOut('0c')], [true, false]);
    assert.equal(statSync(`${path}.revoked`).mode & 0o777, 0o600);
    again.shutOut([]);
    assert.equal(new IdentityKeeper(path, readIdentity(path)!).isShutOut('0a'), false);
  });
});
