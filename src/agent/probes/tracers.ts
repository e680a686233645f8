/** The three ways of asking hops for an answer: an echo, a datagram, the beginning of a connection. */
import { DatagramSocket, type PathError, readWallMs } from '../../sys/datagram-socket.ts';
import { writeSocketAddress } from '../../sys/socket-address.ts';
import type { EchoError, Echoes, EchoReply } from './echoes.ts';
import { familyOf } from './resolve.ts';
import { errnoOf } from './run.ts';
import type { SocketWatch } from './socket-watch.ts';

/** What became of one question. */
export interface Trace {
  /** `hop` is a router where the packet's time was over, `target` the end, `refused` an error before it. */
  readonly kind: 'hop' | 'target' | 'refused';
  readonly by: string | null;
  readonly rttMs: number;
  readonly errno: string | null;
  readonly icmp: PathError['icmp'];
}

/** Sends questions with a TTL; `hear` is told once of each that is answered. Dispose of it to forget the others. */
export interface Tracer extends Disposable {
  /** The errno where it could not be sent. `index` is another for each. */
  send(ttl: number, index: number, hear: (trace: Trace) => void): string | null;
}

const protocols = { tcp: 6, udp: 17 } as const;
/** Bytes of an echo or a datagram. */
const payloadBytes = 32;
const maxErrorsPerLook = 256;
const lastPort = 65_535;

/** Opens what is needed. Throws NM_SYSTEM. */
export function makeIcmpTracer(echoes: Echoes, ip: string): Tracer {
  const pending: Disposable[] = [];
  const family = familyOf(ip);
  return {
    send(ttl, _index, hear) {
      let isOver = false;
      const sent = echoes.send({ family, ip, ttl, size: payloadBytes }, (answer) => {
        if (isOver) return;
        isOver = true;
        hear(readEcho(answer, family, ip));
      });
      if (typeof sent === 'string') return sent;
      pending.push(sent);
      return null;
    },
    [Symbol.dispose]() {
      for (const echo of pending) echo[Symbol.dispose]();
    },
  };
}

function readEcho(answer: EchoReply | EchoError, family: 4 | 6, ip: string): Trace {
  if (answer.kind === 'reply')
    return { kind: 'target', by: ip, rttMs: answer.rttMs, errno: null, icmp: null };
  const { rttMs, by, errno, icmp } = answer;
  return { kind: icmp && isTimeExceeded(family, icmp.type) ? 'hop' : 'refused', by, rttMs, errno, icmp };
}

function isTimeExceeded(family: 4 | 6, type: number): boolean {
  return type === (family === 4 ? 11 : 3);
}

function isPortUnreachable(family: 4 | 6, { type, code }: { type: number; code: number }): boolean {
  return family === 4 ? type === 3 && code === 3 : type === 1 && code === 4;
}

interface Sent {
  readonly wallMs: number;
  readonly hear: (trace: Trace) => void;
}

/** Datagrams to one port after another from one socket, whose error queue says where each was going. Throws NM_SYSTEM. */
export function makeUdpTracer(watch: SocketWatch, ip: string, firstPort: number): Tracer {
  const family = familyOf(ip);
  const socket = new DatagramSocket({ family, type: 'datagram', protocol: protocols.udp, errors: true });
  const waiting = new Map<number, Sent>();
  const take = (port: number, read: (rttMs: number) => Trace, atMs: number): void => {
    const sent = waiting.get(port);
    if (sent && waiting.delete(port)) sent.hear(read(Math.max(0, atMs - sent.wallMs)));
  };
  const drain = (): void => {
    for (let i = 0; i < maxErrorsPerLook; i++) {
      const error = socket.receiveError();
      if (error === null) break;
      take(error.from?.port ?? 0, (rttMs) => readError(error, rttMs, family, ip), error.atMs);
    }
    for (let i = 0; i < maxErrorsPerLook; i++) {
      const received = socket.receive();
      if (received === null) break;
      if (typeof received === 'string' || received.from?.ip !== withoutZone(ip)) continue;
      const target = (rttMs: number): Trace => ({ kind: 'target', by: ip, rttMs, errno: null, icmp: null });
      take(received.from.port, target, received.atMs);
    }
  };
  const watched = watch.watch(socket, drain);
  return {
    send(ttl, index, hear) {
      const port = Math.min(lastPort, firstPort + index);
      const address = writeSocketAddress(family, ip, port);
      if (!address) return 'EINVAL';
      // What an earlier packet has met is told of by the next call, which then does not send.
      drain();
      socket.setTtl(ttl);
      const bytes = new Uint8Array(payloadBytes);
      const wallMs = readWallMs();
      const errno = socket.send(bytes, address);
      const again = errno === null ? null : socket.send(bytes, address);
      if (again !== null) return again;
      waiting.set(port, { wallMs, hear });
      return null;
    },
    [Symbol.dispose]() {
      watched[Symbol.dispose]();
      socket[Symbol.dispose]();
    },
  };
}

/** A connection for each question, given up as soon as it is answered. */
export function makeTcpTracer(watch: SocketWatch, ip: string, port: number): Tracer {
  const family = familyOf(ip);
  const open = new Set<Disposable>();
  return {
    send(ttl, _index, hear) {
      const closing = new DisposableStack();
      try {
        const socket = closing.use(
          new DatagramSocket({ family, type: 'stream', protocol: protocols.tcp, errors: true }),
        );
        socket.setTtl(ttl);
        const wallMs = readWallMs();
        const errno = socket.connect(ip, port);
        const finish = (): void => {
          const trace = readConnection(socket, errno, wallMs, ip);
          closing.dispose();
          open.delete(closing);
          hear(trace);
        };
        open.add(closing);
        if (errno === null || errno === 'ECONNREFUSED') finish();
        else if (errno === 'EINPROGRESS') closing.use(watch.watch(socket, finish, true));
        else return errno;
        return null;
      } catch (thrown) {
        closing.dispose();
        open.delete(closing);
        return errnoOf(thrown);
      }
    },
    [Symbol.dispose]() {
      for (const socket of open) socket[Symbol.dispose]();
    },
  };
}

/** How it ended: by an error of the path, a refusal of the target, or a handshake. */
function readConnection(socket: DatagramSocket, atOnce: string | null, wallMs: number, ip: string): Trace {
  const error = socket.receiveError();
  if (error?.icmp) return readError(error, Math.max(0, error.atMs - wallMs), socket.family, ip);
  const ended = socket.readConnectError() ?? (atOnce === 'ECONNREFUSED' ? atOnce : null);
  const isTarget = ended === null || ended === 'ECONNREFUSED';
  const rttMs = (ended === null ? socket.readRttMs() : null) ?? Math.max(0, readWallMs() - wallMs);
  return { kind: isTarget ? 'target' : 'refused', by: isTarget ? ip : null, rttMs, errno: ended, icmp: null };
}

function readError({ errno, icmp, by }: PathError, rttMs: number, family: 4 | 6, ip: string): Trace {
  const isTarget = icmp !== null && by === withoutZone(ip) && isPortUnreachable(family, icmp);
  const isHop = icmp !== null && isTimeExceeded(family, icmp.type);
  return { kind: isTarget ? 'target' : isHop ? 'hop' : 'refused', by, rttMs, errno, icmp };
}

function withoutZone(ip: string): string {
  return ip.split('%')[0];
}
