import { createInterface } from 'node:readline';
import { InterfaceSensor } from './sensor.ts';

/**
 * A sensor in the network namespace that its test made: each line on its input is a time of the sensor in milliseconds;
 * the answer is a line with what changed by then. The first line says that it follows the interfaces.
 */
using sensor = new InterfaceSensor();
sensor.start(0);
console.log(JSON.stringify({ ...sensor.takeChanges(true, 0), status: sensor.status() }));
for await (const line of createInterface({ input: process.stdin })) {
  const nowMs = Number(line);
  sensor.tick(nowMs, true);
  const local = ['10.9.8.7', 'fd09::1', '10.9.8.8', '127.0.0.1'].filter((ip) => sensor.isLocalAddress(ip));
  console.log(JSON.stringify({ ...sensor.takeChanges(false, nowMs), local }));
}
