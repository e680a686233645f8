import { beginsWithOne } from './lines.ts';
import type { AppProtocol } from './protocol.ts';

/** The greeting of the daemon and of its client (rsync, io.c). */
export const rsync: AppProtocol = {
  name: 'rsync',
  transports: ['tcp'],
  ports: [873],
  recognise({ bytes, start, end, beginning }) {
    if (!beginning) return 'no';
    return beginsWithOne(bytes, start, end, ['@RSYNCD: ']);
  },
};
