import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { makeReporter } from '../../platform/reporter.ts';
import type { DurableRecord } from '../../wire/link.ts';
import type { AlertRecord } from '../../wire/traffic.ts';
import { AlertPackets, type AlertPacketsDeps } from './alert-packets.ts';

const start = Date.parse('2026-01-01T00:00:00.000Z');

function makeAlert(second: number, scope = 'all'): AlertRecord {
  const ts = new Date(start + second * 1000).toISOString();
  const amounts = { value: 5, threshold: 5, window_ms: 2000, duration_ms: null };
  return { type: 'alert', ts, kind: 'hits', scope, state: 'raised', ...amounts, message: '' };
}

const keyOf = ({ ts, kind, scope }: AlertRecord) => ({ raised_at: ts, kind, scope });

/** Runs `work` with what saves into a folder of its own, and with what it told. */
async function save(
  freeze: AlertPacketsDeps['freeze'],
  work: (saved: AlertPackets, told: DurableRecord[], folder: string) => Promise<void>,
): Promise<void> {
  const parent = mkdtempSync(join(tmpdir(), 'netmon-saved-'));
  const folder = join(parent, 'captures');
  const told: DurableRecord[] = [];
  const reporter = makeReporter({ write: () => {} });
  try {
    await work(
      new AlertPackets({ folder, freeze, record: (record) => told.push(record), reporter }),
      told,
      folder,
    );
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
}

describe('the packets of alerts', () => {
  it('are saved one alert after the other, and handed out in pieces', async () => {
    let running = 0;
    const freeze: AlertPacketsDeps['freeze'] = async ({ from_ms }, onPiece) => {
      assert.equal(++running, 1);
      assert.ok(from_ms <= start - 2000);
      for (let i = 0; i < 3; i++) onPiece(Buffer.alloc(500_000, i));
      await new Promise(setImmediate);
      running--;
      return { packets: 7, leftOut: 1, complete: true };
    };
    await save(freeze, async (saved, told, folder) => {
      const alerts = [makeAlert(0), makeAlert(0, 'site:../../x')];
      for (const alert of alerts) saved.save(alert, { kind: 'all' });
      while (told.length < 2) await new Promise(setImmediate);
      await saved.stop();
      saved.save(makeAlert(1), { kind: 'all' });
      const [first] = told;
      assert.deepEqual(first, {
        kind: 'alert_packets',
        alert: keyOf(alerts[0]),
        packets: 7,
        bytes: 1_500_000,
        left_out: 1,
        reason: null,
      });
      assert.match(told[2].kind === 'alert_packets' ? (told[2].reason ?? '') : '', /stopped/);
      const names = readdirSync(folder).sort();
      assert.equal(names.length, 2);
      assert.match(names[0], /^2026-01-01T00-00-00\.000Z-hits-[0-9a-f]{8}\.pcapng$/);
      assert.equal(names[1], '2026-01-01T00-00-00.000Z-hits.pcapng');
      const pieces: Buffer[] = [];
      for (let offset = 0; offset < 1_500_000; offset = Buffer.concat(pieces).length) {
        const { size, piece, reason } = await saved.read(keyOf(alerts[0]), offset);
        assert.deepEqual([size, reason], [1_500_000, null]);
        pieces.push(Buffer.from(piece, 'base64'));
      }
      assert.deepEqual(Buffer.concat(pieces), Buffer.concat([0, 1, 2].map((i) => Buffer.alloc(500_000, i))));
      assert.match((await saved.read(keyOf(makeAlert(1)), 0)).reason ?? '', /no longer kept/);
    });
  });

  it('give way to newer ones, and so does what an agent that died was writing', async () => {
    const freeze: AlertPacketsDeps['freeze'] = async (_, onPiece) => {
      onPiece(Buffer.alloc(10));
      return { packets: 1, leftOut: 0, complete: true };
    };
    await save(freeze, async (saved, told, folder) => {
      for (let i = 0; i < 60; i++) {
        saved.save(makeAlert(i), { kind: 'all' });
        while (told.length <= i) await new Promise(setImmediate);
        if (i === 0) writeFileSync(join(folder, '2026-01-01T00-00-00.000Z-hits.pcapng.part'), '');
      }
      assert.equal(readdirSync(folder).length, 50);
      assert.match((await saved.read(keyOf(makeAlert(9)), 0)).reason ?? '', /no longer kept/);
      assert.equal((await saved.read(keyOf(makeAlert(10)), 0)).size, 10);
    });
  });

  it('that cannot be had leave a reason and no file', async () => {
    const answers: [Awaited<ReturnType<AlertPacketsDeps['freeze']>>, RegExp][] = [
      ['inspection is switched off', /switched off/],
      [{ packets: 3, leftOut: 0, complete: false }, /in time/],
      [{ packets: 0, leftOut: 4, complete: true }, /none of its packets/],
    ];
    for (const [answer, reason] of answers)
      await save(
        async () => answer,
        async (saved, told, folder) => {
          saved.save(makeAlert(0), { kind: 'http' });
          while (told.length === 0) await new Promise(setImmediate);
          const [record] = told;
          assert.ok(record.kind === 'alert_packets' && record.packets === 0);
          assert.match(record.reason ?? '', reason);
          assert.deepEqual(readdirSync(folder), []);
        },
      );
  });
});
