import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseIp } from '../../base/ip.ts';
import { MemorySlots } from './memory-slots.ts';
import type { Owner, Owners } from './owner.ts';
import { slotFlags } from './slot-table.ts';
import type { TrackedConnection } from './tracked.ts';
import { Tracker } from './tracker.ts';

const second = 1e9;

/** Owners that keep a tally, by pid. */
class Tally implements Owners {
  readonly known = new Map<string, Owner>();
  readonly bytes = new Map<string, [number, number]>();
  readonly open = new Map<string, number>();

  identify(pid: number, startNs: number): Owner {
    const key = `${pid}-${startNs}`;
    let owner = this.known.get(key);
    if (!owner) {
      owner = {
        key,
        process_id: pid,
        process_name: `p${pid}`,
        process_path: null,
        command_line: null,
        user: null,
        user_id: null,
        parents: [],
        container: null,
        unit: null,
        started_at: null,
        unknown_reason: null,
      };
      this.known.set(key, owner);
    }
    return owner;
  }
  account(owner: Owner, sent: number, received: number): void {
    const [s, r] = this.bytes.get(owner.key) ?? [0, 0];
    this.bytes.set(owner.key, [s + sent, r + received]);
  }
  opened(owner: Owner): void {
    this.open.set(owner.key, (this.open.get(owner.key) ?? 0) + 1);
  }
  closed(owner: Owner): void {
    this.open.set(owner.key, (this.open.get(owner.key) ?? 0) - 1);
  }
  failed(): void {}
}

function makeBench(size = 64) {
  const memory = new MemorySlots(size);
  const owners = new Tally();
  const log: string[] = [];
  const name = (c: TrackedConnection): string => `${c.remoteIp}:${c.remotePort}`;
  const tracker = new Tracker({
    slots: memory.table,
    owners,
    isLocalAddress: (ip) => ip === '10.0.0.1',
    jiffyMs: 4,
    listener: {
      onOpened: (c) => log.push(`opened ${name(c)} ${c.direction}`),
      onChanged: () => {},
      onRevised: (c) => log.push(`revised ${name(c)} ${c.identity.process_id}`),
      onFailed: (c, count) => log.push(`failed ${name(c)} ${c.errno} x${count}`),
      onEnded: (c, lingers) =>
        log.push(`ended ${name(c)} ${c.bytesSent}/${c.bytesReceived}${lingers ? ' lingers' : ''}`),
      onPassed: (c) => log.push(`passed ${name(c)} ${c.bytesSent}/${c.bytesReceived}`),
      onGone: (c) => log.push(`gone ${name(c)}`),
    },
  });
  let nowNs = 1000 * second;
  let ids = 1000;
  const open = (
    remote: string,
    port: number,
    changes: { protocol?: number; state?: number; flags?: number; cookie?: number } = {},
  ) => {
    const slot = memory.take(++ids);
    if (slot < 0) return slot;
    memory.setU64(slot, 'cookie', changes.cookie ?? ids);
    memory.setU64(slot, 'opened_ns', nowNs);
    memory.setBytes(slot, 'local_ip', parseIp('10.0.0.1')!);
    memory.setBytes(slot, 'remote_ip', parseIp(remote)!);
    memory.setU16(slot, 'local_port', 40000);
    memory.setU16(slot, 'remote_port', port);
    memory.setU8(slot, 'protocol', changes.protocol ?? 6);
    memory.setU8(slot, 'state', changes.state ?? 1);
    memory.setU8(slot, 'flags', changes.flags ?? 0);
    memory.setU32(slot, 'pid', 7);
    memory.setU32(slot, 'revision', 1);
    memory.markDirty(slot);
    return slot;
  };
  const close = (slot: number, state = 7): void => {
    memory.setU64(slot, 'closed_ns', nowNs);
    memory.setU8(slot, 'state', state);
    memory.markDirty(slot);
  };
  const tick = (): string[] => {
    nowNs += second / 10;
    tracker.tick(nowNs, 100);
    return log.splice(0, log.length);
  };
  const skip = (ns: number): void => {
    nowNs += ns;
  };
  return { memory, owners, tracker, open, close, tick, skip, now: () => nowNs };
}

describe('tracker', () => {
  it('follows a connection from its opening to its end with exact totals', () => {
    const b = makeBench();
    const slot = b.open('192.0.2.1', 443);
    assert.deepEqual(b.tick(), ['opened 192.0.2.1:443 outbound']);
    b.memory.setU64(slot, 'bytes_sent', 5_000_000_000);
    b.memory.setU64(slot, 'bytes_received', 7);
    b.memory.markDirty(slot);
    assert.deepEqual(b.tick(), []);
    assert.deepEqual(b.owners.bytes.get('7-0'), [5_000_000_000, 7]);
    b.close(slot);
    assert.deepEqual(b.tick(), ['ended 192.0.2.1:443 5000000000/7', 'gone 192.0.2.1:443']);
    assert.deepEqual(b.tracker.totals, {
      bytesSent: 5_000_000_000,
      bytesReceived: 7,
      connections: 1,
      errors: 0,
    });
    assert.equal(b.owners.open.get('7-0'), 0);
    assert.equal(b.tracker.open, 0);
  });

  it('tells of a connection that came and went within a tick', () => {
    const b = makeBench();
    b.close(b.open('192.0.2.1', 443));
    assert.deepEqual(b.tick(), [
      'opened 192.0.2.1:443 outbound',
      'ended 192.0.2.1:443 0/0',
      'gone 192.0.2.1:443',
    ]);
  });

  it('uses slots again only a tick after they were read, and counts what finds none', () => {
    const b = makeBench(4);
    const slots = [1, 2, 3, 4].map((i) => b.open('192.0.2.1', i));
    assert.equal(b.open('192.0.2.1', 5), -1);
    assert.equal(b.memory.table.counter('lost_slots'), 1);
    for (const slot of slots) b.close(slot);
    b.tick();
    assert.equal(b.open('192.0.2.1', 6), -1);
    b.tick();
    assert.notEqual(b.open('192.0.2.1', 7), -1);
    assert.deepEqual(b.tick(), ['opened 192.0.2.1:7 outbound']);
  });

  it('waits for the result of connect before it tells of an end', () => {
    const b = makeBench();
    const slot = b.open('192.0.2.1', 443, { flags: slotFlags.awaitErrno, state: 2 });
    b.close(slot);
    assert.deepEqual(b.tick(), []);
    b.memory.setU8(slot, 'flags', 0);
    b.memory.setU32(slot, 'error', 99);
    b.memory.setU32(slot, 'errors', 1);
    assert.deepEqual(b.tick(), [
      'opened 192.0.2.1:443 outbound',
      'failed 192.0.2.1:443 99 x1',
      'ended 192.0.2.1:443 0/0',
      'gone 192.0.2.1:443',
    ]);
  });

  it('keeps a connection in TIME_WAIT on show for a minute', () => {
    const b = makeBench();
    b.close(b.open('192.0.2.1', 443), 6);
    assert.deepEqual(b.tick(), ['opened 192.0.2.1:443 outbound', 'ended 192.0.2.1:443 0/0 lingers']);
    let shown = 0;
    b.tracker.forEach(() => {
      shown++;
    });
    assert.equal(shown, 1);
    b.skip(59 * second);
    assert.deepEqual(b.tick(), []);
    b.skip(1 * second);
    assert.deepEqual(b.tick(), ['gone 192.0.2.1:443']);
  });

  it('counts what was found open, and not what was over when it was found', () => {
    const b = makeBench();
    b.open('192.0.2.1', 1, { flags: slotFlags.found });
    b.close(b.open('192.0.2.1', 2, { flags: slotFlags.found }), 6);
    const early = b.open('192.0.2.1', 3, { flags: slotFlags.found });
    b.skip(second);
    b.close(early, 6);
    b.tick();
    b.tick();
    assert.equal(b.tracker.totals.connections, 2);
    assert.equal(b.tracker.open, 1);
  });

  it('judges who opened a connection', () => {
    const b = makeBench();
    b.open('192.0.2.1', 1, { flags: slotFlags.passive });
    b.open('127.0.0.1', 2);
    b.open('10.0.0.1', 3, { flags: slotFlags.passive });
    b.open('::', 0, { state: 10 });
    b.open('192.0.2.1', 5, { flags: slotFlags.found });
    assert.deepEqual(b.tick(), [
      'opened 192.0.2.1:1 inbound',
      'opened 127.0.0.1:2 local',
      'opened 10.0.0.1:3 local',
      'opened :::0 listening',
      'opened 192.0.2.1:5 inbound',
    ]);
  });

  it('hands a connection to the process that uses it', () => {
    const b = makeBench();
    const slot = b.open('192.0.2.1', 443, { flags: slotFlags.passive });
    b.tick();
    b.memory.setU32(slot, 'pid', 8);
    b.memory.setU32(slot, 'revision', 2);
    b.memory.setU64(slot, 'bytes_sent', 10);
    b.memory.markDirty(slot);
    assert.deepEqual(b.tick(), ['revised 192.0.2.1:443 8']);
    assert.deepEqual(b.owners.bytes.get('8-0'), [10, 0]);
    assert.deepEqual([b.owners.open.get('7-0'), b.owners.open.get('8-0')], [0, 1]);
  });

  it('says nothing of an accepted socket that its listener uses at last', () => {
    const b = makeBench();
    b.open('0.0.0.0', 0, { state: 10 });
    const accepted = b.open('192.0.2.1', 555, { flags: slotFlags.passive });
    b.memory.setU32(accepted, 'pid', 0);
    b.tick();
    b.memory.setU32(accepted, 'pid', 7);
    b.memory.setU32(accepted, 'revision', 2);
    b.memory.markDirty(accepted);
    assert.deepEqual(b.tick(), []);
  });

  it('ends the peers of a UDP socket with the socket, and those that fell silent', () => {
    const b = makeBench();
    const socket = b.open('0.0.0.0', 0, { protocol: 17, state: 7, cookie: 5 });
    b.open('192.0.2.1', 53, { protocol: 17, state: 7, cookie: 5, flags: slotFlags.peer });
    b.open('192.0.2.2', 53, { protocol: 17, state: 7, cookie: 5, flags: slotFlags.peer });
    b.tick();
    b.close(socket);
    assert.deepEqual(b.tick(), [
      'ended 0.0.0.0:0 0/0',
      'gone 0.0.0.0:0',
      'ended 192.0.2.1:53 0/0',
      'gone 192.0.2.1:53',
      'ended 192.0.2.2:53 0/0',
      'gone 192.0.2.2:53',
    ]);
    b.open('192.0.2.3', 53, { protocol: 17, state: 7, cookie: 6, flags: slotFlags.peer });
    b.tick();
    b.skip(61 * second);
    const seen: string[] = [];
    for (let i = 0; i < 60; i++) seen.push(...b.tick());
    assert.deepEqual(seen, ['ended 192.0.2.3:53 0/0', 'gone 192.0.2.3:53']);
  });

  it('counts brief connections of a kind one by one, and tells kinds apart', () => {
    const b = makeBench();
    const pass = (remote: string, port: number, sent: number, errno = 0): void => {
      const slot = b.open(remote, port);
      b.memory.setU64(slot, 'bytes_sent', sent);
      b.memory.setU32(slot, 'error', errno);
      b.memory.setU32(slot, 'errors', errno > 0 ? 1 : 0);
      b.close(slot);
    };
    pass('192.0.2.1', 80, 1);
    pass('192.0.2.1', 80, 20);
    pass('192.0.2.1', 80, 300, 104);
    pass('192.0.2.1', 81, 4000);
    pass('192.0.2.2', 80, 50_000);
    pass('192.0.2.1', 80, 600_000, 104);
    b.skip(second / 10);
    const seen = b.tick();
    assert.deepEqual(
      seen.filter((line) => /^(passed|ended|failed)/.test(line)),
      [
        'ended 192.0.2.1:80 1/0',
        'passed 192.0.2.1:80 20/0',
        'failed 192.0.2.1:80 104 x1',
        'ended 192.0.2.1:80 300/0',
        'ended 192.0.2.1:81 4000/0',
        'ended 192.0.2.2:80 50000/0',
        'failed 192.0.2.1:80 104 x1',
        'passed 192.0.2.1:80 600000/0',
      ],
    );
    assert.deepEqual(b.tracker.totals, { bytesSent: 654_321, bytesReceived: 0, connections: 6, errors: 2 });
    assert.deepEqual(b.owners.bytes.get('7-0'), [654_321, 0]);
    assert.equal(b.owners.open.get('7-0'), 0);
    assert.equal(b.tracker.open, 0);
    // What is known of a kind holds for a second.
    for (let i = 0; i < 10; i++) b.tick();
    pass('192.0.2.1', 80, 7);
    b.skip(second / 10);
    assert.ok(b.tick().includes('ended 192.0.2.1:80 7/0'));
  });

  it('ends the peers of a UDP socket that opened and closed between two ticks', () => {
    const b = makeBench();
    const socket = b.open('0.0.0.0', 0, { protocol: 17, state: 7, cookie: 5 });
    b.open('192.0.2.1', 53, { protocol: 17, state: 7, cookie: 5, flags: slotFlags.peer });
    b.close(socket);
    b.skip(second);
    assert.ok(b.tick().includes('ended 192.0.2.1:53 0/0'));
  });

  it('ends a closing connection that is not found any more, and no other', () => {
    const b = makeBench();
    for (const [port, state] of [1, 4, 5, 4].entries()) b.open('192.0.2.1', port, { state });
    b.tick();
    b.skip(70 * second);
    b.open('192.0.2.1', 9, { state: 4 });
    b.tick();
    const sweep = b.memory.table.beginSweep();
    b.memory.setU32(2, 'sweep', sweep);
    b.tracker.endUnfound(sweep);
    assert.deepEqual(
      b.tick().filter((line) => line.startsWith('ended')),
      ['ended 192.0.2.1:1 0/0', 'ended 192.0.2.1:3 0/0'],
    );
    assert.equal(b.tracker.endsNotSeen, 2);
  });

  it('keeps a half-open connection until its SYN-ACK is no longer sent, or it is finished', () => {
    const b = makeBench();
    const halfOpen = { state: 12, flags: slotFlags.passive };
    const [given, finished] = [b.open('192.0.2.1', 1, halfOpen), b.open('192.0.2.1', 2, halfOpen)];
    for (const slot of [given, finished]) b.memory.setU8(slot, 'synack_retries', 1);
    assert.deepEqual(b.tick(), ['opened 192.0.2.1:1 inbound', 'opened 192.0.2.1:2 inbound']);
    b.skip(2 * second);
    b.memory.setU8(given, 'synack_retries', 2);
    b.memory.setU8(finished, 'synack_retries', 0);
    b.memory.setU8(finished, 'state', 1);
    for (const slot of [given, finished]) b.memory.markDirty(slot);
    assert.deepEqual(b.tick(), []);
    b.skip(4 * second);
    assert.deepEqual(b.tick(), []);
    b.skip(second);
    assert.deepEqual(b.tick(), ['ended 192.0.2.1:1 0/0', 'gone 192.0.2.1:1']);
    assert.equal(b.tracker.open, 1);
  });

  it('lets a rate rise and fall, and rests when it is zero', () => {
    const b = makeBench();
    const slot = b.open('192.0.2.1', 443);
    b.tick();
    let connection: TrackedConnection | undefined;
    b.tracker.forEach((c) => {
      connection = c;
    });
    for (let i = 1; i <= 30; i++) {
      b.memory.setU64(slot, 'bytes_sent', i * 100_000);
      b.memory.markDirty(slot);
      b.tick();
    }
    assert.ok(Math.abs(connection!.uploadSpeed - 1_000_000) < 10_000, `${connection!.uploadSpeed}`);
    for (let i = 0; i < 100; i++) b.tick();
    assert.equal(connection!.uploadSpeed, 0);
    assert.equal(connection!.moving, false);
  });
});
