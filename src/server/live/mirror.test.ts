import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { AlertRow } from '../../wire/traffic-api.ts';
import { IdPool } from './ids.ts';
import { Mirror } from './mirror.ts';

it('shows the alerts that the last question for them found, whichever answer comes first', async () => {
  const mirror = new Mirror(new IdPool({ reserveIds: async () => 1 }), null);
  const early = Promise.withResolvers<readonly AlertRow[]>();
  const late = Promise.withResolvers<readonly AlertRow[]>();
  const shown = [mirror.showAlerts(() => early.promise), mirror.showAlerts(() => late.promise)];
  const found: AlertRow[] = [];
  late.resolve(found);
  await shown[1];
  early.resolve([]);
  await shown[0];
  assert.equal(mirror.alerts, found);
});
