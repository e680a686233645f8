/** The processes that kill.test.ts kills: `server DATABASE PORT` and `agent URL SPOOL FIRST`. */
import { AgentLink } from '../../src/agent/link/link.ts';
import { makeReporter } from '../../src/platform/reporter.ts';
import { ended } from '../../src/wire/reported.fixture.ts';
import { startLinkServer } from './server.ts';
import { NumberSource } from './source.ts';

const reporter = makeReporter({ level: 'error' });
const [role, where, second, third] = process.argv.slice(2);
if (role === 'server') {
  const server = await startLinkServer(where, reporter, Number(second));
  process.send!(server.url);
} else {
  const hello = { agent: 'box', version: '0.1.0', kernel: '', os: '' };
  const link = new AgentLink({ server: where, hello, spool: { path: second } }, new NumberSource(), reporter);
  link.start();
  const first = Number(third);
  let next = first;
  let recording = true;
  process.on('message', () => {
    recording = false;
  });
  setInterval(() => {
    if (recording) for (let i = 0; i < 20; i++) link.record(ended(1, { process_id: next++ }));
    const { unwritten_records, spooled_records } = link.status();
    process.send!({ first, written: next - unwritten_records, waiting: spooled_records });
  }, 10);
}
