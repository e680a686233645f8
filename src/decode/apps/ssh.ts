import type { AppProtocol } from './protocol.ts';
import { mayStartWith, startsWith } from './text.ts';

/** The first line of either side, RFC 4253 section 4.2. */
const greeting = 'SSH-';

export const ssh: AppProtocol = {
  name: 'ssh',
  transports: ['tcp'],
  ports: [22],
  recognise({ bytes, start, end, beginning }) {
    if (!beginning) return 'no';
    if (startsWith(bytes, start, end, greeting)) return 'yes';
    return mayStartWith(bytes, start, end, greeting) ? 'more' : 'no';
  },
};
