import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nodeCiphers } from '../../platform/ciphers.ts';
import type { FlowRecord } from '../../wire/traffic.ts';
import { Analyzer } from '../analyzer.ts';
import { buildConnection, buildTcp, buildUdp } from '../packet/build.fixture.ts';
import { linkTypes } from '../packet/link.ts';
import type { FlowTableOptions } from './flow-table.ts';

/** An analyzer with those options, and how to hand it a frame. */
function make(flows: Partial<FlowTableOptions>): {
  ended: FlowRecord[];
  analyzer: Analyzer;
  take: (frame: Uint8Array, timeMs: number) => void;
} {
  const ended: FlowRecord[] = [];
  const analyzer = new Analyzer(
    { mask: false, ciphers: nodeCiphers, flows },
    { onRecord: () => {}, onFlowEnd: (record) => ended.push(record) },
  );
  const take = (frame: Uint8Array, timeMs: number): unknown =>
    analyzer.packet(frame, 0, frame.length, frame.length, linkTypes.ethernet, timeMs);
  return { ended, analyzer, take };
}

const to = '198.51.100.2:80';
const syn = (i: number): Uint8Array =>
  buildTcp({ from: `10.0.${i >> 8}.${i & 255}:1024`, to, sequence: i, flags: 'S' });

describe('the flows under way', () => {
  it('stay within their number in a flood, count whom they gave up, and keep those that were answered', () => {
    const { analyzer, ended, take } = make({ maxFlows: 100 });
    const [first, second, third] = buildConnection([], { to });
    for (const [i, frame] of [first, second, third].entries()) take(frame, i);
    for (let i = 0; i < 5_000; i++) take(syn(i), 10 + i / 1_000);
    assert.deepEqual([analyzer.openFlows, analyzer.evicted, ended.length], [51, 4_950, 4_950]);
    assert.ok(ended.every((flow) => flow.state === 'SYN_SENT' && flow.packets_sent === 1));
    assert.equal(new Set(ended.map((flow) => flow.src)).size, 4_950);
    analyzer.finish();
    assert.deepEqual(
      ended.filter((flow) => flow.state !== 'SYN_SENT').map((flow) => [flow.src, flow.packets_sent]),
      [['192.0.2.1:40000', 2]],
    );
  });

  it('give up those that have ended first, which costs nothing', () => {
    const { analyzer, ended, take } = make({ maxFlows: 3 });
    for (const frame of buildConnection([])) take(frame, 1);
    take(syn(1), 2);
    take(buildUdp({ from: '192.0.2.1:3', to }, 'x'), 3);
    take(buildUdp({ from: to, to: '192.0.2.1:3' }, 'x'), 3);
    take(syn(2), 4);
    assert.deepEqual([analyzer.evicted, ended.map((flow) => flow.state)], [0, ['CLOSED']]);
  });

  it('are no more than so many that have ended, of which the first go', () => {
    const { analyzer, ended, take } = make({ maxClosed: 2 });
    for (let i = 1; i <= 4; i++)
      for (const frame of buildConnection([], { from: `192.0.2.1:${i}` })) take(frame, i);
    assert.deepEqual(
      [analyzer.evicted, analyzer.openFlows, ended.map((flow) => flow.src)],
      [0, 2, ['192.0.2.1:1', '192.0.2.1:2']],
    );
  });

  it('end when they were silent for as long as their kind is waited for', () => {
    const { analyzer, ended, take } = make({ otherIdleMs: 10_000, tcpIdleMs: 60_000, closedMs: 5_000 });
    for (const frame of buildConnection([], { from: '192.0.2.1:1' })) take(frame, 0);
    for (const frame of buildConnection([], { from: '192.0.2.1:2' }).slice(0, 3)) take(frame, 0);
    const datagram = buildUdp({ from: '192.0.2.1:3', to }, 'x');
    take(datagram, 0);
    const tick = (timeMs: number): string[] => {
      take(buildUdp({ from: '192.0.2.9:9', to }, 'x'), timeMs);
      return ended.splice(0).map((flow) => flow.src);
    };
    assert.deepEqual(tick(4_000), []);
    assert.deepEqual(tick(8_000), ['192.0.2.1:1']);
    take(datagram, 9_000);
    assert.deepEqual(tick(18_000), []);
    assert.deepEqual(tick(24_000), ['192.0.2.1:3']);
    assert.deepEqual(tick(62_000), ['192.0.2.1:2']);
    analyzer.advance(90_000);
    assert.deepEqual(
      ended.map((flow) => flow.src),
      ['192.0.2.9:9'],
    );
  });

  it('are told of in the order of their first packets at the end', () => {
    const { analyzer, ended, take } = make({});
    for (let i = 0; i < 3_000; i++) take(syn(i), 3_000 - i);
    for (let i = 0; i < 3_000; i += 7) take(syn(i), 4_000 + i);
    analyzer.finish();
    assert.deepEqual(
      ended.map((flow) => flow.src),
      Array.from({ length: 3_000 }, (_, i) => `10.0.${i >> 8}.${i & 255}:1024`),
    );
  });
});
