import { u16 } from '../packet/bytes.ts';
import type { AppProtocol } from './protocol.ts';
import { decodeLatin } from './text.ts';

/** Longest request believed. */
const maxRequestBytes = 1024;
/** Name of the file, mode, then options (RFC 2347), each with a zero byte behind it. */
const request = /^[ -~\x80-\xff]{1,512}\0(?:netascii|octet|mail)\0(?:[!-~]{1,64}\0[ -~]{0,256}\0)*$/i;

/** Requests to read and to write, RFC 1350 section 5. What follows comes from another port. */
export const tftp: AppProtocol = {
  name: 'tftp',
  transports: ['udp'],
  ports: [69],
  recognise({ bytes, start, end }) {
    if (end - start < 8 || end - start > maxRequestBytes) return 'no';
    const operation = u16(bytes, start);
    if (operation !== 1 && operation !== 2) return 'no';
    return request.test(decodeLatin(bytes, start + 2, end)) ? 'yes' : 'no';
  },
};
