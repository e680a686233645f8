import { beginsWithOne } from './lines.ts';
import type { AppProtocol } from './protocol.ts';

/** The first message of either side, OPC UA part 6 section 7.1.2: type and the mark of a final chunk. */
export const opcua: AppProtocol = {
  name: 'opcua',
  transports: ['tcp'],
  ports: [4840],
  recognise({ bytes, start, end, beginning }) {
    if (!beginning) return 'no';
    return beginsWithOne(bytes, start, end, ['HELF', 'ACKF', 'OPNF', 'RHEF']);
  },
};
