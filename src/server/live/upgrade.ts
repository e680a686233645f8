import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ErrorCode, errorCodes } from '../../base/errors.ts';

/** Answers an upgrade request with a problem document instead of a WebSocket, and closes. */
export function refuseUpgrade(socket: Duplex, status: number, code: ErrorCode, detail: string): void {
  const { title } = errorCodes[code];
  const body = JSON.stringify({ type: 'about:blank', title, status, detail, code });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: application/problem+json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
