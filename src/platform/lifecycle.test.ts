import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Component, makeLifecycle } from './lifecycle.ts';
import { makeReporter } from './reporter.ts';

function makeRecorder(): { log: string[]; part: (name: string, failing?: 'start' | 'stop') => Component } {
  const log: string[] = [];
  const part = (name: string, failing?: 'start' | 'stop'): Component => {
    const step = (what: 'start' | 'stop') => (): void => {
      log.push(`${what} ${name}`);
      if (failing === what) throw new Error(`${name} fails to ${what}`);
    };
    return { name, start: step('start'), stop: step('stop') };
  };
  return { log, part };
}

const silent = makeReporter({ write: () => {} });

describe('lifecycle', () => {
  it('starts in order and stops in reverse, once', async () => {
    const { log, part } = makeRecorder();
    const lifecycle = makeLifecycle([part('a'), part('b')], silent);
    await lifecycle.start();
    await Promise.all([lifecycle.stop(), lifecycle.stop()]);
    assert.deepEqual(log, ['start a', 'start b', 'stop b', 'stop a']);
  });

  it('stops what was started when a later one fails to start', async () => {
    const { log, part } = makeRecorder();
    const lifecycle = makeLifecycle([part('a'), part('b', 'start'), part('c')], silent);
    await assert.rejects(lifecycle.start(), /b fails to start/);
    assert.deepEqual(log, ['start a', 'start b', 'stop a']);
  });

  it('goes on stopping when one fails to', async () => {
    const { log, part } = makeRecorder();
    const lifecycle = makeLifecycle([part('a'), part('b', 'stop')], silent);
    await lifecycle.start();
    await lifecycle.stop();
    assert.deepEqual(log, ['start a', 'start b', 'stop b', 'stop a']);
  });

  it('stops a component that was still starting when asked to stop', async () => {
    const { log, part } = makeRecorder();
    const gate = Promise.withResolvers<void>();
    const slow: Component = { ...part('slow'), start: () => gate.promise };
    const lifecycle = makeLifecycle([slow, part('after')], silent);
    const starting = lifecycle.start();
    const stopped = lifecycle.stop();
    gate.resolve();
    await Promise.all([starting, stopped]);
    assert.deepEqual(log, ['stop slow']);
  });
});
