import { readFileSync } from 'node:fs';
import {
  type DiagSocket,
  inetDiagRequestBytes,
  inetDiagType,
  makeDiagDecoder,
  makeDiagSocket,
  writeDiagRequest,
} from '../../../decode/inet-diag.ts';
import { visitProcNet } from '../../../decode/proc-net.ts';
import { NetlinkSocket, netlinkFamilies } from '../../../sys/netlink.ts';

const tcp = 6;
const udp = 17;
const afInet = 2;
const afInet6 = 10;
/** Bits of the states of include/net/tcp_states.h that are asked for: all but TIME_WAIT and NEW_SYN_RECV, which no process holds. */
const askedStates = 0xfff & ~(1 << 6) & ~(1 << 0);

/** A way to see all sockets of this network namespace at once. */
export interface SocketDump extends Disposable {
  readonly name: string;
  /** Whether TCP sockets come with bytes, round-trip times and the like. */
  readonly hasInfo: boolean;
  /** Visits each socket, those that listen before the others of their kind; the object is used again for the next. */
  visit(take: (protocol: number, socket: DiagSocket) => void): void;
}

/** By sock_diag(7). Throws NM_SYSTEM where the system has none. */
export function openDiagDump(): SocketDump {
  const netlink = new NetlinkSocket(netlinkFamilies.sockDiag);
  const decode = makeDiagDecoder();
  const requests = [tcp, udp].flatMap((protocol) =>
    [afInet, afInet6].map((family) => {
      const request = new Uint8Array(inetDiagRequestBytes);
      writeDiagRequest(new DataView(request.buffer), 0, { family, protocol, states: askedStates });
      return { protocol, request };
    }),
  );
  const dump: SocketDump = {
    name: 'sock_diag',
    hasInfo: true,
    visit(take) {
      for (const { protocol, request } of requests) {
        netlink.dump(inetDiagType, request, (view, { type, from, end }) => {
          const socket = type === inetDiagType ? decode(view, from, end) : null;
          if (socket) take(protocol, socket);
        });
      }
    },
    [Symbol.dispose]: () => netlink[Symbol.dispose](),
  };
  try {
    dump.visit(() => {});
  } catch (thrown) {
    netlink[Symbol.dispose]();
    throw thrown;
  }
  return dump;
}

/** By the tables in /proc/net, which every process may read. */
export function openProcDump(): SocketDump {
  const socket = makeDiagSocket();
  const tables = [
    [tcp, '/proc/self/net/tcp'],
    [tcp, '/proc/self/net/tcp6'],
    [udp, '/proc/self/net/udp'],
    [udp, '/proc/self/net/udp6'],
  ] as const;
  return {
    name: '/proc/net',
    hasInfo: false,
    visit(take) {
      for (const [protocol, path] of tables) {
        visitProcNet(readTable(path), socket, (found) => {
          // One that no process holds has no inode to be known by.
          if (found.inode > 0) take(protocol, found);
        });
      }
    },
    [Symbol.dispose]: () => {},
  };
}

function readTable(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // A system without IPv6 has no table for it.
    return '';
  }
}
