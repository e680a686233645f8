import { beginsWithOne, firstLine } from './lines.ts';
import type { AppProtocol } from './protocol.ts';

const commands = [
  'get ',
  'gets ',
  'gat ',
  'set ',
  'add ',
  'replace ',
  'append ',
  'prepend ',
  'cas ',
  'delete ',
  'incr ',
  'decr ',
  'touch ',
  'stats',
  'version\r',
  'flush_all',
  'verbosity ',
  'mg ',
  'ms ',
];
const line =
  /^((get|gets|mg) \S{1,250}( \S+)*|gat \d+ \S+.*|(set|add|replace|append|prepend|cas) \S{1,250} \d+ -?\d+ \d+.*|(delete|incr|decr|touch) \S{1,250}.*|stats( \w+)?|version|flush_all.*|verbosity \d+|ms \S+ .*)$/;
const requestMagic = 0x80;
const responseMagic = 0x81;
const binaryHeaderBytes = 24;
const maxOpcode = 0x48;
/** The frame that comes before each datagram of the UDP variant. */
const udpFrameBytes = 8;

/** Text commands (memcached, doc/protocol.txt) and the binary header (doc/protocol-binary). */
export const memcached: AppProtocol = {
  name: 'memcached',
  transports: ['tcp', 'udp'],
  ports: [11211],
  recognise({ bytes, start, end, fromClient, transport, serverPort }) {
    const at = transport === 'udp' ? start + udpFrameBytes : start;
    if (transport === 'udp' && (end <= at || !this.ports.includes(serverPort))) return 'no';
    if (bytes[at] === (fromClient ? requestMagic : responseMagic)) {
      if (end - at < binaryHeaderBytes) return 'more';
      const key = (bytes[at + 2] << 8) | bytes[at + 3];
      const body =
        ((bytes[at + 8] << 24) | (bytes[at + 9] << 16) | (bytes[at + 10] << 8) | bytes[at + 11]) >>> 0;
      const sound = bytes[at + 1] <= maxOpcode && bytes[at + 5] === 0 && key + bytes[at + 4] <= body;
      return sound && body < 2 ** 21 ? 'yes' : 'no';
    }
    if (!fromClient) return 'no';
    const begin = beginsWithOne(bytes, at, end, commands);
    if (begin !== 'yes') return begin;
    const first = firstLine(bytes, at, end);
    if (first === null) return end - at < 1024 ? 'more' : 'no';
    return line.test(first) ? 'yes' : 'no';
  },
};
