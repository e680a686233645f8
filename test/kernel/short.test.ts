// Connections that live for about a millisecond are all seen, each with its process.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Connection } from '../../src/wire/connection.ts';
import { splitEndpoint } from '../support/endpoints.ts';
import { buildGenerator, generate, startGenerator } from '../support/generator.ts';
import { Namespace } from '../support/namespaces.ts';
import { missing } from '../support/needs.ts';
import { type Netmon, runNetmon } from '../support/netmon.ts';
import type { ServeReport, StormReport } from '../support/reports.ts';
import { until } from '../support/until.ts';

const count = 2000;
/** Rows that are written one by one (5,000 at once) less both ends of each connection of a test. */
const spareRows = 5000 - 2 * count;
const skip = missing('root', 'gcc', 'namespaces', 'bpf');

/** How many connections of other network namespaces ended meanwhile. */
async function countOthers(netmon: Netmon, space: Namespace): Promise<number> {
  const ended = await netmon.ended();
  return ended
    .filter((row) => row.network_namespace !== space.inode)
    .reduce((sum, row) => sum + row.count, 0);
}

describe('short connections are seen with their process', { skip }, () => {
  for (const [each, what] of [
    ['one', 'by one process'],
    ['fork', 'by a process each that lives only for it'],
    ['exec', 'by a program each that is executed only for it'],
  ] as const)
    it(`${count} connections of a millisecond, ${what}`, async (t) => {
      using space = new Namespace();
      await using netmon = await runNetmon();
      await using server = startGenerator(['serve'], { namespace: space });
      const { port } = await server.next<ServeReport>();
      const storm = ['storm', '--port', port, '--count', count, '--hold-us', 1000, '--each', each, '--list'];
      const report = await generate<StormReport>(storm, { namespace: space });
      assert.equal(report.ok, count);

      let rows: Connection[] = [];
      await until('all of them', async () => {
        // An end that the kernel tells no program of is recorded a minute late; until then the row is open.
        rows = await netmon.connections({ remote: `127.0.0.1:${port}`, error: 'none' });
        return rows.reduce((sum, row) => sum + row.count, 0) >= count || undefined;
      });
      const others = await countOthers(netmon, space);
      if (rows.length < count && others > spareRows)
        return t.skip(
          `${others} other connections of this machine used the rows up that are written one by one`,
        );
      assert.equal(rows.length, count, 'a row each: nothing had to be folded');
      // A port is used again after a second, so one may be that of several connections.
      const owned = rows.map((row) => `${splitEndpoint(row.local_addr).port} of ${row.process_id}`);
      const made = (report.connections ?? []).map(([pid, local]) => `${local} of ${pid}`);
      assert.deepEqual(owned.toSorted(), made.toSorted());
      for (const row of rows)
        assert.deepEqual([row.process_name, row.process_path], ['generate', buildGenerator()]);
    });

  it('a storm with failures among it is told apart exactly', async () => {
    using space = new Namespace();
    await using netmon = await runNetmon();
    await using server = startGenerator(['serve'], { namespace: space });
    await using resetter = startGenerator(['serve', '--mode', 'reset'], { namespace: space });
    const { port } = await server.next<ServeReport>();
    const { port: resetPort } = await resetter.next<ServeReport>();
    const storm = ['storm', '--port', port, '--count', 1000, '--reset-port', resetPort, '--refused-port', 9];
    const report = await generate<StormReport>([...storm, '--refused-every', 10, '--reset-every', 7], {
      namespace: space,
    });
    assert.equal(report.other, 0);
    const sum = async (error: string) =>
      (await netmon.connections({ pid: report.pid, error })).reduce((total, row) => total + row.count, 0);
    await until('all of them', async () => {
      const counts = {
        ok: await sum('none'),
        refused: await sum('ECONNREFUSED'),
        reset: await sum('ECONNRESET'),
      };
      const whole =
        counts.ok === report.ok && counts.refused === report.refused && counts.reset === report.reset;
      return whole || undefined;
    });
  });

  it('a flood of one failure is few rows with the exact total', async () => {
    using space = new Namespace();
    await using netmon = await runNetmon();
    const storm = ['storm', '--port', 9, '--count', 5000, '--rate', 2000];
    const report = await generate<StormReport>(storm, { namespace: space });
    assert.equal(report.refused, 5000);
    const rows = await until('all of them', async () => {
      const found = await netmon.connections({ pid: report.pid, error: 'ECONNREFUSED' });
      return found.reduce((sum, row) => sum + row.count, 0) >= 5000 ? found : undefined;
    });
    assert.equal(
      rows.reduce((sum, row) => sum + row.count, 0),
      5000,
    );
    const seconds = report.took_us / 1e6;
    assert.ok(rows.length <= seconds + 5, `${rows.length} rows for a flood of ${seconds} s`);
    assert.ok(
      rows.some(({ count }) => count === 1),
      'the first is told of at once',
    );
    assert.deepEqual([...new Set(rows.map((row) => row.remote_addr))], ['127.0.0.1:9']);
  });
});
