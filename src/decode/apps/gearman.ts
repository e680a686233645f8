import { beginsWithOne } from './lines.ts';
import type { AppProtocol } from './protocol.ts';

/** A request or response of the Gearman binary protocol. */
export const gearman: AppProtocol = {
  name: 'gearman',
  transports: ['tcp'],
  ports: [4730],
  recognise({ bytes, start, end, beginning }) {
    if (!beginning) return 'no';
    return beginsWithOne(bytes, start, end, ['\0REQ\0\0\0', '\0RES\0\0\0']);
  },
};
