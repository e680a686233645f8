import { u32 } from '../packet/bytes.ts';
import type { AppProtocol, Verdict } from './protocol.ts';

/** Programs from the portmapper to the end of what Sun assigned (RFC 5531 section 13.4). */
const firstProgram = 100_000;
const lastProgram = 100_999;
const maxVersion = 8;
const maxRecordBytes = 2 ** 24;

/** ONC RPC calls (RFC 5531 section 9): NFS, mount, portmapper. A record over TCP has its length before it. */
export const rpc: AppProtocol = {
  name: 'rpc',
  transports: ['tcp', 'udp'],
  ports: [111, 2049],
  recognise({ bytes, start, end, transport, fromClient }) {
    if (!fromClient) return 'no';
    if (transport === 'udp') return isCall(bytes, start, end);
    if (bytes[start] !== 0x80) return 'no';
    if (end - start < 28) return 'more';
    const length = u32(bytes, start) & 0x7fffffff;
    return length >= 40 && length <= maxRecordBytes ? isCall(bytes, start + 4, end) : 'no';
  },
};

function isCall(bytes: Uint8Array, start: number, end: number): Verdict {
  if (end - start < 24) return 'no';
  if (u32(bytes, start + 4) !== 0 || u32(bytes, start + 8) !== 2) return 'no';
  const program = u32(bytes, start + 12);
  const known = program >= firstProgram && program <= lastProgram && u32(bytes, start + 16) <= maxVersion;
  return known ? 'yes' : 'no';
}
