// An agent's link that has nothing but records: SERVER SPOOL. It is told what to make, and says where it is.
import { AgentLink } from '../src/agent/link/link.ts';
import { makeReporter } from '../src/platform/reporter.ts';
import { makeRecord } from '../test/durability/records.ts';
import { NumberSource } from '../test/link/source.ts';

/** Makes `total` records, of which at most `waiting` are with the agent, `perSecond` of them a second. */
export interface RecordsOrder {
  readonly total: number;
  readonly waiting: number;
  readonly perSecond: number;
}

export interface RecordsState {
  readonly made: number;
  readonly acknowledged: number;
  readonly lost: number;
}

/** Records are made before they are needed, so that the link alone is measured. */
const samples = Array.from({ length: 10_000 }, (_, i) => makeRecord('bench', i));
/** Records that may wait in memory for the spool's next flush. */
const mostUnwritten = 10_000;
const tickMs = 5;

const [server, path] = process.argv.slice(2);
const hello = { agent: 'bench', version: '0.1.0', kernel: '', os: '' };
const reporter = makeReporter({ level: 'error' });
const link = new AgentLink({ server, hello, spool: { path } }, new NumberSource(), reporter);
let order: RecordsOrder = { total: 0, waiting: 0, perSecond: 0 };
let made = 0;
let due = 0;
let ticked = performance.now();
process.on('message', (message: RecordsOrder) => {
  order = message;
});
process.on('disconnect', () => process.exit());
link.start();
setInterval(() => {
  const now = performance.now();
  due = Math.min(due + ((now - ticked) / 1000) * order.perSecond, order.perSecond);
  ticked = now;
  let { spooled_records, unwritten_records, lost } = link.status();
  const acknowledged = made - spooled_records;
  for (; due >= 1 && made < order.total; due--) {
    if (spooled_records++ >= order.waiting || unwritten_records++ >= mostUnwritten) break;
    link.record(samples[made++ % samples.length]);
  }
  process.send?.({ made, acknowledged, lost } satisfies RecordsState);
}, tickMs);
