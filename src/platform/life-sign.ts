import type { WebSocket } from 'ws';

/** An end that is there answers a ping within this time, also over a slow line. */
const answerMs = 2_000;

/** Finds out whether the other end of a WebSocket is there. */
export class LifeSign {
  readonly #socket: WebSocket;
  #asked: Promise<boolean> | null = null;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /**
   * Sends a ping, and anything that comes within two seconds is an answer. An end from which nothing is read for now
   * (`pause`) counts as there. Whoever asks meanwhile shares the answer.
   */
  ask(): Promise<boolean> {
    this.#asked ??= this.#wait().finally(() => {
      this.#asked = null;
    });
    return this.#asked;
  }

  async #wait(): Promise<boolean> {
    const socket = this.#socket;
    if (socket.readyState !== socket.OPEN) return false;
    if (socket.isPaused) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const onSign = (): void => resolve(true);
    const onClose = (): void => resolve(false);
    // Where this process was held up itself, an answer may lie there unread: it is read before the time is up.
    const timer = setTimeout(() => setImmediate(() => setImmediate(onClose)), answerMs);
    socket.on('pong', onSign).on('message', onSign).on('close', onClose);
    socket.ping();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      socket.off('pong', onSign).off('message', onSign).off('close', onClose);
    }
  }
}
