/** What disk-full.test.ts runs on a small file system: `FOLDER`. Prints what came of it as JSON. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Spool } from '../../src/agent/link/spool.ts';
import { NetmonError } from '../../src/base/errors.ts';
import { type DurableRecord, durableRecordSchema } from '../../src/wire/link.ts';
import { ended } from '../../src/wire/reported.fixture.ts';

const [folder] = process.argv.slice(2);
const path = join(folder, 'spool.sqlite');
const made = { connection: 0, failure: 0 };
const came = { connection: 0, failure: 0 };

function add(spool: Spool, kind: keyof typeof made, count: number): void {
  const error = kind === 'failure' ? 'ECONNREFUSED' : null;
  for (let i = 0; i < count; i++) spool.add(ended(1, { error, command_line: 'x'.repeat(500) }));
  made[kind] += count;
}

/** Whether the flush worked; null for a failure that is not told of as it should be. */
function flush(spool: Spool): boolean | null {
  try {
    spool.flush();
    return spool.problem === null ? true : null;
  } catch (thrown) {
    return thrown instanceof NetmonError && spool.problem !== null ? false : null;
  }
}

const committed = new Map<string, number>();

/** Takes the place of a server that takes all there is in the file. */
function take(spool: Spool): void {
  for (;;) {
    const { epoch } = spool;
    spool.agree(committed.get(epoch) ?? -1);
    const batch = spool.epoch === epoch ? spool.read(spool.acknowledged + 1) : null;
    if (!batch && spool.epoch === epoch) return;
    if (!batch) continue;
    spool.markSent(batch.last);
    for (const record of JSON.parse(batch.text) as unknown[]) count(durableRecordSchema.parse(record));
    committed.set(epoch, batch.last);
    spool.acknowledge(batch.last);
  }
}

function count(record: DurableRecord): void {
  if (record.kind === 'connection') came[record.connection.error === null ? 'connection' : 'failure']++;
  if (record.kind !== 'gap') return;
  came.connection += record.lost_by?.connection ?? 0;
  came.failure += record.lost_by?.failure ?? 0;
}

/** Takes what room there is, to the last byte. */
function fill(): void {
  for (let size = 1 << 16; size >= 1; ) {
    try {
      writeFileSync(join(folder, 'ballast'), Buffer.alloc(size), { flag: 'a' });
    } catch {
      size >>= 2;
    }
  }
}
const makeRoom = (): void => rmSync(join(folder, 'ballast'));

/** Adds records until a flush fails; whether one did. */
function addUntilFull(spool: Spool): boolean {
  for (let i = 0; i < 200; i++) {
    add(spool, 'connection', 200);
    add(spool, 'failure', 10);
    if (flush(spool) === false) return true;
  }
  return false;
}

const found: Record<string, unknown> = {};
{
  using spool = new Spool({ path });
  add(spool, 'connection', 4_000);
  found.before = flush(spool);
  fill();
  found.full = addUntilFull(spool);
  found.problem = spool.problem;
  take(spool);
  found.sentWhileFull = came.connection > 4_000;
  flush(spool);
  makeRoom();
  found.again = flush(spool);
  take(spool);
  flush(spool);
  found.left = spool.size.records;
  found.lost = spool.lost;
}
fill();
{
  using spool = new Spool({ path });
  add(spool, 'failure', 100);
  found.startedFull = [flush(spool), spool.problem];
  makeRoom();
  found.afterwards = flush(spool);
  take(spool);
}
rmSync(path);
fill();
{
  using spool = new Spool({ path });
  add(spool, 'failure', 100);
  found.startedWithout = [flush(spool), spool.problem];
  makeRoom();
  found.afterwardsToo = flush(spool);
  take(spool);
}
console.log(JSON.stringify({ ...found, made, came }));
