import { u32 } from '../packet/bytes.ts';
import type { AppProtocol } from './protocol.ts';

const version = 5;
/** Bytes of the agent's address by its kind: IPv4, IPv6. */
const addressBytes: readonly number[] = [0, 4, 16];
/** Sequence of the agent, its uptime, count of samples after address and number of the sub-agent. */
const restBytes = 16;
const maxSamples = 256;

/** Samples of packets and counters, sFlow version 5. */
export const sflow: AppProtocol = {
  name: 'sflow',
  transports: ['udp'],
  ports: [6343],
  recognise({ bytes, start, end }) {
    if (end - start < 8 || u32(bytes, start) !== version) return 'no';
    const kind = u32(bytes, start + 4);
    if (kind !== 1 && kind !== 2) return 'no';
    const first = start + 8 + addressBytes[kind] + restBytes;
    if (first > end) return 'no';
    const count = u32(bytes, first - 4);
    return count > 0 && count <= maxSamples && areSamples(bytes, first, end, count) ? 'yes' : 'no';
  },
};

/** Each has its kind and its length. */
function areSamples(bytes: Uint8Array, at: number, end: number, count: number): boolean {
  for (let i = 0; i < count; i++) {
    if (at + 8 > end) return false;
    at += 8 + u32(bytes, at + 4);
  }
  return at === end;
}
