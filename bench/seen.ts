// (a) Which share of very short connections is seen with its process.
import { DatabaseSync } from 'node:sqlite';
import { generate, startGenerator } from '../test/support/generator.ts';
import { Namespace } from '../test/support/namespaces.ts';
import { listMissing, type Netmon, runNetmon } from '../test/support/netmon.ts';
import type { ServeReport, StormReport } from '../test/support/reports.ts';
import { until } from '../test/support/until.ts';
import { loopKinds, runLoop } from './loops.ts';
import { announce, type BenchmarkOptions, report } from './report.ts';

const rate = 2000;
const holdUs = 100;

export async function measureSeen({ quick }: BenchmarkOptions): Promise<void> {
  const count = quick ? 2000 : 10_000;
  announce(`${count} connections of ${holdUs / 1000} ms each, ${rate} a second: seen with their process`);
  using space = new Namespace();
  await using server = startGenerator(['serve'], { namespace: space });
  const { port } = await server.next<ServeReport>();
  const storm = ['storm', '--port', port, '--count', count, '--rate', rate, '--hold-us', holdUs];
  {
    await using netmon = await runNetmon();
    const made = await generate<StormReport>(storm, { namespace: space });
    const { seen, lost } = await countSeen(netmon, made);
    const how = `${seen} of ${made.ok}, ${lost} reported lost`;
    report('seen_with_process', (seen / made.ok) * 100, '%', { aim: '100', how });
    report('seen_or_reported_lost', ((seen + lost) / made.ok) * 100, '%', { aim: '100' });
  }
  for (const kind of loopKinds) {
    const watching = runLoop(kind, count / rate + 0.5, space, port);
    await generate<StormReport>(storm, { namespace: space });
    const { seen, rounds } = await watching;
    report(`seen_by_${kind}_loop`, (seen / count) * 100, '%', { how: `${rounds} rounds` });
  }
}

async function countSeen(netmon: Netmon, made: StormReport): Promise<{ seen: number; lost: number }> {
  using database = new DatabaseSync(netmon.database, { readOnly: true });
  const recorded = database.prepare(
    "SELECT coalesce(sum(count), 0) AS seen FROM connections WHERE process_id = ? AND process_name = 'generate'",
  );
  const count = () => Number(recorded.get(made.pid)?.seen);
  const seen = await until('the connections', () => (count() >= made.ok ? count() : undefined)).catch(count);
  const lost = Object.values(listMissing(await netmon.health())).reduce((a, b) => a + b, 0);
  return { seen, lost };
}
