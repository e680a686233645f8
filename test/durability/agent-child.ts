/**
 * An agent of the durability runs: the real link and spool, and a generator in place of the sensors. Its argument is an
 * `AgentTask` as JSON; it sends an `AgentState` after each change and is told a number of records a second to make.
 */
import { AgentLink } from '../../src/agent/link/link.ts';
import { Spool } from '../../src/agent/link/spool.ts';
import { makeReporter } from '../../src/platform/reporter.ts';
import { NumberSource } from '../link/source.ts';
import { makeRecord } from './records.ts';

export interface AgentTask {
  readonly agent: string;
  readonly server: string;
  readonly spool: string;
}

export interface AgentState {
  /** Records a second that it was last told to make. */
  readonly rate: number;
  /** Records made; their numbers are those below, which are also their numbers in the spool. */
  readonly made: number;
  /** Below this all are acknowledged, that is given up by the agent. */
  readonly acknowledged: number;
  readonly waiting: number;
  /** Records that gave way to gaps, which would spoil the run. */
  readonly lost: number;
  /** Whether a server has welcomed it; before it has not, nothing of an earlier one is on its way any more. */
  readonly connected: boolean;
}

/** How often the generator makes what is due. */
const tickMs = 20;
/** With so many waiting the generator stands still, since beyond its cap a spool rightly loses records. */
const mostWaiting = 20_000;

const task = JSON.parse(process.argv[2]) as AgentTask;
const reporter = makeReporter({ level: 'error' });
let acknowledged = 0;
watchSpool();
const hello = { agent: task.agent, version: '0.1.0', kernel: '', os: '' };
const link = new AgentLink(
  { server: task.server, hello, spool: { path: task.spool } },
  new NumberSource(),
  reporter,
);
let made = 0;
let rate = 0;
let due = 0;
let ticked = performance.now();
process.on('message', (perSecond: number) => {
  rate = perSecond;
  tell();
});
process.on('disconnect', () => process.exit());
link.start();
setInterval(tick, tickMs);

function tick(): void {
  const now = performance.now();
  due += ((now - ticked) / 1000) * rate;
  ticked = now;
  if (link.status().spooled_records > mostWaiting) due = 0;
  for (; due >= 1; due--) link.record(makeRecord(task.agent, made++));
  tell();
}

function tell(): void {
  const { spooled_records: waiting, lost, connected } = link.status();
  process.send?.({ rate, made, acknowledged, waiting, lost, connected } satisfies AgentState);
}

/** Notes each acknowledgement when the spool takes it, before anything is deleted. */
function watchSpool(): void {
  const acknowledge = Reflect.get(Spool.prototype, 'acknowledge');
  Spool.prototype.acknowledge = function (seq) {
    const isTaken = acknowledge.call(this, seq);
    if (isTaken && seq >= acknowledged) {
      acknowledged = seq + 1;
      tell();
    }
    return isTaken;
  };
}
