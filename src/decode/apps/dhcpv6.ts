import { u16 } from '../packet/bytes.ts';
import type { AppProtocol } from './protocol.ts';

/** RFC 8415 section 7.3 up to the messages of lease query and failover (RFC 5007, 5460, 8156). */
const maxType = 36;
const relayForward = 12;
const relayReply = 13;
const headBytes = 4;
/** Type, hop count and two addresses, section 9. */
const relayHeadBytes = 34;
const maxOptions = 256;

/** RFC 8415. Its messages begin with hardly anything of their own, so it is known on its ports alone. */
export const dhcpv6: AppProtocol = {
  name: 'dhcpv6',
  transports: ['udp'],
  ports: [547, 546],
  recognise({ bytes, start, end, clientPort, serverPort }) {
    const isPort = [clientPort, serverPort].some((port) => port === 546 || port === 547);
    const type = bytes[start];
    if (!isPort || type < 1 || type > maxType) return 'no';
    const options = start + (type === relayForward || type === relayReply ? relayHeadBytes : headBytes);
    return areOptions(bytes, options, end) ? 'yes' : 'no';
  },
};

/** Whether there is at least one option and each ends in time. A damaged end is left to itself. */
function areOptions(bytes: Uint8Array, at: number, end: number): boolean {
  if (at + 4 > end || at + 4 + u16(bytes, at + 2) > end) return false;
  for (let i = 0; i < maxOptions && at + 4 <= end; i++) at += 4 + u16(bytes, at + 2);
  return at === end;
}
