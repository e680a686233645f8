import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import type { DurableRecord } from '../../wire/link.ts';
import type { LostKind } from '../../wire/names.ts';
import { ended } from '../../wire/reported.fixture.ts';
import { Spool } from './spool.ts';

const dir = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'netmon-spool-'));
after(() => rmSync(dir, { recursive: true }));
let worlds = 0;
let copies = 0;

type Kind = 'connection' | 'failure' | 'traffic' | 'probe';
const kinds: readonly Kind[] = ['connection', 'failure', 'traffic', 'probe'];

/** A record whose number a test can read again; connections stand for one to three. */
function make(kind: Kind, id: number): DurableRecord {
  if (kind === 'traffic') return { kind, rollup: { at: String(id) } } as unknown as DurableRecord;
  if (kind === 'probe') return { kind, result: { monitor: String(id) } } as unknown as DurableRecord;
  const error = kind === 'failure' ? 'ECONNREFUSED' : null;
  return ended(1, { process_id: id, count: weightOf(kind, id), error });
}

function weightOf(kind: Kind, id: number): number {
  return kind === 'connection' || kind === 'failure' ? 1 + (id % 3) : 1;
}

function idOf(record: DurableRecord): number {
  if (record.kind === 'connection') return record.connection.process_id!;
  if (record.kind === 'probe') return Number(record.result.monitor);
  assert(record.kind === 'traffic');
  return Number(record.rollup.at);
}

interface Frame {
  readonly epoch: string;
  readonly first: number;
  readonly records: readonly DurableRecord[];
}

/** A copy of the spool's file, and the number of records that had been written. */
interface Copy {
  readonly path: string;
  readonly written: number;
}

/** A spool, the server that it is sent to, and what is between them. */
class World {
  readonly #maxRecords: number;
  readonly #path = join(dir, `${++worlds}.sqlite`);
  #spool: Spool;
  /** By id; those up to `#written` were in a file. */
  readonly #kinds: Kind[] = [];
  #written = 0;
  readonly #forgotten = new Set<number>();
  /** What the file may be after a power cut: as it was after any write since the last one that was waited for. */
  #copies: Copy[] = [];
  #durableMark = '';
  #link: { epoch: string; next: number } | null = null;
  #underway: Frame[] = [];
  #late: Frame[] = [];
  #acks: number[] = [];
  readonly #committed = new Map<string, number>();
  readonly #stored = new Set<number>();
  readonly #gaps: Partial<Record<LostKind, number>> = {};

  constructor(maxRecords: number) {
    this.#maxRecords = maxRecords;
    this.#spool = this.#open();
  }

  add(kind: Kind, count: number): void {
    for (let i = 0; i < count; i++) {
      this.#spool.add(make(kind, this.#kinds.length));
      this.#kinds.push(kind);
    }
  }

  flush(): void {
    this.#spool.flush();
    this.#written = this.#kinds.length;
    this.#copy();
  }

  connect(): void {
    if (this.#link) this.disconnect(0);
    this.#begin();
  }

  send(): void {
    if (!this.#link) return;
    if (this.#link.epoch !== this.#spool.epoch) {
      assert.equal(
        this.#underway.length + this.#acks.length,
        0,
        'an epoch ends when all of it is acknowledged',
      );
      this.#begin();
    }
    const batch = this.#spool.read(this.#link.next, 2_000);
    if (!batch) return;
    this.#spool.markSent(batch.last);
    this.#copy();
    this.#link.next = batch.last + 1;
    this.#underway.push({ epoch: this.#link.epoch, first: batch.first, records: JSON.parse(batch.text) });
  }

  deliver(): void {
    const frame = this.#underway.shift();
    if (!frame) return;
    this.#store(frame);
    this.#acks.push(frame.first + frame.records.length - 1);
  }

  /** The server comes to a frame of a connection that is long gone. */
  deliverLate(): void {
    const frame = this.#late.shift();
    if (frame) this.#store(frame);
  }

  acknowledge(): void {
    const seq = this.#acks.shift();
    if (seq !== undefined) assert(this.#spool.acknowledge(seq));
  }

  /** Of what is under way so many frames had come to the server. */
  disconnect(arrived: number): void {
    // Frames come in order, so one that is lost is the last of its connection.
    if (this.#late.length === 0) this.#late = this.#underway.slice(0, arrived);
    this.#underway = [];
    this.#acks = [];
    this.#link = null;
  }

  kill(arrived: number): void {
    this.disconnect(arrived);
    this.#spool[Symbol.dispose]();
    this.#forget(this.#written);
    this.#spool = this.#open();
  }

  cutPower(arrived: number, which: number): void {
    this.disconnect(arrived);
    this.#spool[Symbol.dispose]();
    const { path, written } = this.#copies[which % this.#copies.length];
    this.#forget(written);
    copySpool(path, this.#path);
    this.#spool = this.#open();
  }

  /** Sends all there is, and compares what the server has with what was made. */
  settle(): void {
    this.flush();
    this.connect();
    for (let i = 0; !this.#spool.drained || this.#underway.length > 0; i++) {
      assert(i < 10_000, 'it does not end');
      this.send();
      this.deliver();
      this.acknowledge();
      if (i % 3 === 0) this.flush();
    }
    this.flush();
    assert.equal(this.#spool.size.records, 0);
    assert.equal(this.#spool.size.bytes, 0);
    const sums: Record<string, number> = {};
    for (const [id, kind] of this.#kinds.entries()) {
      if (this.#forgotten.has(id) && !this.#stored.has(id)) continue;
      const missing = this.#stored.has(id) ? 0 : weightOf(kind, id);
      if (missing > 0) sums[kind] = (sums[kind] ?? 0) + missing;
    }
    assert.deepEqual({ ...this.#gaps }, sums, 'what gaps tell of is what is missing');
    this.#spool[Symbol.dispose]();
    this.#forgetCopies();
    removeSpool(this.#path);
  }

  #open(): Spool {
    const spool = new Spool({ path: this.#path, maxRecords: this.#maxRecords });
    this.#spool = spool;
    this.#durableMark = '';
    this.#copy();
    return spool;
  }

  #forget(from: number): void {
    for (let id = from; id < this.#kinds.length; id++) this.#forgotten.add(id);
    this.#written = this.#kinds.length;
  }

  /** A write that the spool waits for is one that changes what was lost or how far numbers may be sent. */
  #copy(): void {
    const path = join(dir, `copy-${++copies}.sqlite`);
    copySpool(this.#path, path);
    const mark = `${this.#spool.lost} ${readReserved(path)}`;
    if (mark !== this.#durableMark) this.#forgetCopies();
    this.#durableMark = mark;
    this.#copies.push({ path, written: this.#written });
  }

  #forgetCopies(): void {
    for (const { path } of this.#copies) removeSpool(path);
    this.#copies = [];
  }

  #begin(): void {
    const { epoch } = this.#spool;
    assert(this.#spool.agree(this.#committed.get(epoch) ?? -1));
    this.#link = { epoch: this.#spool.epoch, next: this.#spool.acknowledged + 1 };
    if (this.#link.epoch !== epoch) this.#begin();
  }

  #store({ epoch, first, records }: Frame): void {
    const committed = this.#committed.get(epoch) ?? -1;
    assert(committed < 0 || first <= committed + 1, `number ${committed + 1} is missing before ${first}`);
    for (const [i, record] of records.entries()) {
      if (first + i <= committed) continue;
      if (record.kind === 'gap') this.#addGap(record);
      else {
        assert(!this.#stored.has(idOf(record)), `record ${idOf(record)} is stored twice`);
        this.#stored.add(idOf(record));
      }
    }
    this.#committed.set(epoch, Math.max(committed, first + records.length - 1));
  }

  #addGap({ lost, lost_by }: Extract<DurableRecord, { kind: 'gap' }>): void {
    let sum = 0;
    for (const [kind, weight] of Object.entries(lost_by!)) {
      this.#gaps[kind as LostKind] = (this.#gaps[kind as LostKind] ?? 0) + weight;
      sum += weight;
    }
    assert.equal(sum, lost);
  }
}

function removeSpool(path: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
}

function copySpool(from: string, to: string): void {
  removeSpool(to);
  for (const suffix of ['', '-wal']) {
    if (existsSync(from + suffix)) copyFileSync(from + suffix, to + suffix);
  }
}

function readReserved(path: string): string {
  const database = new DatabaseSync(path);
  const rows = database
    .prepare('SELECT epoch, reserved FROM epochs WHERE reserved >= 0 ORDER BY first')
    .all();
  database.close();
  return JSON.stringify(rows);
}

type Step = (world: World) => void;
const few = fc.integer({ min: 0, max: 4 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(fc.constantFrom(...kinds), fc.integer({ min: 1, max: 12 })).map(
      ([kind, count]): Step =>
        (world) =>
          world.add(kind, count),
    ),
  },
  { weight: 5, arbitrary: fc.constant<Step>((world) => world.flush()) },
  { weight: 2, arbitrary: fc.constant<Step>((world) => world.connect()) },
  { weight: 4, arbitrary: fc.constant<Step>((world) => world.send()) },
  { weight: 3, arbitrary: fc.constant<Step>((world) => world.deliver()) },
  { weight: 3, arbitrary: fc.constant<Step>((world) => world.acknowledge()) },
  { weight: 1, arbitrary: fc.constant<Step>((world) => world.deliverLate()) },
  {
    weight: 1,
    arbitrary: few.map(
      (arrived): Step =>
        (world) =>
          world.disconnect(arrived),
    ),
  },
  {
    weight: 1,
    arbitrary: few.map(
      (arrived): Step =>
        (world) =>
          world.kill(arrived),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(few, fc.nat(20)).map(
      ([arrived, which]): Step =>
        (world) =>
          world.cutPower(arrived, which),
    ),
  },
);

describe('Spool against a server that knows what was made', () => {
  it('has each record stored once or counted in a gap, whatever breaks and whenever', () => {
    const runs = fc.property(
      fc.integer({ min: 10, max: 60 }),
      fc.array(step, { maxLength: 80, size: 'max' }),
      (max, steps) => {
        const world = new World(max);
        for (const take of steps) take(world);
        world.settle();
      },
    );
    // More runs than one can wait for each time are others.
    const numRuns = process.env.SPOOL_RUNS;
    fc.assert(runs, numRuns === undefined ? { numRuns: 60, seed: 1 } : { numRuns: Number(numRuns) });
  });
});
