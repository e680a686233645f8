import { NetmonError } from '../base/errors.ts';

/** Characters put together before they are written. */
const pieceLength = 65_536;

/**
 * Standard output, in pieces: Node writes to files and pipes before it returns. Once whoever reads it has gone away
 * nothing more is written, and `closed` is true.
 */
export class StandardOutput {
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
    if (this.#pending.length >= pieceLength) this.flush();
  }

  flush(): void {
    if (this.#pending === '' || this.closed) return;
    process.stdout.write(this.#pending);
    this.#pending = '';
  }
}
