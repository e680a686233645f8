// Inspection alone, of all interfaces of the network namespace that it is started in, until its input ends.
import { once } from 'node:events';
import { Inspection } from '../src/agent/capture/inspection.ts';
import { InterfaceSensor } from '../src/agent/interfaces/sensor.ts';
import { makeInspectorCommand } from '../src/cmd/inspector-command.ts';
import { findAccount } from '../src/platform/account.ts';
import { makeReporter } from '../src/platform/reporter.ts';

using interfaces = new InterfaceSensor();
interfaces.start();
let requests = 0;
const inspection = new Inspection(makeInspectorCommand(findAccount(undefined), true, 'inherit'), {
  reporter: makeReporter({ level: 'error' }),
  onRecord: (record) => {
    if (record.type === 'http' && record.method !== null) requests++;
  },
  onRevised: () => {},
  record: () => {},
});
inspection.start();
let told = false;
const timer = setInterval(() => {
  if (inspection.works && !told) {
    told = true;
    process.stdout.write(`${JSON.stringify({ works: true })}\n`);
  }
  inspection.tick(() => interfaces.links(), Date.now());
}, 100);
process.stdin.resume();
await once(process.stdin, 'end');
clearInterval(timer);
const { http_requests_not_inspected: lost, packets_not_inspected: packets } = inspection.losses();
await inspection.stop(Date.now());
process.stdout.write(`${JSON.stringify({ requests, lost, packets })}\n`, () => process.exit());
