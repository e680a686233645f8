import { beginsWithOne, firstLine } from './lines.ts';
import type { AppProtocol } from './protocol.ts';

/** RFC 3261 section 7.1 and the extensions since, each with the space behind it. */
const methods = [
  'INVITE',
  'ACK',
  'BYE',
  'CANCEL',
  'OPTIONS',
  'REGISTER',
  'PRACK',
  'SUBSCRIBE',
  'NOTIFY',
  'PUBLISH',
  'INFO',
  'REFER',
  'MESSAGE',
  'UPDATE',
].map((method) => `${method} `);
const beginnings = ['SIP/2.0 ', ...methods];
const request = /^[A-Z]+ \S{1,1024} SIP\/2\.0$/;
const response = /^SIP\/2\.0 [1-6]\d\d(?: |$)/;
/** A longer first line is no SIP. */
const maxLineBytes = 2048;

/** RFC 3261. */
export const sip: AppProtocol = {
  name: 'sip',
  transports: ['udp', 'tcp'],
  ports: [5060, 5061],
  recognise({ bytes, start, end, transport, beginning }) {
    const begins = beginsWithOne(bytes, start, end, beginnings);
    const wait = transport === 'tcp' && beginning ? 'more' : 'no';
    if (begins !== 'yes') return begins === 'more' ? wait : 'no';
    const line = firstLine(bytes, start, end);
    if (line === null) return end - start < maxLineBytes ? wait : 'no';
    return request.test(line) || response.test(line) ? 'yes' : 'no';
  },
};
