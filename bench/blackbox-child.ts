// Asks a blackbox_exporter for probes, as Prometheus would, when a line comes: PORT MODULE TARGET COUNT AT_ONCE.
import { Agent, get } from 'node:http';
import { createInterface } from 'node:readline';

const [port, module, target, count, atOnce] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: Number(atOnce) });

process.stdout.write('{}\n');
for await (const _ of createInterface({ input: process.stdin })) {
  let left = Number(count);
  let up = 0;
  const work = async (): Promise<void> => {
    while (left-- > 0) if (await probe()) up++;
  };
  const since = performance.now();
  await Promise.all(Array.from({ length: Number(atOnce) }, work));
  process.stdout.write(`${JSON.stringify({ up, seconds: (performance.now() - since) / 1000 })}\n`);
}

/** Whether it says that the target is up. */
function probe(): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const path = `/probe?module=${module}&target=${encodeURIComponent(target)}`;
  const headers = { 'accept-encoding': 'gzip' };
  get({ host: '127.0.0.1', port: Number(port), path, agent, headers }, (response) => {
    response
      .resume()
      .once('end', () => resolve(response.statusCode === 200))
      .once('error', reject);
  }).once('error', reject);
  return promise;
}
