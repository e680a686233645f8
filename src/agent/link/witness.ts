import type { WebSocket } from 'ws';

/** Time for a ping to come back. */
const answerMs = 1_000;

/** Whether the other end of an open socket answers a ping of our own within a second. Never rejects. */
export async function answersPing(socket: WebSocket): Promise<boolean> {
  if (socket.readyState !== socket.OPEN) return false;
  const payload = crypto.randomUUID();
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const onPong = (data: Buffer): void => {
    if (data.toString('latin1') === payload) resolve(true);
  };
  const onClose = (): void => resolve(false);
  const timer = setTimeout(onClose, answerMs);
  socket.on('pong', onPong);
  socket.on('close', onClose);
  socket.ping(payload);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    socket.off('pong', onPong);
    socket.off('close', onClose);
  }
}
