import { u32 } from '../packet/bytes.ts';
import type { AppProtocol } from './protocol.ts';

/** Application tags of requests to and answers of a key distribution centre, RFC 4120 section 5.10. */
const requests = [0x6a, 0x6c];
const answers = [0x6b, 0x6d, 0x7e];
/** Enough to hold the version, which the shortest message is longer than. */
const shortestBytes = 12;
const maxMessageBytes = 2 ** 17;

/** AS and TGS exchanges; over TCP with the length before each message (RFC 4120 section 7.2.2). */
export const kerberos: AppProtocol = {
  name: 'kerberos',
  transports: ['tcp', 'udp'],
  ports: [88],
  recognise({ bytes, start, end, transport, fromClient, beginning }) {
    if (!beginning) return 'no';
    const at = transport === 'tcp' ? start + 4 : start;
    if (end - at < shortestBytes) return transport === 'tcp' && bytes[start] === 0 ? 'more' : 'no';
    if (!(fromClient ? requests : answers).includes(bytes[at])) return 'no';
    const length = derLength(bytes, at + 1);
    if (length < 0 || length > maxMessageBytes) return 'no';
    if ((transport === 'udp' ? end - at : u32(bytes, start)) !== length) return 'no';
    return hasVersion(bytes, at, end, fromClient) ? 'yes' : 'no';
  },
};

/** The sequence inside begins with the protocol's version 5: field 1 of a request, 0 of an answer. */
function hasVersion(bytes: Uint8Array, at: number, end: number, fromClient: boolean): boolean {
  const field = fromClient ? 0xa1 : 0xa0;
  for (let i = at + 3; i < Math.min(end - 4, at + 12); i++)
    if (bytes[i] === field && bytes[i + 1] === 3 && bytes[i + 2] === 2 && bytes[i + 3] === 1)
      return bytes[i + 4] === 5;
  return false;
}

/** The length of a whole element whose length octets are at `at`, -1 when they are none that DER knows. */
function derLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at];
  if (first < 0x80) return first + 2;
  if (first === 0x81) return bytes[at + 1] + 3;
  return first === 0x82 ? ((bytes[at + 1] << 8) | bytes[at + 2]) + 4 : -1;
}
