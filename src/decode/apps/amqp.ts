import type { AppProtocol } from './protocol.ts';
import { mayStartWith, startsWith } from './text.ts';

/** The protocol header of AMQP 0-9-1 (section 4.2.2) and 1.0 (section 2.2). */
export const amqp: AppProtocol = {
  name: 'amqp',
  transports: ['tcp'],
  ports: [5672],
  recognise({ bytes, start, end, beginning }) {
    if (!beginning || !mayStartWith(bytes, start, end, 'AMQP')) return 'no';
    if (end - start < 8) return 'more';
    return startsWith(bytes, start, end, 'AMQP') && bytes[start + 4] <= 3 && bytes[start + 5] <= 1
      ? 'yes'
      : 'no';
  },
};
