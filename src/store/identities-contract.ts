import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StoreUnderTest } from './contract.ts';
import {
  certificateMemoryMs,
  maxEnrollments,
  type StoredCertificate,
  type StoredEnrollment,
} from './identities.ts';

const start = Date.parse('2026-01-01T00:00:00.000Z');
const at = (second: number): string => new Date(start + second * 1000).toISOString();

function makeEnrollment(name: string, fields: Partial<StoredEnrollment> = {}): StoredEnrollment {
  return { name, role: 'agent', createdAt: at(0), expiresAt: at(60), usedAt: null, ...fields };
}

function makeCertificate(serial: string, fields: Partial<StoredCertificate> = {}): StoredCertificate {
  return { serial, name: 'a', role: 'agent', issuedAt: at(0), until: at(3600), revokedAt: null, ...fields };
}

/** What every store must do with tokens and certificates. */
export function describeIdentityStore(name: string, open: () => Promise<StoreUnderTest>): void {
  const withStore = (work: (tested: StoreUnderTest) => Promise<void>) => async () => {
    const tested = await open();
    try {
      await work(tested);
    } finally {
      await tested.dispose();
    }
  };
  describe(`${name}: identities`, () => {
    it(
      'a token is used once, in its time',
      withStore(async (tested) => {
        const { store } = tested;
        await store.addEnrollment('01', makeEnrollment('a'));
        await store.addEnrollment('02', makeEnrollment('b', { role: 'console' }));
        assert.equal(await store.takeEnrollment('03', at(1)), null);
        const uses = await Promise.all([
          store.takeEnrollment('01', at(1)),
          store.takeEnrollment('01', at(2)),
        ]);
        assert.deepEqual(uses, [makeEnrollment('a'), makeEnrollment('a', { usedAt: at(1) })]);
        assert.equal((await store.takeEnrollment('02', at(60)))?.usedAt, null);
        const again = await tested.reopen();
        assert.deepEqual(await again.readEnrollments(), [
          makeEnrollment('b', { role: 'console' }),
          makeEnrollment('a', { usedAt: at(1) }),
        ]);
      }),
    );

    it(
      'the oldest tokens are forgotten beyond a number',
      withStore(async ({ store }) => {
        for (let i = 0; i <= maxEnrollments; i++) await store.addEnrollment(`${i}`, makeEnrollment(`a${i}`));
        const names = (await store.readEnrollments()).map((each) => each.name);
        assert.deepEqual(
          [names.length, names[0], names.at(-1)],
          [maxEnrollments, `a${maxEnrollments}`, 'a1'],
        );
      }),
    );

    it(
      'certificates are revoked by name and role, and tokens of that name with them',
      withStore(async (tested) => {
        const { store } = tested;
        const all = [
          makeCertificate('01'),
          makeCertificate('02', { revokedAt: at(5) }),
          makeCertificate('03', { role: 'console' }),
          makeCertificate('04', { name: 'b' }),
        ];
        for (const each of all) await store.addCertificate(each);
        await store.addEnrollment('01', makeEnrollment('a'));
        await store.addEnrollment('02', makeEnrollment('b'));
        await store.revokeCertificates('agent', 'a', at(10));
        const again = await tested.reopen();
        assert.deepEqual(await again.readCertificates(), [{ ...all[0], revokedAt: at(10) }, ...all.slice(1)]);
        assert.deepEqual(
          (await again.readEnrollments()).map(({ expiresAt }) => expiresAt),
          [at(60), at(10)],
        );
      }),
    );

    it(
      'certificates are forgotten by their serial numbers',
      withStore(async (tested) => {
        for (const serial of ['01', '02', '03']) await tested.store.addCertificate(makeCertificate(serial));
        await tested.store.forgetCertificates(['03', '01', '99']);
        const again = await tested.reopen();
        assert.deepEqual(
          (await again.readCertificates()).map(({ serial }) => serial),
          ['02'],
        );
      }),
    );

    it(
      'a certificate is forgotten long after its end',
      withStore(async ({ store }) => {
        await store.addCertificate(makeCertificate('01'));
        const later = at(3600 + certificateMemoryMs / 1000);
        await store.addCertificate(makeCertificate('02', { issuedAt: later, until: later }));
        assert.equal((await store.readCertificates()).length, 2);
        const last = at(3601 + certificateMemoryMs / 1000);
        await store.addCertificate(makeCertificate('03', { issuedAt: last, until: last }));
        assert.deepEqual(
          (await store.readCertificates()).map(({ serial }) => serial),
          ['02', '03'],
        );
      }),
    );
  });
}
