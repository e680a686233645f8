// What looks like a failure and is none must not be recorded as one.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { generate } from '../support/generator.ts';
import { Namespace } from '../support/namespaces.ts';
import { missing } from '../support/needs.ts';
import { hasEnded, type Netmon, runNetmon } from '../support/netmon.ts';
import type { QuietReport } from '../support/reports.ts';

const cases = {
  progress: 'a non-blocking connect in progress, asked for again while and after it succeeds',
  idle: 'an idle connection closed by this end',
  backlog: 'connects to a listener whose queue is full, given up',
  eyeballs: 'the slower of two attempts, closed in SYN_SENT',
  shutdown: 'a send after the own shutdown',
  interrupted: 'a connect that a signal interrupts',
  unspecified: 'UDP sockets that connect and disconnect without a datagram',
} as const;

const skip = missing('root', 'gcc', 'namespaces', 'bpf');

describe('no false failures', { skip, concurrency: 12 }, () => {
  let space: Namespace;
  let netmon: Netmon;

  before(async () => {
    space = new Namespace();
    netmon = await runNetmon();
  });
  after(async () => {
    await netmon?.[Symbol.asyncDispose]();
    space?.[Symbol.dispose]();
  });

  for (const address of ['127.0.0.1', '::1'])
    for (const [kind, what] of Object.entries(cases))
      it(`${what}, ${address}`, async () => {
        const report = await generate<QuietReport>(['quiet', '--kind', kind, '--address', address], {
          namespace: space,
        });
        if (kind !== 'unspecified')
          for (const one of report.connections)
            await netmon.find(
              `the connection from ${one.local}`,
              { pid: report.pid },
              (row) => hasEnded(row) && row.local_addr === one.local && row.remote_addr === one.remote,
            );
        const all = await netmon.connections({ pid: report.pid });
        assert.deepEqual(
          all.filter((row) => row.error !== null),
          [],
        );
      });
});
