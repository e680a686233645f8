// `netmon capture` in a network namespace: every packet of a transfer, whole, with the processes at both ends.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { CaptureReader } from '../../src/decode/capture/capture-reader.ts';
import { generate } from '../support/generator.ts';
import { Namespace } from '../support/namespaces.ts';
import { missing } from '../support/needs.ts';
import type { TransferReport } from '../support/reports.ts';
import { until } from '../support/until.ts';

const skip = missing('root', 'gcc', 'namespaces', 'bpf');
const program = join(import.meta.dirname, '../../bin/netmon');

describe('netmon capture', { skip }, () => {
  let space: Namespace;
  let folder: string;

  before(() => {
    space = new Namespace();
    folder = mkdtempSync(join(tmpdir(), 'netmon-capture-'));
  });
  after(() => {
    space?.[Symbol.dispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs it while `work` does; its last words, and the packets as they are in the file. */
  async function capture<T>(flags: readonly string[], work: () => Promise<T>) {
    const path = join(folder, 'file.pcapng');
    const [file, ...args] = space.command([program, 'capture', '--write', path, ...flags]);
    const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (text: Buffer) => {
      said += text.toString();
    });
    await until('its start', () => {
      assert.equal(child.exitCode, null, said);
      return said.includes('recording lo') || undefined;
    });
    const report = await work();
    child.kill('SIGINT');
    await once(child, 'exit');
    assert.equal(child.exitCode, 0, said);
    const packets: { readonly length: number; readonly captured: number; readonly text: string }[] = [];
    const bytes = new Uint8Array(readFileSync(path));
    const reader = new CaptureReader(({ bytes: data, start, end, length }) => {
      const text = Buffer.from(data.subarray(start, end)).toString('latin1');
      packets.push({ length, captured: end - start, text });
    });
    reader.push(bytes);
    reader.end();
    return { report, said, packets, text: Buffer.from(bytes).toString('latin1') };
  }

  it('records all of a transfer with its processes', async () => {
    const { report, said, packets, text } = await capture([], () =>
      generate<TransferReport>(['transfer', '--bytes', 3_000_000], { namespace: space }),
    );
    const payload = packets.reduce((sum, { captured }) => sum + captured, 0);
    assert.ok(payload > 3_000_000, `${payload} bytes`);
    assert.ok(packets.every(({ length, captured }) => length === captured));
    assert.match(
      said,
      new RegExp(`${packets.length} packets recorded; the kernel passed ${packets.length} and dropped 0`),
    );
    assert.ok(text.includes(`from generate (${report.client.pid}) to generate`));
  });

  it('only what a filter and a process let through', async () => {
    const { said, packets } = await capture(['--filter', 'udp', '--process', 'generate'], () =>
      generate<TransferReport>(['transfer', '--bytes', 10_000], { namespace: space }),
    );
    assert.equal(packets.length, 0);
    assert.match(said, /0 packets recorded, 0 of others left out; the kernel passed 0 /);
  });
});
