import type { AppProtocol } from './protocol.ts';
import { startsWith } from './text.ts';

/** SMB over TCP ([MS-SMB2] 2.1) and NetBIOS sessions (RFC 1002 section 4.3). */
export const smb: AppProtocol = {
  name: 'smb',
  transports: ['tcp'],
  ports: [445, 139],
  recognise({ bytes, start, end, fromClient, serverPort, beginning }) {
    if (bytes[start] === 0x81 && beginning && fromClient && serverPort === 139) return 'yes';
    if (bytes[start] !== 0) return 'no';
    if (end - start < 8) return beginning ? 'more' : 'no';
    const version = bytes[start + 4];
    return version >= 0xfc && startsWith(bytes, start + 5, end, 'SMB') ? 'yes' : 'no';
  },
};
