import type { Packet } from '../packet/packet.ts';

/** For the protocol, two ports, and eight halves of words of each address. */
const multipliers = 3 + 2 * 8;
/** The upper bits are those that a sum of products makes random. */
const usedBits = 17;

/**
 * Where a flow is found in a table: the same for both directions. A sum of 16-bit pieces, each times a secret random number
 * (multiply-shift, Dietzfelbinger 1996), so that whoever chooses addresses and ports cannot have flows share a place more
 * often than chance does. The numbers are the table's own and change nothing of what comes out.
 */
export class FlowHash {
  readonly #secret = Int32Array.from({ length: multipliers }, () => Math.random() * 2 ** 32);

  /** 17 bits. */
  of(packet: Packet): number {
    const { addresses, version, sourcePort, destinationPort, protocol } = packet;
    const secret = this.#secret;
    const back = isBack(packet);
    let sum = Math.imul(secret[0], protocol);
    sum = (sum + Math.imul(secret[1], back ? destinationPort : sourcePort)) | 0;
    sum = (sum + Math.imul(secret[2], back ? sourcePort : destinationPort)) | 0;
    const first = back ? 4 : 0;
    // Of an IPv4 address the last word is all there is.
    for (let i = version === 4 ? 3 : 0; i < 4; i++) {
      const one = addresses[first + i];
      const other = addresses[4 - first + i];
      const at = 3 + 4 * i;
      sum = (sum + Math.imul(secret[at], one & 0xffff) + Math.imul(secret[at + 1], one >>> 16)) | 0;
      sum = (sum + Math.imul(secret[at + 2], other & 0xffff) + Math.imul(secret[at + 3], other >>> 16)) | 0;
    }
    return sum >>> (32 - usedBits);
  }
}

/** Whether the destination comes before the source, in an order that the ends of a flow have whoever sends. */
function isBack({ addresses, sourcePort, destinationPort }: Packet): boolean {
  for (let i = 3; i >= 0; i--) {
    const source = addresses[i];
    const destination = addresses[4 + i];
    if (source !== destination) return destination < source;
  }
  return destinationPort < sourcePort;
}
