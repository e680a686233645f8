import { WebSocket } from 'ws';

/**
 * A WebSocket that sends headers of its own. One that is closed before it is open reports that as an error, for which
 * nobody may be listening any more.
 */
export function openSocket(address: string, headers: Readonly<Record<string, string>>): globalThis.WebSocket {
  const socket = new WebSocket(address, { headers });
  socket.on('error', () => {});
  return socket as unknown as globalThis.WebSocket;
}
