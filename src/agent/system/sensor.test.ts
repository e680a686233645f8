import assert from 'node:assert/strict';
import { availableParallelism, totalmem } from 'node:os';
import { describe, it } from 'node:test';
import { systemSchema } from '../../wire/machine.ts';
import { SystemSensor } from './sensor.ts';

function burn(ms: number): void {
  const cpu = process.cpuUsage();
  const spent = (): number => {
    const { user, system } = process.cpuUsage(cpu);
    return (user + system) / 1000;
  };
  while (spent() < ms);
}

describe('system', () => {
  it('tells load and memory of this machine, and what this process costs', () => {
    const sensor = new SystemSensor({ losses: () => ({ sockets: 3 }) });
    sensor.tick(0);
    burn(100);
    sensor.tick(1000);
    const row = systemSchema.parse(sensor.takeChanges(false));
    assert.equal(row.memory_total, totalmem());
    assert.ok(row.memory_used > 0 && row.memory_used < row.memory_total);
    assert.ok(row.cpus >= availableParallelism());
    assert.ok(row.cpu_percent > 0 && row.cpu_percent <= 100);
    // 100 ms of work in what the sensor is told was a second.
    assert.ok(row.agent_cpu_percent >= 10 && row.agent_cpu_percent < 30, `${row.agent_cpu_percent}`);
    assert.ok(row.agent_memory > 20e6);
    assert.equal(row.kernel_memory, 0);
    assert.deepEqual(row.lost, { sockets: 3 });
  });

  it('tells of each reading once, and always when asked for all', () => {
    const sensor = new SystemSensor({ losses: () => ({}) });
    assert.equal(sensor.takeChanges(true), undefined);
    sensor.tick(0);
    assert.notEqual(sensor.takeChanges(false), undefined);
    assert.equal(sensor.takeChanges(false), undefined);
    sensor.tick(500);
    assert.equal(sensor.takeChanges(false), undefined);
    assert.notEqual(sensor.takeChanges(true), undefined);
    sensor.tick(1000);
    assert.notEqual(sensor.takeChanges(false), undefined);
  });
});
