import type { AppProtocol } from './protocol.ts';
import { startsWith } from './text.ts';

const port = 17_500;

/** Dropbox looking for others on the own network, in JSON. */
export const dropboxLan: AppProtocol = {
  name: 'dropbox-lan',
  transports: ['udp'],
  ports: [port],
  recognise({ bytes, start, end, serverPort }) {
    if (serverPort !== port || bytes[end - 1] !== 0x7d) return 'no';
    const begins =
      startsWith(bytes, start, end, '{"host_int":') || startsWith(bytes, start, end, '{"version":');
    return begins ? 'yes' : 'no';
  },
};
