import { NetmonError } from '../base/errors.ts';
import { escapeText } from '../cli/escape.ts';
import { makeJsonOutput, type ReplayOutput } from '../cli/replay/output.ts';
import { Analyzer } from '../decode/analyzer.ts';
import { CaptureReader } from '../decode/capture/capture-reader.ts';
import { nodeCiphers } from '../platform/ciphers.ts';
import { readCaptureFile } from './capture-file.ts';

/** Exit code of a replay of a damaged file, as for other unusable data (EX_DATAERR). */
const damagedExit = 65;
/** Characters of output put together before they are written. */
const outputPiece = 65_536;

export interface ReplayOptions {
  readonly json?: boolean;
  readonly mask?: boolean;
}

/** Replays a capture file; the answer is the exit code. Throws NetmonError when it cannot be read at all. */
export async function runReplay(path: string, options: ReplayOptions): Promise<number> {
  const out = new Out();
  const output: ReplayOutput = makeJsonOutput((text) => out.write(text));
  const analyzer = new Analyzer(
    { mask: options.mask ?? false, ciphers: nodeCiphers },
    { onRecord: (record) => output.record(record), onFlowEnd: (record) => output.record(record) },
  );
  const reader = new CaptureReader(({ bytes, start, end, length, linkType, timeMs }) =>
    analyzer.packet(bytes, start, end, length, linkType, timeMs),
  );
  await readCaptureFile(path, reader, { onProgress: () => {}, isEnded: () => out.closed });
  analyzer.finish();
  output.finish({ type: 'summary', ...analyzer.counters, error: reader.error });
  out.flush();
  if (reader.error === null || out.closed) return 0;
  process.stderr.write(`netmon: ${escapeText(path)} is damaged: ${escapeText(reader.error)}\n`);
  return damagedExit;
}

/** Standard output, in pieces. Once whoever reads it has gone away, nothing more is written. */
class Out {
  closed = false;
  #pending = '';

  constructor() {
    process.stdout.on('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'EPIPE') throw new NetmonError('NM_SYSTEM', 'unable to write the output', { cause });
      this.closed = true;
    });
  }

  write(text: string): void {
    if (this.closed) return;
    this.#pending += text;
    if (this.#pending.length >= outputPiece) this.flush();
  }

  flush(): void {
    if (this.#pending === '' || this.closed) return;
    process.stdout.write(this.#pending);
    this.#pending = '';
  }
}
