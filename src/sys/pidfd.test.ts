import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { parseStat } from '../decode/procfs.ts';
import { signalProcess } from './pidfd.ts';
import { readProcText } from './proc.ts';

test('a signal reaches the process that was meant, and only that one', async () => {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  await once(child, 'spawn');
  const { startTicks } = parseStat(readProcText(`/proc/${child.pid}/stat`)!)!;
  assert.equal(
    signalProcess(child.pid!, startTicks + 1, 'SIGTERM'),
    'ESRCH',
    'another start is another process',
  );
  assert.equal(child.signalCode, null);
  assert.equal(signalProcess(child.pid!, startTicks, 'SIGTERM'), null);
  await once(child, 'exit');
  assert.equal(child.signalCode, 'SIGTERM');
  assert.equal(signalProcess(child.pid!, startTicks, 'SIGTERM'), 'ESRCH', 'one that has ended');
});
