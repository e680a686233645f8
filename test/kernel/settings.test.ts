// The settings of the sensor that counts in the kernel.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { generate, startGenerator } from '../support/generator.ts';
import { Namespace } from '../support/namespaces.ts';
import { missing } from '../support/needs.ts';
import { runNetmon } from '../support/netmon.ts';
import type { FailureReport, ServeReport } from '../support/reports.ts';
import { until } from '../support/until.ts';

const skip = missing('root', 'gcc', 'namespaces', 'bpf');

describe('the sensor', { skip }, () => {
  it('says which setting lifts the limit that sockets met', async () => {
    using space = new Namespace();
    await using netmon = await runNetmon({ flags: ['--max-sockets', '1000000'] });
    const [{ sensors }] = (await netmon.health()).agents;
    assert.match(sensors[0].detail, /1048576 slots/);
    assert.equal(sensors[0].reason, null);
    await netmon.stop();

    await using small = await runNetmon({ flags: ['--max-sockets', '1024'] });
    await using server = startGenerator(['serve', '--address', '127.0.0.1'], { namespace: space });
    const { port } = await server.next<ServeReport>();
    await using holder = startGenerator(['hold', '--address', '127.0.0.1', '--port', port, '--count', 1000], {
      namespace: space,
    });
    await holder.next();
    const sensor = await until('the reason', async () => {
      const [agent] = (await small.health()).agents;
      return agent.sensors.find(({ name, reason }) => name === 'sockets' && reason !== null);
    });
    assert.match(sensor.reason!, /none of the 1024 slots free/);
    assert.match(sensor.remedy!, /--max-sockets/);
  });

  it('records what sockets tell of themselves without the results of connect', async () => {
    using space = new Namespace();
    await using netmon = await runNetmon({ flags: ['--no-connect-results'] });
    const report = await generate<FailureReport>(['failure', '--address', '127.0.0.1'], { namespace: space });
    const row = await netmon.find('its failure', { pid: report.pid, error: 'ECONNREFUSED' }, () => true);
    assert.equal(row.remote_addr, report.remote);
    assert.match((await netmon.health()).agents[0].sensors[0].detail, /without the results of connect/);
  });
});
