// Each level of the sensor of sockets: what it still sees, and that it says what it is.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildGenerator, startGenerator } from '../support/generator.ts';
import { missing } from '../support/needs.ts';
import { hasEnded, runNetmon } from '../support/netmon.ts';
import type { ServeReport } from '../support/reports.ts';

const skip = missing('root', 'gcc', 'bpf');

describe('the sensor of sockets degrades and says so', { skip }, () => {
  for (const level of ['full', 'netlink', 'proc'] as const)
    it(`${level}: long connections with owner and state`, async () => {
      await using netmon = await runNetmon({ flags: ['--sensor', level] });
      const sensor = (await netmon.health()).agents[0]?.sensors.find(({ name }) => name === 'sockets');
      assert.equal(sensor?.level, level);
      if (level !== 'full') assert.ok(sensor?.reason, 'says why it is not full');

      await using server = startGenerator(['serve']);
      const { port, pid } = await server.next<ServeReport>();
      await using holder = startGenerator([
        'hold',
        '--port',
        port,
        '--count',
        5,
        '--active',
        5,
        '--bytes',
        1000,
      ]);
      const held = await holder.next<{ pid: number }>();
      const query = { remote: `127.0.0.1:${port}`, active: 'true' };
      const row = await netmon.find('an end of it', query, (one) => one.process_id === held.pid);
      assert.equal(row.state, 'ESTABLISHED');
      assert.equal(row.protocol, 'tcp');
      assert.equal(row.process_name, 'generate');
      assert.equal(row.process_path, buildGenerator());
      const listener = await netmon.find(
        'the listener',
        { local: `127.0.0.1:${port}`, active: 'true' },
        (one) => one.state === 'LISTEN',
      );
      assert.equal(listener.process_id, pid);
      // Only /proc does not count bytes.
      if (level !== 'proc') await netmon.find('its bytes', query, (one) => (one.bytes_sent ?? 0) >= 10_000);

      holder.finish();
      const { sent } = await holder.next<{ sent: number }>();
      const ended = await netmon.find(
        'its end',
        { remote: `127.0.0.1:${port}` },
        (one) => hasEnded(one) && one.process_id === held.pid,
      );
      assert.equal(ended.error, null);
      if (level === 'full') assert.equal(ended.bytes_sent, sent / 5);
    });
});
