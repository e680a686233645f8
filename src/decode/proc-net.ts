import type { DiagSocket } from './inet-diag.ts';

/** Most sockets read of one table; beyond it the rest is left out. */
const maxLines = 200_000;
const timeWait = 6;

/**
 * Visits the sockets in the text of /proc/net/tcp, tcp6, udp or udp6 (proc(5)), except those in TIME_WAIT. The object is
 * `socket`, filled anew for each; the inode stands in for the cookie, which the text does not have. A line that is none
 * is left out.
 */
export function visitProcNet(text: string, socket: DiagSocket, visit: (socket: DiagSocket) => void): void {
  let from = text.indexOf('\n') + 1;
  for (let lines = 0; from > 0 && from < text.length && lines < maxLines; lines++) {
    const end = text.indexOf('\n', from);
    if (readLine(text.slice(from, end < 0 ? text.length : end), socket)) visit(socket);
    from = end + 1;
  }
}

function readLine(line: string, socket: DiagSocket): boolean {
  const fields = line.trim().split(/ +/, 10);
  if (fields.length < 10) return false;
  const state = Number.parseInt(fields[3], 16);
  const inode = Number(fields[9]);
  if (state === timeWait || !(state > 0) || !Number.isSafeInteger(inode)) return false;
  const localPort = readEndpoint(fields[1], socket.localIp);
  const remotePort = readEndpoint(fields[2], socket.remoteIp);
  if (localPort < 0 || remotePort < 0) return false;
  socket.state = state;
  socket.localPort = localPort;
  socket.remotePort = remotePort;
  socket.sendQueue = Number.parseInt(fields[4].slice(0, 8), 16) || 0;
  socket.receiveQueue = Number.parseInt(fields[4].slice(9, 17), 16) || 0;
  socket.retries = Number.parseInt(fields[6], 16) || 0;
  socket.uid = Number(fields[7]) || 0;
  socket.inode = inode;
  socket.cookie = inode;
  return true;
}

/** `ADDRESS:PORT` in hexadecimal; the address in words of 32 bits in the machine's order. The port, or -1. */
function readEndpoint(text: string, to: Uint8Array): number {
  const match = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(text);
  if (!match) return -1;
  const digits = match[1];
  const start = digits.length === 8 ? 12 : 0;
  if (start === 12) {
    to.fill(0, 0, 10);
    to[10] = 0xff;
    to[11] = 0xff;
  }
  for (let word = 0; word < digits.length; word += 8) {
    const value = Number.parseInt(digits.slice(word, word + 8), 16);
    const at = start + word / 2;
    to[at] = value & 0xff;
    to[at + 1] = (value >>> 8) & 0xff;
    to[at + 2] = (value >>> 16) & 0xff;
    to[at + 3] = value >>> 24;
  }
  return Number.parseInt(match[2], 16);
}
