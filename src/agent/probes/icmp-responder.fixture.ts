// Answers echoes to this machine after a delay, which the kernel does not do: `node FILE DELAY_MS`. Prints a line when it
// listens, and one for each echo with the milliseconds from its arrival to the answer, by the kernel's stamps. Ends with its input.
import { setImmediate } from 'node:timers/promises';
import { DatagramSocket, readWallMs } from '../../sys/datagram-socket.ts';
import { writeSocketAddress } from '../../sys/socket-address.ts';

const delayMs = Number(process.argv[2]);
const socket = new DatagramSocket({ family: 4, type: 'raw', protocol: 1, sendStamps: true });
let ended = false;
process.stdin.resume().once('end', () => {
  ended = true;
});
console.log('listening');
while (!ended) {
  const received = socket.receive();
  if (received !== null && typeof received !== 'string')
    answer(received.bytes.slice(20), received.atMs, received.from?.ip);
  await setImmediate();
}

function answer(bytes: Uint8Array, atMs: number, from: string | undefined): void {
  const address = from === undefined ? null : writeSocketAddress(4, from, 0);
  if (bytes[0] !== 8 || !address) return;
  bytes[0] = 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  // The type is in the sum: 8 less in it is 8 more in the checksum's complement.
  const sum = view.getUint16(2) + 0x0800;
  view.setUint16(2, (sum & 0xffff) + (sum >>> 16));
  while (readWallMs() < atMs + delayMs);
  let leftMs: number | null = null;
  socket.send(bytes, address);
  // Loopback takes it at once.
  socket.receiveError((_, stampMs) => {
    leftMs = stampMs;
  });
  console.log(leftMs === null ? 'no stamp' : (leftMs - atMs).toFixed(4));
}
