import { u16 } from '../../packet/bytes.ts';
import type { AppProtocol, Sample, Verdict } from '../protocol.ts';
import { DnsParser } from './dns-parser.ts';
import { headerBytes } from './message.ts';
import { cannotBeMessage, isSurelyMessage, mayBeMessage } from './recognise-message.ts';

const dnsPort = 53;
const mdnsPort = 5353;
const llmnrPort = 5355;
/** A connection may begin with a message this long at most, which is what is kept of one; later ones may be longer. */
const maxFirstBytes = 16_000;

const isPort = ({ clientPort, serverPort }: Sample, port: number): boolean =>
  clientPort === port || serverPort === port;

/** DNS over UDP and TCP, RFC 1035 section 4.2. On its port a message need only be possible, elsewhere it must be sure. */
export const dns: AppProtocol = {
  name: 'dns',
  transports: ['udp', 'tcp'],
  ports: [dnsPort],
  recognise(sample) {
    if (isPort(sample, mdnsPort) || isPort(sample, llmnrPort)) return 'no';
    return recogniseMessage(sample, isPort(sample, dnsPort) ? mayBeMessage : isSurelyMessage);
  },
  makeParser: (conversation) => new DnsParser(conversation, null),
};

/** Multicast DNS, RFC 6762: DNS among the machines of a link. */
export const mdns: AppProtocol = {
  name: 'mdns',
  transports: ['udp'],
  ports: [mdnsPort],
  recognise: (sample) => (isPort(sample, mdnsPort) ? recogniseMessage(sample, mayBeMessage) : 'no'),
  makeParser: (conversation) => new DnsParser(conversation, 'mdns'),
};

/** Link-local multicast name resolution, RFC 4795. */
export const llmnr: AppProtocol = {
  name: 'llmnr',
  transports: ['udp', 'tcp'],
  ports: [llmnrPort],
  recognise: (sample) => (isPort(sample, llmnrPort) ? recogniseMessage(sample, mayBeMessage) : 'no'),
  makeParser: (conversation) => new DnsParser(conversation, 'llmnr'),
};

type IsMessage = (bytes: Uint8Array, start: number, end: number) => boolean;

function recogniseMessage({ bytes, start, end, transport, beginning }: Sample, is: IsMessage): Verdict {
  if (transport === 'udp') return is(bytes, start, end) ? 'yes' : 'no';
  const wait = beginning ? 'more' : 'no';
  if (end - start < 2) return wait;
  const length = u16(bytes, start);
  if (length < headerBytes || length > maxFirstBytes) return 'no';
  if (end - start < 2 + length)
    return is === isSurelyMessage && cannotBeMessage(bytes, start + 2, end) ? 'no' : wait;
  return is(bytes, start + 2, start + 2 + length) ? 'yes' : 'no';
}
