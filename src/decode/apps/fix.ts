import { beginsWithOne } from './lines.ts';
import type { AppProtocol } from './protocol.ts';

/** The first field of every message of the Financial Information eXchange protocol. */
export const fix: AppProtocol = {
  name: 'fix',
  transports: ['tcp'],
  ports: [],
  recognise({ bytes, start, end, beginning }) {
    if (!beginning) return 'no';
    return beginsWithOne(bytes, start, end, ['8=FIX.4.', '8=FIXT.1.']);
  },
};
