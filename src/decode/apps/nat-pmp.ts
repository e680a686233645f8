import type { AppProtocol } from './protocol.ts';

const ports = [5351, 5350];
/** RFC 6886 section 3: lengths of requests and of answers, by operation. */
const requestBytes: readonly number[] = [2, 12, 12];
const answerBytes: readonly number[] = [12, 16, 16];
const answer = 128;
/** RFC 6887 section 7: the successor, of which messages have at least a head. */
const pcpVersion = 2;
const pcpHeaderBytes = 24;
const maxBytes = 1100;

/** Asking a router for a port: RFC 6886 and its successor PCP, RFC 6887. */
export const natPmp: AppProtocol = {
  name: 'nat-pmp',
  transports: ['udp'],
  ports,
  recognise({ bytes, start, end, clientPort, serverPort }) {
    if (!ports.includes(serverPort) && !ports.includes(clientPort)) return 'no';
    const length = end - start;
    const operation = bytes[start + 1];
    if (bytes[start] === pcpVersion)
      return length >= pcpHeaderBytes && length <= maxBytes && length % 4 === 0 ? 'yes' : 'no';
    const expected = operation >= answer ? answerBytes[operation - answer] : requestBytes[operation];
    return bytes[start] === 0 && length === expected ? 'yes' : 'no';
  },
};
