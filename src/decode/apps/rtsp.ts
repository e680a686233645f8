import { beginsWithOne, firstLine } from './lines.ts';
import type { AppProtocol } from './protocol.ts';

/** RFC 7826 section 13 and RFC 2326 section 10, each with the space behind it. */
const methods = [
  'DESCRIBE',
  'ANNOUNCE',
  'GET_PARAMETER',
  'OPTIONS',
  'PAUSE',
  'PLAY',
  'PLAY_NOTIFY',
  'RECORD',
  'REDIRECT',
  'SETUP',
  'SET_PARAMETER',
  'TEARDOWN',
].map((method) => `${method} `);
const beginnings = ['RTSP/', ...methods];
const request = /^[A-Z_]+ \S{1,1024} RTSP\/[12]\.0$/;
const response = /^RTSP\/[12]\.0 [1-5]\d\d(?: |$)/;
const maxLineBytes = 2048;

/** The control connection of streams, RFC 7826 and RFC 2326. */
export const rtsp: AppProtocol = {
  name: 'rtsp',
  transports: ['tcp', 'udp'],
  ports: [554, 8554],
  recognise({ bytes, start, end, transport, beginning }) {
    const begins = beginsWithOne(bytes, start, end, beginnings);
    const wait = transport === 'tcp' && beginning ? 'more' : 'no';
    if (begins !== 'yes') return begins === 'more' ? wait : 'no';
    const line = firstLine(bytes, start, end);
    if (line === null) return end - start < maxLineBytes ? wait : 'no';
    return request.test(line) || response.test(line) ? 'yes' : 'no';
  },
};
