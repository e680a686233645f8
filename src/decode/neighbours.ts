import { formatIp } from '../base/ip.ts';
import { visitAttributes } from './netlink.ts';

/** struct ndmsg of include/uapi/linux/neighbour.h: family, index, state, flags, type. */
const ndmsgBytes = 12;
const ndaDestination = 1;
/** NUD_INCOMPLETE and NUD_FAILED: the kernel asks, or has asked, in vain. */
const stateIncomplete = 0x01;
const stateFailed = 0x20;

/** RTM_NEWNEIGH and RTM_GETNEIGH, include/uapi/linux/rtnetlink.h. */
export const neighbourTypes = { newNeighbour: 28, getNeighbour: 30 } as const;
/** A request for all neighbours of both families. */
export const neighbourRequest: Readonly<Uint8Array> = new Uint8Array(ndmsgBytes);

export interface Neighbour {
  readonly index: number;
  readonly ip: string;
  /** Whether no hardware address of it is known, though it was asked for. */
  readonly isLost: boolean;
}

/** RTM_NEWNEIGH; null for a family other than IPv4 and IPv6, and for what is cut short. */
export function decodeNeighbour(view: DataView, from: number, end: number): Neighbour | null {
  if (from + ndmsgBytes > end) return null;
  const family = view.getUint8(from);
  const size = family === 2 ? 4 : family === 10 ? 16 : 0;
  let ip: string | null = null;
  visitAttributes(view, from + ndmsgBytes, end, (type, at, stop) => {
    if (type !== ndaDestination || size === 0 || stop - at !== size) return;
    const bytes = new Uint8Array(16);
    if (size === 4) bytes.set([0xff, 0xff], 10);
    bytes.set(new Uint8Array(view.buffer, view.byteOffset + at, size), 16 - size);
    ip = formatIp(bytes);
  });
  if (ip === null) return null;
  const state = view.getUint16(from + 8, true);
  const isLost = (state & (stateIncomplete | stateFailed)) !== 0;
  return { index: view.getInt32(from + 4, true), ip, isLost };
}
