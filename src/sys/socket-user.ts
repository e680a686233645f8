import { readFileSync } from 'node:fs';
import { parseIp } from '../base/ip.ts';
import {
  type DiagSocket,
  inetDiagRequestBytes,
  inetDiagType,
  makeDiagDecoder,
  makeDiagSocket,
  writeDiagQuestion,
} from '../decode/inet-diag.ts';
import { visitProcNet } from '../decode/proc-net.ts';
import { NetlinkSocket, netlinkFamilies } from './netlink.ts';

const established = 1;

/** The ends of a connection, as a `net.Socket` has them. */
export interface ConnectionEnds {
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/**
 * Who opened the socket at the other end of a TCP connection within this network namespace. Null when there is no such
 * socket that a process holds: of one that was closed since, the kernel names root.
 */
export function findPeerUser(ends: ConnectionEnds): number | null {
  const own = readEnd(ends.localAddress, ends.localPort);
  const peer = readEnd(ends.remoteAddress, ends.remotePort);
  if (!own || !peer) return null;
  let user: number | null = null;
  const take = (socket: DiagSocket): void => {
    const isIt =
      socket.state === established &&
      socket.inode !== 0 &&
      isEnd(peer, socket.localIp, socket.localPort) &&
      isEnd(own, socket.remoteIp, socket.remotePort);
    if (isIt) user = socket.uid;
  };
  if (!askDiag(peer, own, take)) readTables(take);
  return user;
}

interface End {
  readonly ip: Uint8Array;
  readonly port: number;
}

function readEnd(address: string | undefined, port: number | undefined): End | null {
  const ip = parseIp(address ?? '');
  return ip && port !== undefined ? { ip, port } : null;
}

function isEnd(end: End, ip: Uint8Array, port: number): boolean {
  return port === end.port && end.ip.every((byte, i) => byte === ip[i]);
}

/** Whether the kernel could be asked, whatever it found. */
function askDiag(local: End, remote: End, take: (socket: DiagSocket) => void): boolean {
  const request = new Uint8Array(inetDiagRequestBytes);
  writeDiagQuestion(new DataView(request.buffer), local, remote);
  const decode = makeDiagDecoder();
  try {
    using netlink = new NetlinkSocket(netlinkFamilies.sockDiag);
    netlink.get(inetDiagType, request, (view, { type, from, end }) => {
      const socket = type === inetDiagType ? decode(view, from, end) : null;
      if (socket) take(socket);
    });
    return true;
  } catch {
    return false;
  }
}

function readTables(take: (socket: DiagSocket) => void): void {
  for (const table of ['tcp', 'tcp6']) {
    let text = '';
    try {
      text = readFileSync(`/proc/self/net/${table}`, 'latin1');
    } catch {
      continue;
    }
    visitProcNet(text, makeDiagSocket(), take);
  }
}
