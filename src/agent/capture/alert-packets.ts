import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError } from '../../base/errors.ts';
import type { Reporter } from '../../platform/reporter.ts';
import { type AlertKey, type DurableRecord, maxPieceBytes, type SavedPiece } from '../../wire/link.ts';
import type { AlertRecord } from '../../wire/traffic.ts';
import type { FreezeQuestion } from './inspector-messages.ts';
import type { FrozenFile } from './inspector-process.ts';
import type { Wanted } from './packet-selection.ts';

/** Files that are kept, and their bytes; past either the oldest go. */
const maxFiles = 50;
const maxBytes = 64 * 1024 * 1024;
/** Of one file: more than all that an inspector keeps. */
const maxFileBytes = 16 * 1024 * 1024;
/** Alerts that wait for their packets while those of another are saved. */
const maxWaiting = 8;
/** A packet's time and an alert's come from two clocks. */
const earlyMs = 1_000;
/** Longest wait for a file that is being saved when all ends. */
const stopMs = 1_000;

const ending = '.pcapng';
const partEnding = '.part';

export interface AlertPacketsDeps {
  /** Made with mode 0700 when there is something to save; null to save nothing. */
  readonly folder: string | null;
  /** Hands what is kept of some packets on, in parts of a capture file; or says why there is none. */
  readonly freeze: (
    question: FreezeQuestion,
    onPiece: (bytes: Buffer) => void,
  ) => Promise<FrozenFile | string>;
  /** Where it is told what became of an alert's packets. */
  readonly record: (record: DurableRecord) => void;
  readonly reporter: Reporter;
}

type Outcome = Omit<Extract<DurableRecord, { kind: 'alert_packets' }>, 'kind' | 'alert'>;

const none = (reason: string): Outcome => ({
  packets: 0,
  bytes: 0,
  left_out: 0,
  reason: reason.slice(0, 512),
});

/** Saves the packets of before an alert, one file an alert, one alert after the other, and hands the files out. */
export class AlertPackets {
  readonly #deps: AlertPacketsDeps;
  readonly #waiting: { readonly alert: AlertRecord; readonly wanted: Wanted }[] = [];
  #saving: Promise<void> | null = null;
  #stopping = false;

  constructor(deps: AlertPacketsDeps) {
    this.#deps = deps;
  }

  /** Begins to save the wanted packets of the alert's window; what became of it is recorded. */
  save(alert: AlertRecord, wanted: Wanted): void {
    if (this.#deps.folder === null) return;
    if (this.#stopping) this.#tell(alert, none('the agent stopped'));
    else if (this.#waiting.length >= maxWaiting) this.#tell(alert, none('too many alerts at once'));
    else {
      this.#waiting.push({ alert, wanted });
      this.#saving ??= this.#saveAll();
    }
  }

  /** A piece of the file of an alert, from that offset on. */
  async read(alert: AlertKey, offset: number): Promise<SavedPiece> {
    const { folder } = this.#deps;
    const nothing = (reason: string): SavedPiece => ({ size: 0, piece: '', reason });
    if (folder === null) return nothing('this agent saves no packets');
    try {
      await using file = await open(join(folder, nameFile(alert)));
      const { size } = await file.stat();
      const buffer = Buffer.alloc(Math.max(0, Math.min(maxPieceBytes, size - offset)));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
      return { size, piece: buffer.toString('base64', 0, bytesRead), reason: null };
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT')
        return nothing(`the agent is unable to read them: ${describeError(thrown)}`.slice(0, 512));
      return nothing('they are no longer kept: the oldest give way to those of newer alerts');
    }
  }

  /** Gives what is being saved a second; nothing more is saved afterwards. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const { alert } of this.#waiting.splice(0)) this.#tell(alert, none('the agent stopped'));
    if (!this.#saving) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, stopMs);
    await Promise.race([promise, this.#saving]);
    clearTimeout(timer);
  }

  async #saveAll(): Promise<void> {
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      const { alert, wanted } = next;
      let outcome: Outcome;
      try {
        outcome = await this.#saveOne(alert, wanted);
      } catch (error) {
        this.#deps.reporter.error('unable to save the packets of an alert', { error });
        outcome = none(`the agent was unable to save them: ${describeError(error)}`);
      }
      this.#tell(alert, outcome);
    }
    this.#saving = null;
  }

  async #saveOne(alert: AlertRecord, wanted: Wanted): Promise<Outcome> {
    const folder = this.#deps.folder!;
    const path = join(folder, nameFile({ raised_at: alert.ts, kind: alert.kind, scope: alert.scope }));
    const part = path + partEnding;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    try {
      const outcome = await this.#write(part, {
        from_ms: Date.parse(alert.ts) - alert.window_ms - earlyMs,
        wanted,
      });
      if (outcome.reason === null) {
        await rename(part, path);
        await removeOldest(folder);
      }
      return outcome;
    } finally {
      await rm(part, { force: true });
    }
  }

  async #write(part: string, question: FreezeQuestion): Promise<Outcome> {
    await using file = await open(part, 'w', 0o600);
    const pieces = new PieceWriter(file);
    const found = await this.#deps.freeze(question, (bytes) => pieces.add(bytes));
    await pieces.written;
    if (typeof found === 'string') return none(found);
    if (!found.complete) return none('the inspector of packets did not answer in time');
    if (pieces.bytes > maxFileBytes) return none('the inspector of packets told too much');
    const { packets, leftOut: left_out } = found;
    if (packets === 0) return { ...none('none of its packets were kept any more'), left_out };
    return { packets, bytes: pieces.bytes, left_out, reason: null };
  }

  #tell({ ts, kind, scope }: AlertRecord, outcome: Outcome): void {
    this.#deps.record({ kind: 'alert_packets', alert: { raised_at: ts, kind, scope }, ...outcome });
  }
}

/** Writes pieces one after the other, as many as fit into one file. */
class PieceWriter {
  bytes = 0;
  /** Rejects when one could not be written. */
  written: Promise<unknown> = Promise.resolve();
  readonly #file: FileHandle;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  add(piece: Buffer): void {
    this.bytes += piece.length;
    if (this.bytes > maxFileBytes) return;
    this.written = this.written.then(() => this.#file.appendFile(piece));
    // Whoever waits for all of it hears of a failure.
    this.written.catch(() => {});
  }
}

/** A file's name, which begins with the time and has nothing in it that a program or a site may choose. */
function nameFile({ raised_at, kind, scope }: AlertKey): string {
  const time = new Date(raised_at).toISOString().replaceAll(':', '-');
  const about = createHash('sha256').update(scope).digest('hex').slice(0, 8);
  return `${time}-${kind}${scope === 'all' ? '' : `-${about}`}${ending}`;
}

/** Keeps the newest files, and takes away what an agent that died was writing. */
async function removeOldest(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => /^\d{4}-\d\d-\d\dT.*\.pcapng(\.part)?$/.test(name));
  let [files, bytes] = [0, 0];
  for (const name of names.sort().reverse()) {
    const path = join(folder, name);
    if (!name.endsWith(partEnding)) {
      files++;
      bytes += (await stat(path)).size;
      if (files === 1 || (files <= maxFiles && bytes <= maxBytes)) continue;
    }
    await rm(path, { force: true });
  }
}
