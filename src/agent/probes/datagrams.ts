import { formatEndpoint } from '../../base/ip.ts';
import { DatagramSocket, type PathError, readWallMs } from '../../sys/datagram-socket.ts';
import type { Reason } from '../../wire/probe.ts';
import { familyOf } from './resolve.ts';
import { describeErrno, explainUnusable, makeReason } from './run.ts';
import type { SocketWatch } from './socket-watch.ts';

const udp = 17;
/** Datagrams looked at for one question, so that a flood of wrong ones ends it. */
const maxWrong = 1000;

export interface Question<T> {
  readonly ip: string;
  readonly port: number;
  readonly bytes: Uint8Array;
  /** The answer in a datagram of the one that was asked; undefined for one that is none. */
  readonly read: (reply: Reply) => T | undefined;
  readonly signal: AbortSignal;
  /** How long to wait; until the signal when there is none. */
  readonly waitMs?: number;
}

export interface Reply {
  /** Valid until `read` returns. */
  readonly bytes: Uint8Array;
  /** Milliseconds of the wall clock, by the kernel's stamps. */
  readonly sentMs: number;
  readonly receivedMs: number;
}

export type Answered<T> =
  | { readonly kind: 'answer'; readonly answer: T; readonly rttMs: number }
  | { readonly kind: 'silence' }
  /** Of this machine or the path to the target. */
  | { readonly kind: 'failure'; readonly reason: Reason };

/**
 * Sends one datagram from a port of its own and waits for its answer; only what comes from where it went is looked at.
 * Never rejects.
 */
export async function askByDatagram<T>(watch: SocketWatch, question: Question<T>): Promise<Answered<T>> {
  let socket: DatagramSocket | undefined;
  const unusable = await explainUnusable(
    'UDP',
    (async () => {
      await watch.prepare();
      socket = new DatagramSocket({
        family: familyOf(question.ip),
        type: 'datagram',
        protocol: udp,
        errors: true,
        sendStamps: true,
      });
    })(),
  );
  if (unusable || !socket) return { kind: 'failure', reason: unusable ?? makeReason('EIO', '', 'agent') };
  using opened = socket;
  return await ask(watch, opened, question);
}

async function ask<T>(
  watch: SocketWatch,
  socket: DatagramSocket,
  question: Question<T>,
): Promise<Answered<T>> {
  const { ip, port, bytes, signal, waitMs } = question;
  const where = formatEndpoint(ip, port);
  const refused = socket.connect(ip, port);
  if (refused !== null) return fail(refused, `${where}: ${describeErrno(refused)}`);
  if (signal.aborted) return { kind: 'silence' };
  const began = performance.now();
  let sentMs = readWallMs();
  const unsent = socket.send(bytes);
  if (unsent !== null) return fail(unsent, `${where}: unable to send: ${describeErrno(unsent)}`);
  const { promise, resolve } = Promise.withResolvers<Answered<T>>();
  let wrong = 0;
  const readNext = (): Answered<T> | null => {
    // The one that was sent has left when its answer comes.
    const error = socket.receiveError((_, atMs) => {
      sentMs = atMs;
    });
    if (error) return explainPath(error, error.errno, where);
    for (let received = socket.receive(); received !== null; received = socket.receive()) {
      if (typeof received === 'string') return explainPath(socket.receiveError(), received, where);
      const elapsed = performance.now() - began;
      const byStamp = received.atMs - sentMs;
      // Somebody set the clock in between.
      const rttMs = byStamp >= 0 && byStamp <= elapsed + 1 ? byStamp : elapsed;
      const answer = question.read({ bytes: received.bytes, sentMs, receivedMs: sentMs + rttMs });
      if (answer !== undefined) return { kind: 'answer', answer, rttMs };
      if (++wrong > maxWrong) return { kind: 'silence' };
    }
    return null;
  };
  const look = (): void => {
    const answered = readNext();
    if (answered) resolve(answered);
  };
  const giveUp = (): void => {
    // What has come by now is not silence.
    look();
    resolve({ kind: 'silence' });
  };
  const timer = waitMs === undefined ? undefined : setTimeout(giveUp, waitMs);
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    using _watched = watch.watch(socket, look);
    return await promise;
  } catch (thrown) {
    return { kind: 'failure', reason: makeReason('EIO', String(thrown), 'agent') };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
  }
}

function explainPath(error: PathError | null, errno: string, where: string): Answered<never> {
  const icmp = error?.icmp ? ` (ICMP type ${error.icmp.type}, code ${error.icmp.code})` : '';
  const who = error?.by ? `${error.by} says: ` : '';
  return fail(errno, `${where}: ${who}${describeErrno(errno)}${icmp}`);
}

function fail(code: string, message: string): Answered<never> {
  return { kind: 'failure', reason: makeReason(code, message, 'connect') };
}
