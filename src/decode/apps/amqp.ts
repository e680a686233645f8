import { u32 } from '../packet/bytes.ts';
import type { AppProtocol } from './protocol.ts';
import { mayStartWith, startsWith } from './text.ts';

/** The protocol header of AMQP 0-9-1 (section 4.2.2) and 1.0 (section 2.2). */
export const amqp: AppProtocol = {
  name: 'amqp',
  transports: ['tcp'],
  ports: [5672],
  recognise({ bytes, start, end, beginning, serverPort }) {
    if (isFrame(bytes, start, end)) return 'yes';
    if (this.ports.includes(serverPort) && bytes[start] <= 3) return 'more';
    if (!beginning || !mayStartWith(bytes, start, end, 'AMQP')) return 'no';
    if (end - start < 8) return 'more';
    return startsWith(bytes, start, end, 'AMQP') && bytes[start + 4] <= 3 && bytes[start + 5] <= 1
      ? 'yes'
      : 'no';
  },
};

/** A whole frame of AMQP 0-9-1 (section 4.2.3): method, header, body or heartbeat, closed by its end octet. */
function isFrame(bytes: Uint8Array, start: number, end: number): boolean {
  const type = bytes[start];
  if (end - start < 8 || !(type === 1 || type === 2 || type === 3 || type === 8)) return false;
  const last = start + 7 + u32(bytes, start + 3);
  return last < end && bytes[last] === 0xce;
}
