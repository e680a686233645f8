import type { AppProtocol } from '../../protocol.ts';
import { mayStartWith, startsWith } from '../../text.ts';
import { areSurelyFrames, frameTypes, looksLikeFrames, preface } from './frames.ts';
import { Http2Parser } from './http2-parser.ts';

/** HTTP/2 with prior knowledge, RFC 9113 section 3.3: the client says so first, the server may say its settings before. */
const fromPreface: AppProtocol = {
  name: 'http2',
  transports: ['tcp'],
  ports: [],
  recognise({ bytes, start, end, fromClient, beginning }) {
    if (startsWith(bytes, start, end, preface)) return 'yes';
    if (!beginning) return 'no';
    if (mayStartWith(bytes, start, end, preface)) return 'more';
    const settings = !fromClient && end - start >= 9 && bytes[start + 3] === frameTypes.settings;
    return settings && looksLikeFrames(bytes, start, end) ? 'more' : 'no';
  },
  makeParser: (conversation) => new Http2Parser(conversation, { begins: 'preface' }),
};

/** A connection whose beginning was not captured, by its frames. */
const inTheMiddle: AppProtocol = {
  ...fromPreface,
  recognise: ({ bytes, start, end, beginning }) =>
    !beginning && areSurelyFrames(bytes, start, end) ? 'yes' : 'no',
  makeParser: (conversation) => new Http2Parser(conversation, { begins: 'anywhere' }),
};

export const http2: readonly AppProtocol[] = [fromPreface, inTheMiddle];
