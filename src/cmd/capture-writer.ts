import { type ChildProcess, spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { NetmonError } from '../base/errors.ts';
import type { FromWriter, ToWriter } from './capture-writer-messages.ts';

/** The entry that turns the compile cache on. */
const program = join(import.meta.dirname, '..', '..', 'bin', 'netmon.mjs');

/**
 * A second process that writes captures, each into a file of its own, with the rights that this one has when it is
 * started. Order of use: `start`, then `save` one after the other, then `stop`.
 */
export class CaptureWriter implements Disposable {
  readonly #path: string;
  #child: ChildProcess | null = null;
  #answer: ((message: FromWriter) => void) | null = null;

  constructor(path: string) {
    this.#path = resolve(path);
  }

  /** Throws NM_SYSTEM where no file can be made beside `path`. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [program, 'capture-writer', this.#path], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      serialization: 'advanced',
      env: { PATH: process.env.PATH },
      cwd: '/',
    });
    this.#child = child;
    child.on('message', (message: FromWriter) => this.#answer?.(message));
    child.on('error', () => this.#answer?.(gone));
    child.once('exit', () => this.#answer?.(gone));
    const answer = await this.#hear();
    if (answer.kind === 'failed')
      throw new NetmonError('NM_SYSTEM', `unable to write beside ${this.#path}: ${answer.reason}`);
  }

  /** Writes a file, and gives its name and size. Throws NM_SYSTEM. */
  async save(pieces: readonly Uint8Array[]): Promise<{ readonly file: string; readonly bytes: number }> {
    const answer = this.#hear();
    for (const bytes of pieces) await this.#send({ kind: 'piece', bytes });
    await this.#send({ kind: 'close' });
    const message = await answer;
    if (message.kind === 'written') return message;
    throw new NetmonError('NM_SYSTEM', message.kind === 'failed' ? message.reason : 'it wrote nothing');
  }

  [Symbol.dispose](): void {
    this.#answer = null;
    if (this.#child?.connected) this.#child.disconnect();
    this.#child = null;
  }

  #hear(): Promise<FromWriter> {
    const { promise, resolve } = Promise.withResolvers<FromWriter>();
    this.#answer = resolve;
    if (this.#child && !this.#child.connected) resolve(gone);
    return promise;
  }

  /** Resolves when there is room for more; what is lost with the process shows in its answer. */
  async #send(message: ToWriter): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.#child?.connected) this.#child.send(message, () => resolve());
    else resolve();
    await promise;
  }
}

const gone: FromWriter = { kind: 'failed', reason: 'the process that writes files has ended' };
