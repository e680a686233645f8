import type { AppProtocol } from './protocol.ts';

const headerBytes = 16;
/** The largest message a server takes. */
const maxMessageBytes = 48_000_000;
/** MongoDB wire protocol: reply, update, insert, query, get more, delete, kill cursors, compressed, message. */
const operations = [1, 2001, 2002, 2004, 2005, 2006, 2007, 2010, 2011, 2012, 2013];

const le32 = (bytes: Uint8Array, at: number): number =>
  bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);

export const mongodb: AppProtocol = {
  name: 'mongodb',
  transports: ['tcp'],
  ports: [27017, 27018, 27019],
  recognise({ bytes, start, end, fromClient, beginning }) {
    if (!beginning) return 'no';
    if (end - start < headerBytes) return bytes[start + 3] === 0 || end - start < 4 ? 'more' : 'no';
    const length = le32(bytes, start);
    if (length < headerBytes + 5 || length > maxMessageBytes || end - start > length) return 'no';
    const answers = le32(bytes, start + 8);
    const operation = le32(bytes, start + 12);
    if (!operations.includes(operation)) return 'no';
    return fromClient === (answers === 0) && fromClient === (operation !== 1) ? 'yes' : 'no';
  },
};
