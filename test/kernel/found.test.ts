// Sockets that were open before the start, in every state, and those of another network namespace.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { buildGenerator, generate, startGenerator } from '../support/generator.ts';
import { farAddress, makeLink, Namespace } from '../support/namespaces.ts';
import { missing } from '../support/needs.ts';
import { runNetmon } from '../support/netmon.ts';
import type { ServeReport, StatesReport } from '../support/reports.ts';

/** Clock ticks a second in /proc/PID/stat: USER_HZ is 100 on every architecture that Node runs on. */
const ticksPerSecond = 100;

const skip = missing('root', 'gcc', 'namespaces', 'bpf');

describe('sockets are found', { skip }, () => {
  for (const address of ['127.0.0.1', '::1'])
    for (const when of ['before', 'after'] as const)
      it(`in every state, opened ${when} the start, with their owner, ${address}`, async () => {
        using space = new Namespace();
        const args = ['states', '--address', address];
        await using early = when === 'before' ? startGenerator(args, { namespace: space }) : null;
        const before = await early?.next<StatesReport & { start: number }>();
        await using netmon = await runNetmon();
        await using late = early ? null : startGenerator(args, { namespace: space });
        const report = before ?? (await late!.next<StatesReport & { start: number }>());
        // What no descriptor holds any more cannot be found by looking at descriptors.
        const findable = report.sockets.filter(({ state }) => state !== 'TIME_WAIT' || when === 'after');
        for (const socket of findable) {
          const row = await netmon.find(
            `${socket.state} of ${socket.local}`,
            // Those in TIME_WAIT are recorded already, and shown as open only while they are not too many.
            { local: socket.local, ...(socket.state !== 'TIME_WAIT' && { active: 'true' }) },
            (one) =>
              one.state === socket.state &&
              one.protocol === socket.protocol &&
              (socket.remote === null || one.remote_addr === socket.remote),
          );
          assert.equal(row.network_namespace, space.inode);
          assert.equal(row.process_id, report.pid, `the owner of ${socket.state}`);
          assert.equal(row.process_name, 'generate');
          assert.equal(row.process_path, buildGenerator());
          // The kernel tells the time of the boot to the second only.
          const started = Date.parse(row.process_started_at ?? '');
          assert.ok(Math.abs(started - startOf(report.start)) <= 1500, `${row.process_started_at}`);
        }
      });

  it('in another network namespace, with the right owner', async () => {
    using link = makeLink();
    await using netmon = await runNetmon();
    await using server = startGenerator(['serve', '--address', farAddress[4]], { namespace: link.far });
    const { port, pid } = await server.next<ServeReport>();
    await using holder = startGenerator(['hold', '--address', farAddress[4], '--port', port, '--count', 3], {
      namespace: link.near,
    });
    const held = await holder.next<{ pid: number }>();
    const near = await netmon.find('the near end', { pid: held.pid }, (row) => row.state === 'ESTABLISHED');
    const far = await netmon.find('the far end', { pid }, (row) => row.state === 'ESTABLISHED');
    assert.equal(near.network_namespace, link.near.inode);
    assert.equal(far.network_namespace, link.far.inode);
    assert.equal(near.direction, 'outbound');
    assert.equal(far.direction, 'inbound');
  });

  it('with a process name that tries to break out of every format', async () => {
    using space = new Namespace();
    await using netmon = await runNetmon();
    const hostile = '<b>"$(id)\u202e';
    const report = await generate<{ pid: number }>(['failure', '--name', hostile], { namespace: space });
    const row = await netmon.find('its failure', { pid: report.pid, error: 'ECONNREFUSED' }, () => true);
    assert.equal(row.process_name, hostile);
  });
});

/** Unix milliseconds of a start given in ticks since boot. */
function startOf(ticks: number): number {
  const boot = /^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1];
  return (Number(boot) + ticks / ticksPerSecond) * 1000;
}
