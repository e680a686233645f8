import { readU64, visitAttributes } from './netlink.ts';

/** Sockets by sock_diag(7): struct inet_diag_msg of include/uapi/linux/inet_diag.h, with struct tcp_info. */

/** SOCK_DIAG_BY_FAMILY. */
export const inetDiagType = 20;
export const inetDiagRequestBytes = 56;
const messageBytes = 72;
const attributeInfo = 2;
const attributeCgroup = 21;
/** Bit of idiag_ext that asks for struct tcp_info: 1 << (INET_DIAG_INFO - 1). */
const extensionInfo = 1 << (attributeInfo - 1);
const familyInet = 2;
const familyInet6 = 10;
const protocolTcp = 6;
/** What an IPv4 address begins with in sixteen bytes. */
const mapped: readonly number[] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

/** A socket. The object is used again for the next one: copy what is to be kept. */
export interface DiagSocket {
  /** As in include/net/tcp_states.h. */
  state: number;
  /** Sixteen bytes each, IPv4 as v4-mapped. */
  readonly localIp: Uint8Array;
  readonly remoteIp: Uint8Array;
  localPort: number;
  remotePort: number;
  cookie: number;
  receiveQueue: number;
  sendQueue: number;
  uid: number;
  /** 0 for one that no process holds. */
  inode: number;
  /** 0 for unknown. */
  cgroupId: number;
  /** Retries of the SYN or of the segment that waits for an answer. */
  retries: number;
  /** Whether the fields below are known; otherwise they are 0. */
  hasInfo: boolean;
  rttUs: number;
  rttVariationUs: number;
  minRttUs: number;
  retransmits: number;
  dataSegmentsSent: number;
  segmentsSent: number;
  segmentsReceived: number;
  /** Payload sent, without retransmissions. */
  bytesSent: number;
  bytesReceived: number;
  busyUs: number;
  receiverLimitedUs: number;
  sendBufferLimitedUs: number;
}

/** Writes what follows the header of a request for all sockets of a family and protocol in `states` (a bit each). */
export function writeDiagRequest(
  view: DataView,
  at: number,
  query: { readonly family: number; readonly protocol: number; readonly states: number },
): void {
  for (let i = 0; i < inetDiagRequestBytes; i += 4) view.setUint32(at + i, 0, true);
  view.setUint8(at, query.family);
  view.setUint8(at + 1, query.protocol);
  view.setUint8(at + 2, extensionInfo);
  view.setUint32(at + 4, query.states, true);
}

/** The same for one TCP socket by its ends, sixteen bytes of address each, IPv4 as v4-mapped. */
export function writeDiagQuestion(
  view: DataView,
  local: { readonly ip: Uint8Array; readonly port: number },
  remote: { readonly ip: Uint8Array; readonly port: number },
): void {
  const isInet = [local, remote].every(({ ip }) => ip.subarray(0, 12).every((byte, i) => byte === mapped[i]));
  writeDiagRequest(view, 0, {
    family: isInet ? familyInet : familyInet6,
    protocol: protocolTcp,
    states: -1 >>> 0,
  });
  view.setUint16(8, local.port);
  view.setUint16(10, remote.port);
  const skipped = isInet ? 12 : 0;
  for (let i = skipped; i < 16; i++) {
    view.setUint8(12 + i - skipped, local.ip[i]);
    view.setUint8(28 + i - skipped, remote.ip[i]);
  }
  // INET_DIAG_NOCOOKIE
  view.setUint32(48, 0xffffffff, true);
  view.setUint32(52, 0xffffffff, true);
}

/** Makes a decoder, which fills one object over and over; its answer is null for a message cut short. */
export function makeDiagDecoder(): (view: DataView, from: number, end: number) => DiagSocket | null {
  const socket = makeDiagSocket();
  let view: DataView;
  const readAttribute = (type: number, at: number, stop: number): void => {
    if (type === attributeInfo) readInfo(socket, view, at, stop - at);
    else if (type === attributeCgroup && stop - at >= 8) socket.cgroupId = readU64(view, at);
  };
  return (data, from, end) => {
    if (from + messageBytes > Math.min(end, data.byteLength)) return null;
    view = data;
    clearInfo(socket);
    const family = view.getUint8(from);
    socket.state = view.getUint8(from + 1);
    socket.retries = view.getUint8(from + 3);
    socket.localPort = view.getUint16(from + 4);
    socket.remotePort = view.getUint16(from + 6);
    copyIp(socket.localIp, view, from + 8, family);
    copyIp(socket.remoteIp, view, from + 24, family);
    socket.cookie = readU64(view, from + 44);
    socket.receiveQueue = view.getUint32(from + 56, true);
    socket.sendQueue = view.getUint32(from + 60, true);
    socket.uid = view.getUint32(from + 64, true);
    socket.inode = view.getUint32(from + 68, true);
    visitAttributes(view, from + messageBytes, end, readAttribute);
    return socket;
  };
}

/** struct tcp_info grew over time: what is not in it stays 0. */
function readInfo(socket: DiagSocket, view: DataView, at: number, size: number): void {
  const u32 = (offset: number): number => (offset + 4 <= size ? view.getUint32(at + offset, true) : 0);
  const u64 = (offset: number): number => (offset + 8 <= size ? readU64(view, at + offset) : 0);
  socket.hasInfo = size >= 104;
  socket.rttUs = u32(68);
  socket.rttVariationUs = u32(72);
  socket.retransmits = u32(100);
  socket.bytesReceived = u64(128);
  socket.segmentsSent = u32(136);
  socket.segmentsReceived = u32(140);
  socket.minRttUs = u32(148);
  socket.dataSegmentsSent = u32(156);
  socket.busyUs = u64(168);
  socket.receiverLimitedUs = u64(176);
  socket.sendBufferLimitedUs = u64(184);
  // Before Linux 4.19 only what was acknowledged is known, which counts the SYN as one.
  socket.bytesSent = size >= 216 ? u64(200) - u64(208) : Math.max(0, u64(120) - 1);
}

function copyIp(to: Uint8Array, view: DataView, at: number, family: number): void {
  if (family !== familyInet) {
    for (let i = 0; i < 16; i++) to[i] = view.getUint8(at + i);
    return;
  }
  to.fill(0, 0, 10);
  to[10] = 0xff;
  to[11] = 0xff;
  for (let i = 0; i < 4; i++) to[12 + i] = view.getUint8(at + i);
}

function clearInfo(socket: DiagSocket): void {
  socket.cgroupId = 0;
  socket.hasInfo = false;
  socket.rttUs = 0;
  socket.rttVariationUs = 0;
  socket.minRttUs = 0;
  socket.retransmits = 0;
  socket.dataSegmentsSent = 0;
  socket.segmentsSent = 0;
  socket.segmentsReceived = 0;
  socket.bytesSent = 0;
  socket.bytesReceived = 0;
  socket.busyUs = 0;
  socket.receiverLimitedUs = 0;
  socket.sendBufferLimitedUs = 0;
}

/** An empty socket, to be filled over and over. */
export function makeDiagSocket(): DiagSocket {
  return {
    state: 0,
    localIp: new Uint8Array(16),
    remoteIp: new Uint8Array(16),
    localPort: 0,
    remotePort: 0,
    cookie: 0,
    receiveQueue: 0,
    sendQueue: 0,
    uid: 0,
    inode: 0,
    cgroupId: 0,
    retries: 0,
    hasInfo: false,
    rttUs: 0,
    rttVariationUs: 0,
    minRttUs: 0,
    retransmits: 0,
    dataSegmentsSent: 0,
    segmentsSent: 0,
    segmentsReceived: 0,
    bytesSent: 0,
    bytesReceived: 0,
    busyUs: 0,
    receiverLimitedUs: 0,
    sendBufferLimitedUs: 0,
  };
}
