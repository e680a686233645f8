import type { AppProtocol } from './protocol.ts';
import { startsWith } from './text.ts';

/** A client's request: a pkt-line that names the service (gitprotocol-pack). */
export const git: AppProtocol = {
  name: 'git',
  transports: ['tcp'],
  ports: [9418],
  recognise({ bytes, start, end, fromClient, beginning }) {
    if (!beginning || !fromClient) return 'no';
    for (let at = start; at < Math.min(end, start + 4); at++) {
      const digit = bytes[at] >= 0x30 && bytes[at] <= 0x39;
      if (!digit && !(bytes[at] >= 0x61 && bytes[at] <= 0x66)) return 'no';
    }
    if (end - start < 15) return 'more';
    return startsWith(bytes, start + 4, end, 'git-upload-') ||
      startsWith(bytes, start + 4, end, 'git-receive')
      ? 'yes'
      : 'no';
  },
};
