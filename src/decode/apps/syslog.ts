import type { AppProtocol } from './protocol.ts';
import { decodeLatin } from './text.ts';

/** Enough for priority, version and time. */
const maxHeadBytes = 64;
/** RFC 6587 section 3.4.1: over TCP a count of bytes may come first. */
const framed = /^(?:[1-9]\d{0,4} )?/.source;
/** RFC 5424 section 6 (version 1), RFC 3164 section 4.1.2, and what Cisco's devices send. */
const time =
  /(?:1 (?:-|\d{4}-\d\d-\d\dT)|(?:\d+: )?[*.]?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d )/
    .source;
const priority = /<(?:\d|[1-9]\d|1[0-8]\d|19[01])>/.source;
const surely = new RegExp(`${framed}${priority}${time}`);
const onPort = new RegExp(`${framed}${priority}[ -~]`);
/** All that may come before what `surely` looks for. */
const mayBecome = /^[\d <>:*.\-T]*[A-Za-z]{0,3}[\d ]*$/;
const udpPort = 514;
const tcpPort = 601;

export const syslog: AppProtocol = {
  name: 'syslog',
  transports: ['udp', 'tcp'],
  ports: [udpPort, tcpPort],
  recognise({ bytes, start, end, transport, serverPort, fromClient, beginning }) {
    if (!fromClient || (transport === 'tcp' && !beginning)) return 'no';
    const first = bytes[start];
    if (first !== 0x3c && (transport === 'udp' || first < 0x31 || first > 0x39)) return 'no';
    const head = decodeLatin(bytes, start, Math.min(end, start + maxHeadBytes));
    const isPort = serverPort === udpPort || serverPort === tcpPort;
    if (surely.test(head) || (isPort && onPort.test(head))) return 'yes';
    return transport === 'tcp' && head.length < maxHeadBytes && mayBecome.test(head) ? 'more' : 'no';
  },
};
