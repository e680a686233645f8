import { writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { NetmonError } from '../base/errors.ts';

/** Characters put together before they are written. */
const pieceLength = 65_536;
/** Milliseconds until a full pipe is tried again. */
const retryMs = 2;

/**
 * Standard output, written before `write` returns, so that a slow reader slows the work down rather than fill memory:
 * `process.stdout` would keep what a pipe does not take. Once whoever reads has gone away nothing more is written, and
 * `closed` is true.
 */
export class StandardOutput {
  readonly isTerminal = isatty(1);
  closed = false;
  #pending = '';

  write(text: string): void {
    if (this.closed) return;
    this.#pending += text;
    if (this.#pending.length >= pieceLength) this.flush();
  }

  flush(): void {
    const bytes = Buffer.from(this.#pending);
    this.#pending = '';
    for (let at = 0; at < bytes.length && !this.closed; ) at += this.#writeSome(bytes.subarray(at));
  }

  #writeSome(bytes: Uint8Array): number {
    try {
      return writeSync(1, bytes);
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === 'EPIPE') this.closed = true;
      else if (code === 'EAGAIN') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, retryMs);
      else throw new NetmonError('NM_SYSTEM', 'unable to write the output', { cause });
      return 0;
    }
  }
}
