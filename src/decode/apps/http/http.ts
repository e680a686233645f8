import type { AppProtocol } from '../protocol.ts';
import { HttpParser } from './http-parser.ts';
import { judgeStart } from './start-line.ts';

/** HTTP up to 1.1, RFC 9110 and 9112, on whatever port. */
export const http: AppProtocol = {
  name: 'http',
  transports: ['tcp'],
  ports: [80, 8080, 8000, 8008, 8081, 8888, 3128, 591, 631, 5985],
  recognise: ({ bytes, start, end }) => judgeStart(bytes, start, end),
  makeParser: (conversation) => new HttpParser(conversation),
};
